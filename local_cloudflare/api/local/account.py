"""The account as it is: state, settings, and everything emptied. Nothing of it is in the real API."""

from __future__ import annotations

from dataclasses import asdict, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local_cloudflare.api import exposed
from local_cloudflare.api.camel_case import to_fields, to_json
from local_cloudflare.api.cloud import AccountSettings
from local_cloudflare.api.d1 import models as d1
from local_cloudflare.api.d1.time_travel import TimeTravel
from local_cloudflare.api.kv import models as kv
from local_cloudflare.api.local import simulation
from local_cloudflare.api.local.controls import Controls, read_body, wrong
from local_cloudflare.api.queues import models as queues
from local_cloudflare.api.r2 import models as r2
from local_cloudflare.api.workers import views
from local_cloudflare.api.workers.files import Files
from local_cloudflare.api.workers.models import Workers

_PLANS = ("free", "paid")


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
    simulation.set_faults(controls, [])
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
    await runtime.counts(forget=True)
    Files(cloud.data).sweep((), ())
    controls.calls.clear()
    controls.rate_limit.clear()
    return JSONResponse({"status": "reset"})


async def get_account(controls: Controls, _request: Request) -> Response:
    return JSONResponse(to_json(controls.cloud.settings))


async def patch_account(controls: Controls, request: Request) -> Response:
    """`plan`, `workersDevSubdomain` (null: none chosen yet), `r2Enabled`, `rateLimit` (null: none) and `zones`."""
    body = to_fields(await read_body(request))
    unknown = set(body) - set(AccountSettings.__dataclass_fields__)
    limit = body.get("rate_limit") or 1
    bad = body.get("plan", "free") not in _PLANS or not isinstance(body.get("r2_enabled", True), bool)
    zones = body.get("zones", [])
    bad = bad or not isinstance(zones, list) or not all(isinstance(each, str) for each in zones)
    if unknown or bad or type(limit) is not int or limit < 1:
        raise wrong(
            f"account: must have only plan ({' or '.join(_PLANS)}), workersDevSubdomain, r2Enabled, "
            "rateLimit (a whole number from 1, or null), zones (a list of names)"
        )
    controls.rate_limit.clear()
    controls.cloud.change_settings(replace(controls.cloud.settings, **body))
    return JSONResponse(to_json(controls.cloud.settings))
