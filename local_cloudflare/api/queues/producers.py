"""Where Workers' queue bindings send: workerd's own protocol, `POST /message` and `POST /batch`, on the API's port.

workerd adds two headers to each request (runtime/plugin.mjs): a token that this process made for it, and the queue's
name. What has them is meant for here; the API takes all else. Plain ASGI, in front of the Host check: the requests
of a binding have a host of workerd's own.
"""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.queues.incoming import batch_of, message_of
from local_cloudflare.api.queues.models import Queues

_QUEUE = b"x-local-queue"
_TOKEN = b"x-local-token"
_FORMS = {"/message": message_of, "/batch": batch_of}


class Producers:
    def __init__(self, app: ASGIApp, cloud: Cloud, token: str) -> None:
        self._app = app
        self._cloud = cloud
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers") or ())
        if _QUEUE not in headers:
            await self._app(scope, receive, send)
        elif not hmac.compare_digest(headers.get(_TOKEN, b""), self._token):
            await JSONResponse({"error": "forbidden"}, 403)(scope, receive, send)
        else:
            answer = await self._answer(Request(scope, receive), headers[_QUEUE].decode())
            await answer(scope, receive, send)

    async def _answer(self, request: Request, queue: str) -> Response:
        form = _FORMS.get(request.url.path)
        try:
            if form:
                Queues(self._cloud).send(queue, form(request.headers, await request.body()))
            elif request.url.path != "/metrics":
                return Response(status_code=404)
            backlog = Queues(self._cloud).backlog(Queues(self._cloud).named(queue))
        except ApiError as error:
            return Response(error.message, error.status)
        metrics = {
            "backlogCount": backlog.count,
            "backlogBytes": backlog.bytes,
            "oldestMessageTimestamp": backlog.oldest_at or 0,
        }
        return JSONResponse({"metadata": {"metrics": metrics}} if form else metrics)
