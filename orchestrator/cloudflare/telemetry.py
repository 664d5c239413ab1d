"""What Workers wrote to their logs and threw, from the account: one query of Workers Observability, page by page.

Touches the network. It changes nothing: the query is not saved (`dry`). Only what Cloudflare keeps is there, of Workers
with `observability`: three days on the free plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.cloudflare.calls import AccountCalls
from orchestrator.errors import CloudflareError

_PATH = "/workers/observability/telemetry/query"
_MOST_OF_A_PAGE = 2_000
_ID = "autopilot-analyze"


@dataclass(frozen=True, kw_only=True)
class LoggedEvents:
    """`events` newest first, as the API tells them. `is_cut`: there were more. `is_sampled`: Cloudflare looked at a
    part only."""

    events: tuple[Mapping[str, Any], ...]
    is_cut: bool
    is_sampled: bool


def logged_failures(
    account: AccountCalls, workers: Sequence[str], *, since_ms: int, until_ms: int, most: int
) -> LoggedEvents:
    """The errors, warnings and uncaught exceptions of `workers`: at most `most`.

    Raises CloudflareError where the query is refused, or its answer has another shape than documented.
    """
    found: list[Mapping[str, Any]] = []
    is_sampled = False
    while len(found) < most:
        limit = min(_MOST_OF_A_PAGE, most - len(found))
        offset = {"offset": found[-1]["$metadata"]["id"]} if found else {}
        body = {**_question(workers), "timeframe": {"from": since_ms, "to": until_ms}, "limit": limit, **offset}
        page, sampled = _read(account.result("POST", _PATH, json=body, repeatable=True))
        found += page
        is_sampled = is_sampled or sampled
        if len(page) < limit:
            return LoggedEvents(events=tuple(found), is_cut=False, is_sampled=is_sampled)
    return LoggedEvents(events=tuple(found), is_cut=True, is_sampled=is_sampled)


def _question(workers: Sequence[str]) -> dict[str, Any]:
    error = {"key": "$metadata.error", "operation": "exists", "type": "string"}
    filters: list[dict[str, Any]] = [
        _filter("$metadata.service", "in", ",".join(workers)),
        # The record of the run itself repeats what is logged in it.
        _filter("$metadata.type", "neq", "cf-worker-event"),
        {
            "kind": "group",
            "filterCombination": "or",
            "filters": [_filter("$metadata.level", "in", "error,warn"), error],
        },
    ]
    parameters = {"datasets": [], "filterCombination": "and", "filters": filters}
    return {"queryId": _ID, "view": "events", "dry": True, "parameters": parameters}


def _filter(key: str, operation: str, value: str) -> dict[str, str]:
    return {"key": key, "operation": operation, "type": "string", "value": value}


def _read(result: Any) -> tuple[list[Mapping[str, Any]], bool]:
    """The events of one answer, and whether they are of a sample."""
    try:
        status = (result.get("run") or {}).get("status", "COMPLETED")
        events = list(result["events"]["events"])
        level = (result.get("statistics") or {}).get("abr_level") or 1
        if status == "COMPLETED" and all(isinstance(each["$metadata"]["id"], str) for each in events):
            return events, level > 1
        words = f"the query of the Workers' logs is {status}"
    except (AttributeError, KeyError, TypeError):
        words = "the answer to the query of the Workers' logs has not the documented shape"
    raise CloudflareError(words, "try again, with a shorter --since")
