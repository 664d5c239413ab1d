"""The emulator's own controls: state, reset, tokens, faults, cron. Under `/_local`, which the real API cannot have.

They need the main token, like everything else here, and answer plain JSON without the envelope.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local_cloudflare.api import exposed, faults
from local_cloudflare.api.auth import Tokens, bearer
from local_cloudflare.api.calls import Calls
from local_cloudflare.api.camel_case import to_fields, to_json
from local_cloudflare.api.cloud import AccountSettings, Cloud
from local_cloudflare.api.d1 import files as d1_files
from local_cloudflare.api.d1 import models as d1
from local_cloudflare.api.d1.time_travel import TimeTravel
from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.faults import Faults
from local_cloudflare.api.kv import models as kv
from local_cloudflare.api.queues import models as queues
from local_cloudflare.api.r2 import models as r2
from local_cloudflare.api.rate_limit import RateLimit
from local_cloudflare.api.workers import views
from local_cloudflare.api.workers.files import Files
from local_cloudflare.api.workers.models import Workers
from local_cloudflare.runtime.errors import RuntimeFault

_PLANS = ("free", "paid")
_STATUSES = ("active", "disabled", "expired")
_OWNERS = ("user", "account")
_LAST_PORT = 65_535


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What the controls act on. Faults and recorded calls live in memory: a restart begins without them."""

    cloud: Cloud
    tokens: Tokens
    faults: Faults = field(default_factory=Faults)
    calls: Calls = field(default_factory=Calls)
    rate_limit: RateLimit = field(default_factory=RateLimit)


Handler = Callable[[Controls, Request], Awaitable[Response]]


async def get_health(controls: Controls, _request: Request) -> Response:
    return JSONResponse({"status": "pass", "accountId": controls.cloud.account_id})


async def get_state(controls: Controls, _request: Request) -> Response:
    store = controls.cloud.store
    workers = Workers(store).all()
    return JSONResponse(
        {
            "accountId": controls.cloud.account_id,
            "account": to_json(controls.cloud.settings),
            "kv": store.all(kv.KIND),
            "r2": store.all(r2.KIND),
            "d1": store.all(d1.KIND),
            "queues": [
                {**asdict(queue), "waiting": to_json(queues.Queues(controls.cloud).backlog(queue))}
                for queue in queues.Queues(controls.cloud).all()
            ],
            "workers": [
                {
                    **views.script(worker),
                    **views.settings(worker),
                    **views.schedules(worker),
                    "subdomain": views.subdomain(worker),
                    "url": controls.cloud.runtime.url(worker.name),
                }
                for worker in workers
            ],
            "runtime": await controls.cloud.runtime.state(),
        }
    )


async def post_reset(controls: Controls, _request: Request) -> Response:
    """As in an empty account; the main token and the Workers' ports here, which are no part of one, stay."""
    cloud, runtime, store = controls.cloud, controls.cloud.runtime, controls.cloud.store
    set_faults(controls, [])
    workers = [worker.name for worker in Workers(store).all()]
    namespaces, buckets, databases = (store.all(kind) for kind in (kv.KIND, r2.KIND, d1.KIND))
    ports = store.all(exposed.KIND)
    store.clear()
    exposed.remember(cloud, ports)
    cloud.messages.clear()
    for name in workers:
        await runtime.delete_worker(name)
    for namespace in namespaces:
        await runtime.kv.purge(namespace["id"])
    for bucket in buckets:
        await runtime.r2.purge(bucket["name"], jurisdiction=bucket["jurisdiction"])
    for database in databases:
        await runtime.d1.purge(database["uuid"])
        TimeTravel(cloud).forget(database["uuid"])
    await runtime.ai({"neurons": 0})
    Files(cloud.data).sweep((), ())
    controls.calls.clear()
    controls.rate_limit.clear()
    return JSONResponse({"status": "reset"})


async def get_account(controls: Controls, _request: Request) -> Response:
    return JSONResponse(to_json(controls.cloud.settings))


async def patch_account(controls: Controls, request: Request) -> Response:
    """`plan`, `workersDevSubdomain` (null: none chosen yet), `r2Enabled`, `rateLimit` (null: none) and `zones`."""
    body = to_fields(await _body(request))
    unknown = set(body) - set(AccountSettings.__dataclass_fields__)
    limit = body.get("rate_limit") or 1
    wrong = body.get("plan", "free") not in _PLANS or not isinstance(body.get("r2_enabled", True), bool)
    zones = body.get("zones", [])
    wrong = wrong or not isinstance(zones, list) or not all(isinstance(each, str) for each in zones)
    if unknown or wrong or type(limit) is not int or limit < 1:
        raise _wrong(
            f"account: must have only plan ({' or '.join(_PLANS)}), workersDevSubdomain, r2Enabled, "
            "rateLimit (a whole number from 1, or null), zones (a list of names)"
        )
    controls.rate_limit.clear()
    controls.cloud.change_settings(replace(controls.cloud.settings, **body))
    return JSONResponse(to_json(controls.cloud.settings))


async def get_tokens(controls: Controls, _request: Request) -> Response:
    return JSONResponse([asdict(token) for token in controls.tokens.all()])


async def post_token(controls: Controls, request: Request) -> Response:
    """`{name, permissions, status, owner}`; the answer has the token's `value`, this once."""
    body = await _body(request)
    status, owner = body.get("status", "active"), body.get("owner", "user")
    if status not in _STATUSES or owner not in _OWNERS or not isinstance(body.get("permissions"), list):
        raise _wrong(
            f"token: must have `permissions` (a list), status ({', '.join(_STATUSES)}) and owner ({', '.join(_OWNERS)})"
        )
    try:
        token, value = controls.tokens.mint(
            name=str(body.get("name", "token")), permissions=body["permissions"], status=status, owner=owner
        )
    except ValueError as error:
        raise _wrong(str(error)) from error
    return JSONResponse({**asdict(token), "value": value}, 201)


async def delete_token(controls: Controls, request: Request) -> Response:
    controls.tokens.revoke(request.path_params["id"])
    return JSONResponse({})


async def get_faults(controls: Controls, _request: Request) -> Response:
    return JSONResponse({"faults": controls.faults.report()})


async def put_faults(controls: Controls, request: Request) -> Response:
    """`{faults: [rule]}` replaces all rules."""
    set_faults(controls, (await _body(request)).get("faults"))
    return await get_faults(controls, request)


async def delete_faults(controls: Controls, request: Request) -> Response:
    set_faults(controls, [])
    return await get_faults(controls, request)


def set_faults(controls: Controls, rules: Any) -> None:
    try:
        controls.faults.set(faults.parse(rules))
    except ValueError as error:
        raise _wrong(str(error)) from error
    controls.cloud.store.keeps_previous = controls.faults.want_previous


async def get_calls(controls: Controls, _request: Request) -> Response:
    return JSONResponse({"calls": controls.calls.report()})


async def delete_calls(controls: Controls, _request: Request) -> Response:
    controls.calls.clear()
    return JSONResponse({"calls": []})


async def post_cron(controls: Controls, request: Request) -> Response:
    """`{worker, cron, time}`: run a Worker's `scheduled` handler now; `time` in ms since 1970, now where left out."""
    body = await _body(request)
    worker = Workers(controls.cloud.store).get(str(body.get("worker")))
    crons = [schedule.cron for schedule in worker.schedules]
    expression = str(body.get("cron") or (crons[0] if crons else ""))
    if not expression:
        raise _wrong(f"cron: Worker {worker.name} has no schedule, so the expression must be given")
    moment = int(body.get("time") or controls.cloud.clock().timestamp() * 1000)
    done = await controls.cloud.runtime.scheduled(worker.name, expression, moment)
    return JSONResponse({"worker": worker.name, "cron": expression, "outcome": done.outcome, "detail": done.detail})


async def get_ai(controls: Controls, _request: Request) -> Response:
    """The stand-in for Workers AI: the day's neurons, the faults in force, the calls since they were set."""
    return JSONResponse(await controls.cloud.runtime.ai())


async def put_ai(controls: Controls, request: Request) -> Response:
    """`{faults: [{effect, model, times, seconds}], neurons}` replaces all faults, and says what the day has used."""
    try:
        return JSONResponse(await controls.cloud.runtime.ai(await _body(request)))
    except RuntimeFault as error:
        raise _wrong(str(error)) from error


async def put_port(controls: Controls, request: Request) -> Response:
    """`{worker}`: let it answer at this port of 127.0.0.1; 0 takes any free one. The answer has the port."""
    text, name = request.path_params["port"], (await _body(request)).get("worker")
    if not isinstance(name, str) or not name:
        raise _wrong("worker: must be a Worker's name")
    if not text.isascii() or not text.isdigit() or (port := int(text)) > _LAST_PORT:
        raise _wrong(f"port: must be 0 to {_LAST_PORT}")
    try:
        return JSONResponse({"worker": name, "port": await exposed.expose(controls.cloud, name, port)})
    except RuntimeFault as fault:
        raise _wrong(f"port {port}: {fault}") from fault


async def get_logs(controls: Controls, request: Request) -> Response:
    """One JSON object a line, oldest first: of one `worker` or all, after `since`; with `follow`, without end."""
    query = request.query_params
    lines = controls.cloud.runtime.logs(
        query.get("worker"),
        since=int(query.get("since", 0)),
        follow=query.get("follow") == "true",
        requests=query.get("requests") == "true",
    )

    async def encoded() -> AsyncIterator[str]:
        async for line in lines:
            yield json.dumps(asdict(line)) + "\n"

    return StreamingResponse(encoded(), media_type="application/x-ndjson")


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/_local/health", get_health),
    ("GET", "/_local/state", get_state),
    ("POST", "/_local/reset", post_reset),
    ("GET", "/_local/account", get_account),
    ("PATCH", "/_local/account", patch_account),
    ("GET", "/_local/tokens", get_tokens),
    ("POST", "/_local/tokens", post_token),
    ("DELETE", "/_local/tokens/{id}", delete_token),
    ("GET", "/_local/faults", get_faults),
    ("PUT", "/_local/faults", put_faults),
    ("DELETE", "/_local/faults", delete_faults),
    ("GET", "/_local/calls", get_calls),
    ("DELETE", "/_local/calls", delete_calls),
    ("POST", "/_local/cron", post_cron),
    ("GET", "/_local/ai", get_ai),
    ("PUT", "/_local/ai", put_ai),
    ("PUT", "/_local/ports/{port}", put_port),
    ("GET", "/_local/logs", get_logs),
)


def local_routes(controls: Controls) -> list[Route]:
    guarded = [Route(path, _guarded(handler, controls), methods=[method]) for method, path, handler in ROUTES]
    return [*guarded, *d1_files.routes(controls.cloud)]


def _guarded(handler: Handler, controls: Controls) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            allowed = controls.tokens.is_main(bearer(request.headers))
        except ApiError:
            allowed = False
        if not allowed:
            return JSONResponse({"error": "the controls need the main API token"}, 401, {"WWW-Authenticate": "Bearer"})
        return await handler(controls, request)

    return endpoint


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise _wrong(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise _wrong("the body must be a JSON object")
    return body


def _wrong(message: str) -> ApiError:
    return ApiError(400, 1, message)
