"""The Workers API's calls on scripts: upload, content, settings, secrets. Others are in the files beside this one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from local_cloudflare.api import errors as api_errors
from local_cloudflare.api.auth import WORKERS_READ, WORKERS_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer
from local_cloudflare.api.workers import (
    asset_routes,
    beta_routes,
    errors,
    trigger_routes,
    upload,
    version_routes,
    views,
)
from local_cloudflare.api.workers.bindings import redacted
from local_cloudflare.api.workers.files import Files
from local_cloudflare.api.workers.models import Worker, Workers
from local_cloudflare.api.workers.scripts import Scripts
from orchestrator import multipart

_BOUNDARY = "----local-cloudflare-worker-content"


def _workers(call: Call) -> Workers:
    return Workers(call.cloud.store)


async def list_scripts(call: Call) -> Answer:
    return Answer(result=[views.script(worker) for worker in _workers(call).all()])


async def put_script(call: Call) -> Answer:
    uploaded = upload.parse(await call.parts())
    strict = call.query.get("bindings_inherit") == "strict"
    scripts = Scripts(call.cloud)
    worker = await scripts.upload(call["script_name"], uploaded, source=version_routes.source(call), strict=strict)
    return Answer(result=views.uploaded(worker))


async def delete_script(call: Call) -> Answer:
    await Scripts(call.cloud).delete(call["script_name"], force=call.query.get("force") == "true")
    return Answer(result={})


async def get_service(call: Call) -> Answer:
    worker = _workers(call).find(call["script_name"])
    if worker is None:
        raise errors.service_not_found()
    return Answer(result=views.service(worker))


async def get_content(call: Call) -> Response:
    """All modules as multipart/form-data, the main one first; the header names it too."""
    worker = _workers(call).get(call["script_name"])
    return Response(
        multipart.encode(_content(call, worker), _BOUNDARY),
        headers={
            "content-type": f"multipart/form-data; boundary={_BOUNDARY}",
            "cf-entrypoint": worker.active.main_module,
            "etag": f'"{worker.active.etag}"',
        },
    )


def _content(call: Call, worker: Worker) -> list[multipart.Part]:
    files = Files(call.cloud.data)
    return [
        multipart.Part(
            name=module.name,
            filename=module.name,
            content_type=module.content_type,
            content=files.module(worker.name, module.sha256).read_bytes(),
        )
        for module in worker.active.modules
    ]


async def put_content(call: Call) -> Answer:
    """New code, with everything else as it was."""
    name = call["script_name"]
    uploaded = upload.parse(await call.parts())
    before = _workers(call).get(name)
    kept: dict[str, Any] = {
        "main_module": uploaded.main_module,
        "bindings": list(before.active.bindings),
        "compatibility_date": before.active.compatibility_date,
        "compatibility_flags": list(before.active.compatibility_flags),
        "placement": before.active.placement,
        "limits": before.active.limits,
        "usage_model": before.active.usage_model,
        "keep_assets": True,
        "logpush": before.logpush,
        "observability": before.observability,
        "tail_consumers": list(before.tail_consumers),
    }
    code = replace(uploaded, metadata=kept)
    worker = await Scripts(call.cloud).upload(name, code, source=version_routes.source(call), strict=True)
    return Answer(result=views.uploaded(worker))


async def get_settings(call: Call) -> Answer:
    return Answer(result=views.settings(_workers(call).get(call["script_name"])))


async def patch_settings(call: Call) -> Answer:
    """The body is a form with the part `settings`."""
    settings = upload.metadata_of(await call.parts(), "settings")
    return Answer(result=views.settings(await Scripts(call.cloud).change_settings(call["script_name"], settings)))


async def get_script_settings(call: Call) -> Answer:
    return Answer(result=views.script_settings(_workers(call).get(call["script_name"])))


async def patch_script_settings(call: Call) -> Answer:
    worker = Scripts(call.cloud).change_script_settings(call["script_name"], await call.json_object())
    return Answer(result=views.script_settings(worker))


async def list_secrets(call: Call) -> Answer:
    worker = _workers(call).get(call["script_name"])
    return Answer(result=[redacted(binding) for binding in worker.active.bindings if binding["type"] == "secret_text"])


async def get_secret(call: Call) -> Answer:
    worker = _workers(call).get(call["script_name"])
    wanted = (call["secret_name"], "secret_text")
    found = [binding for binding in worker.active.bindings if (binding["name"], binding["type"]) == wanted]
    if not found:
        raise errors.binding_not_found(call["secret_name"])
    return Answer(result=redacted(found[0]))


async def put_secret(call: Call) -> Answer:
    body = await call.json_object()
    if not isinstance(body.get("name"), str) or not body["name"]:
        raise errors.unnamed_binding(0)
    if body.get("type", "secret_text") != "secret_text" or not isinstance(body.get("text"), str):
        raise api_errors.invalid_body()
    secret = {"name": body["name"], "type": "secret_text", "text": body["text"]}
    await Scripts(call.cloud).put_secret(call["script_name"], secret)
    return Answer(result=redacted(secret))


async def delete_secret(call: Call) -> Answer:
    await Scripts(call.cloud).delete_secret(call["script_name"], call["secret_name"])
    return Answer(result=None)


async def get_account_settings(_call: Call) -> Answer:
    return Answer(result={"default_usage_model": "standard", "green_compute": False})


_WORKERS = "/accounts/{account_id}/workers"
_SCRIPT = f"{_WORKERS}/scripts/{{script_name}}"

ROUTES = (
    Route(method="GET", path=f"{_WORKERS}/scripts", handler=list_scripts, permission=WORKERS_READ),
    Route(method="PUT", path=_SCRIPT, handler=put_script, permission=WORKERS_WRITE),
    Route(method="GET", path=_SCRIPT, handler=get_content, permission=WORKERS_READ),
    Route(method="DELETE", path=_SCRIPT, handler=delete_script, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_SCRIPT}/content", handler=get_content, permission=WORKERS_READ),
    Route(method="GET", path=f"{_SCRIPT}/content/v2", handler=get_content, permission=WORKERS_READ),
    Route(method="PUT", path=f"{_SCRIPT}/content", handler=put_content, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_SCRIPT}/settings", handler=get_settings, permission=WORKERS_READ),
    Route(method="PATCH", path=f"{_SCRIPT}/settings", handler=patch_settings, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_SCRIPT}/script-settings", handler=get_script_settings, permission=WORKERS_READ),
    Route(method="PATCH", path=f"{_SCRIPT}/script-settings", handler=patch_script_settings, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_SCRIPT}/secrets", handler=list_secrets, permission=WORKERS_READ),
    Route(method="PUT", path=f"{_SCRIPT}/secrets", handler=put_secret, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_SCRIPT}/secrets/{{secret_name}}", handler=get_secret, permission=WORKERS_READ),
    Route(method="DELETE", path=f"{_SCRIPT}/secrets/{{secret_name}}", handler=delete_secret, permission=WORKERS_WRITE),
    Route(method="GET", path=f"{_WORKERS}/services/{{script_name}}", handler=get_service, permission=WORKERS_READ),
    Route(
        method="DELETE", path=f"{_WORKERS}/services/{{script_name}}", handler=delete_script, permission=WORKERS_WRITE
    ),
    Route(method="GET", path=f"{_WORKERS}/account-settings", handler=get_account_settings, permission=WORKERS_READ),
    *version_routes.ROUTES,
    *trigger_routes.ROUTES,
    *asset_routes.ROUTES,
    *beta_routes.ROUTES,
)
