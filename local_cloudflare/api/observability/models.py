"""A query's events: from the runtime's lines to the shapes of the API, and which of them fit.

Pure. Shapes: the official SDK's types of `telemetry/query`, and the schemas of Cloudflare's own client of it
(cloudflare/mcp-server-cloudflare). Real records of the runs themselves (`cf-worker-event`) are not made here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from local_cloudflare.api.observability import errors
from local_cloudflare.runtime.models import LogLine

MOST_EVENTS = 2_000
_MOST_NESTED = 4
_DATASET = "cloudflare-workers"
_TYPES: Mapping[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}
_ALIASES = {
    "=": "eq", "!=": "neq", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "does_not_include": "not_includes",
    "does_not_exist": "is_null",
}  # fmt: skip
_OPERATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "exists": lambda found, _: found is not None,
    "is_null": lambda found, _: found is None,
    "eq": lambda found, value: bool(found == value),
    "neq": lambda found, value: bool(found != value),
    "in": lambda found, value: found in _listed(value),
    "not_in": lambda found, value: found not in _listed(value),
    "includes": lambda found, value: value in str(found or ""),
    "not_includes": lambda found, value: value not in str(found or ""),
    "starts_with": lambda found, value: str(found or "").startswith(value),
    "ends_with": lambda found, value: str(found or "").endswith(value),
    "gt": lambda found, value: found is not None and found > value,
    "gte": lambda found, value: found is not None and found >= value,
    "lt": lambda found, value: found is not None and found < value,
    "lte": lambda found, value: found is not None and found <= value,
}
_WITHOUT_VALUE = {"exists", "is_null"}

Fits = Callable[[Mapping[str, Any]], bool]


def is_kept(line: LogLine, rates: Mapping[str, float]) -> bool:
    """Whether the run that a line is of is kept: `rates` has the share of runs by Worker, for those that keep any."""
    rate = rates.get(line.worker, 0.0)
    return line.detail is not None and int(line.detail["run"]["requestId"], 16) < rate * 2**64


def event(line: LogLine, account: str) -> dict[str, Any]:
    """A line that a Worker wrote, or an exception that nothing caught, as an event."""
    detail: Mapping[str, Any] = line.detail or {}
    run, thrown = detail["run"], detail.get("exception")
    level = "error" if thrown else line.level
    source = {"level": level, **({"exception": thrown, "message": thrown["message"]} if thrown else _fields(line.text))}
    message = source.get("message")
    said = message if isinstance(message, str) else line.text
    request = run["event"].get("request")
    metadata = {
        "id": f"{line.seq:020}",
        "requestId": run["requestId"],
        "trigger": f"{request['method']} {request['path']}" if request else run["event"].get("cron"),
        "service": line.worker,
        "level": level,
        "error": said if level == "error" else None,
        "message": said,
        "account": account,
        "type": "cf-worker",
        "origin": run["eventType"],
    }
    return {
        "dataset": _DATASET,
        "timestamp": line.time,
        "source": source,
        "$workers": {**run, "scriptName": line.worker, "executionModel": "stateless", "truncated": False},
        "$metadata": {name: value for name, value in metadata.items() if value is not None},
    }


def _fields(text: str) -> dict[str, Any]:
    """A line of JSON is taken apart, as there; any other is the message."""
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    return fields if isinstance(fields, dict) else {"message": text}


def fits(filters: Any, combination: Any, depth: int = 1) -> Fits:
    """What tells whether an event fits the filters. Raises ApiError where one is wrong."""
    if not isinstance(filters, list) or depth > _MOST_NESTED:
        raise errors.wrong(f"filters: must be a list, nested at most {_MOST_NESTED} deep")
    if str(combination).lower() not in ("and", "or"):
        raise errors.wrong("filterCombination: must be and, or")
    parts = [_part(each, depth) for each in filters]
    if str(combination).lower() == "or" and parts:
        return lambda found: any(part(found) for part in parts)
    return lambda found: all(part(found) for part in parts)


def _part(given: Any, depth: int) -> Fits:
    if not isinstance(given, dict):
        raise errors.wrong("filters: each must be an object")
    if given.get("kind") == "group":
        return fits(given.get("filters"), given.get("filterCombination"), depth + 1)
    key, type_, value = given.get("key"), given.get("type"), given.get("value")
    said = str(given.get("operation")).lower()
    name = _ALIASES.get(said, said)
    if name in ("regex", "match_regex"):
        raise errors.not_here("the operation regex")
    if not isinstance(key, str) or name not in _OPERATIONS or not isinstance(type_, str) or type_ not in _TYPES:
        raise errors.wrong("filters: each must have a key, an operation and a type: string, number or boolean")
    is_number_of_bool = isinstance(value, bool) and type_ == "number"
    if name not in _WITHOUT_VALUE and (not isinstance(value, _TYPES[type_]) or is_number_of_bool):
        raise errors.wrong(f"filters: the value of {key} must be a {type_}")
    operation = _OPERATIONS[name]
    return lambda found: operation(_found(found, key), value)


def _found(event: Mapping[str, Any], key: str) -> Any:
    """The value of a key such as `$metadata.level`; one without such a beginning is of the source."""
    within: Any = event if key.startswith("$") else event["source"]
    for name in key.split("."):
        within = within.get(name) if isinstance(within, Mapping) else None
    return within


def _listed(value: Any) -> list[str]:
    return [each.strip() for each in str(value).split(",")]


def page(events: Iterable[Mapping[str, Any]], *, offset: str | None, limit: int) -> tuple[list[Mapping[str, Any]], int]:
    """The newest first, after the one whose id is `offset`; and how many there are in all."""
    newest = sorted(events, key=lambda each: each["$metadata"]["id"], reverse=True)
    rest = newest if offset is None else [each for each in newest if each["$metadata"]["id"] < offset]
    return rest[:limit], len(newest)
