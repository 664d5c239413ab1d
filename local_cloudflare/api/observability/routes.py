"""The one call: events by filters, newest first. Of the views there is `events`; nothing is grouped or saved."""

from __future__ import annotations

from typing import Any

from local_cloudflare.api.auth import OBSERVABILITY_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer
from local_cloudflare.api.observability import errors, models
from local_cloudflare.api.workers.models import Workers
from local_cloudflare.api.workers.views import observability

_MEMBERS = {
    "queryId", "timeframe", "view", "limit", "offset", "offsetDirection", "dry", "parameters", "chart", "compare",
    "ignoreSeries",
}  # fmt: skip
_PARAMETERS = {"datasets", "filters", "filterCombination"}
_DEFAULT_LIMIT = 50


async def query(call: Call) -> Answer:
    body = await call.json_object()
    begin, end = _timeframe(body)
    limit, offset = body.get("limit", _DEFAULT_LIMIT), body.get("offset")
    parameters = body.get("parameters", {})
    _check(body, parameters, limit, offset)
    fits = models.fits(parameters.get("filters", []), parameters.get("filterCombination", "and"))
    rates = _rates(call)
    kept = [
        models.event(line, call.cloud.account_id)
        async for line in call.cloud.runtime.logs()
        if begin <= line.time <= end and models.is_kept(line, rates)
    ]
    found, count = models.page([each for each in kept if fits(each)], offset=offset, limit=int(limit))
    statistics = {"elapsed": 0, "rows_read": len(kept), "bytes_read": 0}
    events = {"count": count, "events": found, "fields": []}
    return Answer(result={"run": _run(call, body, parameters), "statistics": statistics, "events": events})


def _rates(call: Call) -> dict[str, float]:
    """The share of its runs that each Worker keeps logs of; of those that keep any."""
    settings = {each.name: observability(each) for each in Workers(call.cloud.store).all()}
    return {
        name: 1.0 if told.get("head_sampling_rate") is None else float(told["head_sampling_rate"])
        for name, told in settings.items()
        if told.get("enabled")
    }


def _timeframe(body: dict[str, Any]) -> tuple[int, int]:
    given = body.get("timeframe")
    moments = [given.get(name) for name in ("from", "to")] if isinstance(given, dict) else []
    match moments:
        case [int(begin), int(end)] if begin < end:
            return begin, end
        case _:
            raise errors.wrong("timeframe: must have from and to, in ms since 1970, from before to")


def _check(body: dict[str, Any], parameters: Any, limit: Any, offset: Any) -> None:
    if not isinstance(body.get("queryId"), str) or not body["queryId"]:
        raise errors.wrong("queryId: required")
    if not isinstance(parameters, dict):
        raise errors.wrong("parameters: must be an object")
    if body.get("view") != "events":
        raise errors.not_here("a view other than events")
    if others := (body.keys() - _MEMBERS) | (parameters.keys() - _PARAMETERS):
        raise errors.not_here(", ".join(sorted(others)))
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 1 <= limit <= models.MOST_EVENTS:
        raise errors.wrong(f"limit: must be 1 to {models.MOST_EVENTS}")
    if offset is not None and not isinstance(offset, str):
        raise errors.wrong("offset: must be the id of an event")
    if body.get("offsetDirection", "next") != "next":
        raise errors.not_here("offsetDirection other than next")


def _run(call: Call, body: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    now, user = call.cloud.now(), "0" * 32
    saved = {"id": body["queryId"], "adhoc": True, "name": body["queryId"], "description": None}
    return {
        "id": body["queryId"],
        "accountId": call.cloud.account_id,
        "dry": bool(body.get("dry", False)),
        "granularity": 0,
        "query": {
            **saved,
            "parameters": parameters,
            "created": now,
            "createdBy": user,
            "updated": now,
            "updatedBy": user,
        },
        "status": "COMPLETED",
        "timeframe": body["timeframe"],
        "userId": user,
        "created": now,
        "updated": now,
    }


ROUTES = (
    Route(
        method="POST",
        path="/accounts/{account_id}/workers/observability/telemetry/query",
        handler=query,
        permission=OBSERVABILITY_WRITE,
    ),
)
