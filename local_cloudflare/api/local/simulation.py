"""What happens in the real account by itself or by bad luck: faults, a cron whose time has come, what AI has used.

The calls that the API was asked are read here too.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local_cloudflare.api import faults
from local_cloudflare.api.local.controls import Controls, read_body, wrong
from local_cloudflare.api.workers.models import Workers
from local_cloudflare.runtime.errors import RuntimeFault


async def get_faults(controls: Controls, _request: Request) -> Response:
    return JSONResponse({"faults": controls.faults.report()})


async def put_faults(controls: Controls, request: Request) -> Response:
    """`{faults: [rule]}` replaces all rules."""
    set_faults(controls, (await read_body(request)).get("faults"))
    return await get_faults(controls, request)


async def delete_faults(controls: Controls, request: Request) -> Response:
    set_faults(controls, [])
    return await get_faults(controls, request)


def set_faults(controls: Controls, rules: Any) -> None:
    try:
        controls.faults.set(faults.parse(rules))
    except ValueError as error:
        raise wrong(str(error)) from error
    controls.cloud.store.keeps_previous = controls.faults.want_previous


async def get_calls(controls: Controls, _request: Request) -> Response:
    return JSONResponse({"calls": controls.calls.report()})


async def delete_calls(controls: Controls, _request: Request) -> Response:
    controls.calls.clear()
    return JSONResponse({"calls": []})


async def post_cron(controls: Controls, request: Request) -> Response:
    """`{worker, cron, time}`: run a Worker's `scheduled` handler now; `time` in ms since 1970, now where left out."""
    body = await read_body(request)
    worker = Workers(controls.cloud.store).get(str(body.get("worker")))
    crons = [schedule.cron for schedule in worker.schedules]
    expression = str(body.get("cron") or (crons[0] if crons else ""))
    if not expression:
        raise wrong(f"cron: Worker {worker.name} has no schedule, so the expression must be given")
    moment = int(body.get("time") or controls.cloud.clock().timestamp() * 1000)
    done = await controls.cloud.runtime.scheduled(worker.name, expression, moment)
    return JSONResponse({"worker": worker.name, "cron": expression, "outcome": done.outcome, "detail": done.detail})


async def get_ai(controls: Controls, _request: Request) -> Response:
    """The stand-in for Workers AI: the day's neurons, the faults in force, the calls since they were set."""
    return JSONResponse(await controls.cloud.runtime.ai())


async def put_ai(controls: Controls, request: Request) -> Response:
    """`{faults: [{effect, model, times, seconds}], neurons}` replaces all faults, and says what the day has used."""
    try:
        return JSONResponse(await controls.cloud.runtime.ai(await read_body(request)))
    except RuntimeFault as error:
        raise wrong(str(error)) from error
