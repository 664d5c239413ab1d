"""Files of D1's exports and imports, which the real one keeps in storage outside the API: the URL is the permission."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1.export import Exports
from local_cloudflare.api.d1.imports import Imports


def routes(cloud: Cloud) -> list[Route]:
    async def download(request: Request) -> Response:
        content = Exports(cloud).read(request.path_params["token"])
        return Response(content or b"", 200 if content is not None else 404, media_type="application/sql")

    async def upload(request: Request) -> Response:
        etag = Imports(cloud).upload(request.path_params["name"], await request.body())
        if etag is None:
            return Response("the name is not that of the file's MD5", 400)
        return Response(headers={"ETag": f'"{etag}"'})

    return [
        Route("/_local/exports/{token}", download, methods=["GET"]),
        Route("/_local/imports/{name}", upload, methods=["PUT"]),
    ]
