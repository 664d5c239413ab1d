"""Versions and deployments: what wrangler uses to update a Worker that exists."""

from __future__ import annotations

from typing import Any

from local_cloudflare.api.auth import WORKERS_READ, WORKERS_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer, page
from local_cloudflare.api.workers import errors, upload, views
from local_cloudflare.api.workers.models import Workers
from local_cloudflare.api.workers.scripts import Scripts

_MOST_VERSIONS = 2  # of a deployment


def source(call: Call) -> str:
    """What the real API records as the place an upload came from."""
    return "wrangler" if call.header("user-agent").startswith("wrangler") else "api"


async def list_versions(call: Call) -> Answer:
    workers = Workers(call.cloud.store)
    workers.get(call["script_name"])
    wanted = call.page(per_page=10, most=100, malformed=errors.malformed_parameter)
    found = page([views.version_item(version) for version in workers.versions(call["script_name"])], wanted)
    return Answer(result={"items": found.result}, info=found.info)


async def get_version(call: Call) -> Answer:
    workers = Workers(call.cloud.store)
    workers.get(call["script_name"])
    return Answer(result=views.version(workers.version(call["script_name"], call["version_id"])))


async def post_version(call: Call) -> Answer:
    uploaded = upload.parse(await call.parts())
    strict = call.query.get("bindings_inherit") == "strict"
    added = await Scripts(call.cloud).add_version(call["script_name"], uploaded, source=source(call), strict=strict)
    return Answer(result=views.version(added))


async def list_deployments(call: Call) -> Answer:
    """wrangler reads all of `deployments`, the official SDK a page of `items`."""
    worker = Workers(call.cloud.store).get(call["script_name"])
    wanted = call.page(per_page=20, most=100, malformed=errors.malformed_parameter)
    deployments = [views.deployment(deployment) for deployment in worker.deployments]
    found = page(deployments, wanted)
    return Answer(result={"deployments": deployments, "items": found.result}, info=found.info)


async def post_deployment(call: Call) -> Answer:
    """One version, or two that share the traffic. Here the one with the greater share gets all of it."""
    body = await call.json_object()
    shares = _shares(body.get("versions"))
    annotations = dict(body.get("annotations") or {})
    deployment = await Scripts(call.cloud).deploy_versions(call["script_name"], shares, annotations)
    return Answer(result=views.deployment(deployment))


def _shares(versions: Any) -> tuple[tuple[str, float], ...]:
    """Each version's id with its share in percent."""
    listed = versions if isinstance(versions, list) and all(isinstance(each, dict) for each in versions) else []
    shares = tuple((str(each.get("version_id")), each.get("percentage")) for each in listed)
    if not 1 <= len(dict(shares)) == len(shares) <= _MOST_VERSIONS:
        raise errors.invalid_deployment("a deployment has one version, or two")
    if not all(isinstance(each, int | float) and each > 0 for _, each in shares) or sum(dict(shares).values()) != 100:
        raise errors.invalid_deployment("the percentages must add up to 100")
    return shares


_SCRIPT = "/accounts/{account_id}/workers/scripts/{script_name}"

ROUTES = (
    Route(method="GET", path=f"{_SCRIPT}/versions", handler=list_versions, permission=WORKERS_READ),
    Route(method="POST", path=f"{_SCRIPT}/versions", handler=post_version, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_SCRIPT}/versions/{{version_id}}", handler=get_version, permission=WORKERS_READ),
    Route(method="GET", path=f"{_SCRIPT}/deployments", handler=list_deployments, permission=WORKERS_READ),
    Route(method="POST", path=f"{_SCRIPT}/deployments", handler=post_deployment, permission=WORKERS_WRITE),
)
