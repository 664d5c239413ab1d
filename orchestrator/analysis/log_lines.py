"""What Workers wrote to their logs, read from the events of Workers Observability: one value a line. Pure.

Shapes of an event: the API's own types of `telemetry/query`. An exception that nothing caught has it in its `source`;
a line of JSON comes taken apart, so that what Workers of this project log (`{message, requestId, error}`) has members.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Level = Literal["exception", "error", "warn"]


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """`at` is RFC 3339; `request_ids` are those under which the journal may know the request, `run` is Cloudflare's."""

    at: str
    worker: str
    level: Level
    text: str
    run: str
    request_ids: tuple[str, ...] = ()


def read(event: Mapping[str, Any]) -> LogLine | None:
    """A line from an event; None where it has not the shape that the API's events have."""
    try:
        metadata = event["$metadata"]
        source = event["source"]
        moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        worker = str(metadata["service"])
        fields: Mapping[str, Any] = source if isinstance(source, Mapping) else {"message": source}
        thrown = fields.get("exception")
        level: Level = "exception" if thrown else "warn" if metadata.get("level") == "warn" else "error"
        return LogLine(
            at=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            worker=worker,
            level=level,
            text=_exception(thrown) if thrown else _message(fields, metadata),
            run=str(metadata.get("requestId") or ""),
            request_ids=_request_ids(fields, event.get("$workers") or {}),
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        return None


def _exception(thrown: Mapping[str, Any]) -> str:
    return f"{thrown.get('name') or 'Error'}: {_first_line(thrown.get('message'))}"


def _message(fields: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    message = fields.get("message")
    if not isinstance(message, str):
        message = metadata.get("message") or metadata.get("error") or json.dumps(dict(fields), sort_keys=True)
    error = fields.get("error")
    return _first_line(message) + (f": {_first_line(error)}" if isinstance(error, str) else "")


def _first_line(text: object) -> str:
    return str(text or "").strip().split("\n", 1)[0]


def _request_ids(fields: Mapping[str, Any], workers: Mapping[str, Any]) -> tuple[str, ...]:
    request = (workers.get("event") or {}).get("request") or {}
    found = (fields.get("requestId"), (request.get("headers") or {}).get("x-request-id"))
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str)))
