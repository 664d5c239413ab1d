"""A port of its own for a Worker, and the logs of all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from local_cloudflare.api import exposed
from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.local.controls import Controls, read_body, wrong
from local_cloudflare.api.workers.models import Workers
from local_cloudflare.runtime.errors import RuntimeFault

_LAST_PORT = 65_535


async def put_port(controls: Controls, request: Request) -> Response:
    """`{worker}`: let it answer at this port of 127.0.0.1; 0 takes any free one. The answer has the port."""
    text, name = request.path_params["port"], (await read_body(request)).get("worker")
    if not isinstance(name, str) or not name:
        raise wrong("worker: must be a Worker's name")
    if not text.isascii() or not text.isdigit() or (port := int(text)) > _LAST_PORT:
        raise wrong(f"port: must be 0 to {_LAST_PORT}")
    try:
        return JSONResponse({"worker": name, "port": await exposed.expose(controls.cloud, name, port)})
    except RuntimeFault as fault:
        raise wrong(f"port {port}: {fault}") from fault


async def get_logs(controls: Controls, request: Request) -> Response:
    """One JSON object a line, oldest first: of one `worker` or all, after `since`; with `follow`, without end."""
    query = request.query_params
    if worker := query.get("worker"):
        await _check_worker(controls.cloud, worker)
    lines = controls.cloud.runtime.logs(
        query.get("worker"),
        since=int(query.get("since", 0)),
        follow=query.get("follow") == "true",
        requests=query.get("requests") == "true",
    )

    async def encoded() -> AsyncIterator[str]:
        async for line in lines:
            yield json.dumps({name: value for name, value in asdict(line).items() if name != "detail"}) + "\n"

    return StreamingResponse(encoded(), media_type="application/x-ndjson")


async def _check_worker(cloud: Cloud, name: str) -> None:
    """A Worker is known that is in the account, or of which there are lines still."""
    known = [each.name for each in Workers(cloud.store).all()]
    if name not in known and not [line async for line in cloud.runtime.logs(name)]:
        raise wrong(f"there is no Worker {name!r}, and none has logged under that name: there are {', '.join(known)}")
