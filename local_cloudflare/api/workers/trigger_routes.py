"""What makes a Worker run: its schedules and its workers.dev switch, and the account's workers.dev subdomain."""

from __future__ import annotations

import re
from dataclasses import replace

from local_cloudflare.api import errors as api_errors
from local_cloudflare.api.auth import WORKERS_READ, WORKERS_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer
from local_cloudflare.api.workers import errors, views
from local_cloudflare.api.workers.models import Workers
from local_cloudflare.api.workers.schedules import Schedules
from local_cloudflare.api.workers.scripts import Scripts

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


async def get_schedules(call: Call) -> Answer:
    return Answer(result=views.schedules(Workers(call.cloud.store).get(call["script_name"])))


async def put_schedules(call: Call) -> Answer:
    worker = await Schedules(call.cloud).put(call["script_name"], await call.json())
    return Answer(result=views.schedules(worker))


async def get_script_subdomain(call: Call) -> Answer:
    return Answer(result=views.subdomain(Workers(call.cloud.store).get(call["script_name"])))


async def post_script_subdomain(call: Call) -> Answer:
    body = await call.json_object()
    if not isinstance(body.get("enabled"), bool):
        raise api_errors.invalid_body()
    worker = Workers(call.cloud.store).get(call["script_name"])
    previews = body.get("previews_enabled", worker.previews)
    changed = await Scripts(call.cloud).set_subdomain(worker.name, workers_dev=body["enabled"], previews=bool(previews))
    return Answer(result=views.subdomain(changed))


async def delete_script_subdomain(call: Call) -> Answer:
    changed = await Scripts(call.cloud).set_subdomain(call["script_name"], workers_dev=False, previews=False)
    return Answer(result=views.subdomain(changed))


async def get_account_subdomain(call: Call) -> Answer:
    subdomain = call.cloud.settings.workers_dev_subdomain
    if subdomain is None:
        raise errors.no_subdomain()
    return Answer(result={"subdomain": subdomain})


async def put_account_subdomain(call: Call) -> Answer:
    subdomain = str((await call.json_object()).get("subdomain"))
    if not _LABEL.fullmatch(subdomain):
        raise errors.invalid_subdomain(subdomain)
    call.cloud.change_settings(replace(call.cloud.settings, workers_dev_subdomain=subdomain))
    return Answer(result={"subdomain": subdomain})


async def check_subdomain(call: Call) -> Answer:
    """Any valid one is to be had; the real API says so by an error."""
    if call["subdomain"] == call.cloud.settings.workers_dev_subdomain:
        return Answer(result={"subdomain": call["subdomain"]})
    if not _LABEL.fullmatch(call["subdomain"]):
        raise errors.invalid_subdomain(call["subdomain"])
    raise errors.subdomain_available(call["subdomain"])


_WORKERS = "/accounts/{account_id}/workers"
_SCRIPT = f"{_WORKERS}/scripts/{{script_name}}"

ROUTES = (
    Route(method="GET", path=f"{_SCRIPT}/schedules", handler=get_schedules, permission=WORKERS_READ),
    Route(method="PUT", path=f"{_SCRIPT}/schedules", handler=put_schedules, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_SCRIPT}/subdomain", handler=get_script_subdomain, permission=WORKERS_READ),
    Route(method="POST", path=f"{_SCRIPT}/subdomain", handler=post_script_subdomain, permission=WORKERS_WRITE),
    Route(method="DELETE", path=f"{_SCRIPT}/subdomain", handler=delete_script_subdomain, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_WORKERS}/subdomain", handler=get_account_subdomain, permission=WORKERS_READ),
    Route(method="PUT", path=f"{_WORKERS}/subdomain", handler=put_account_subdomain, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_WORKERS}/subdomains/{{subdomain}}", handler=check_subdomain, permission=WORKERS_READ),
)
