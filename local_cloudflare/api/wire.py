"""What happens to a call before and after it reaches the API: the Host check, the record of calls, and faults.

Plain ASGI, outside Starlette, since a fault must be able to let the call have its effect and then withhold the answer,
or cut the connection, which needs the transport that `server` puts into the scope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_cloudflare.api import envelope
from local_cloudflare.api.calls import Calls, RecordedCall
from local_cloudflare.api.errors import ApiError, internal_error
from local_cloudflare.api.faults import Fault, Faults

PREFIX = "/client/v4"
S3_PREFIX = "/_s3"
ABORT = "local_cloudflare.abort"
"""The key of the scope's extensions under which a function is that cuts the connection."""

STALE = "local_cloudflare.stale"
"""The key of the scope under which is said that this read is to be answered as of before the last write."""

_HOSTS = ("127.0.0.1", "localhost", "[::1]")


Limited = Callable[[str], tuple[bool, dict[str, str]]]


class HostCheck:
    """Refuse calls whose Host header is not this machine: a web page could have its own name point here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if host.rpartition(":")[0] not in _HOSTS and host not in _HOSTS:
            refusal = JSONResponse({"error": f"this server answers only to {', '.join(_HOSTS)}, not {host!r}"}, 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class RawPath:
    """Route by the path as it was sent, so that a key with an encoded slash stays one segment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or scope["path"].encode()
        await self._app({**scope, "path": raw.partition(b"?")[0].decode("latin-1")}, receive, send)


class WholeRequest:
    """Take the whole request before the answer begins: to a client still sending, a refusal is a broken pipe."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        complete = False

        async def watching() -> Message:
            nonlocal complete
            message = await receive()
            complete = complete or not message.get("more_body", False)
            return message

        async def patient(message: Message) -> None:
            while not complete:
                await watching()
            await send(message)

        await self._app(scope, watching, patient)


class Wire:
    """Record each call of the API, and make the fault happen that strikes it."""

    def __init__(
        self, app: ASGIApp, *, calls: Calls, faults: Faults, limited: Callable[[str], tuple[bool, dict[str, str]]]
    ) -> None:
        """`limited`: whether a token may make a call now, and the headers of the answer."""
        self._app = app
        self._calls = calls
        self._faults = faults
        self._limited = limited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith((f"{PREFIX}/", f"{S3_PREFIX}/")):
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(PREFIX)
        fault = self._faults.strike(scope["method"], path)
        answered = 0
        allowed, limits = True, dict[str, str]()
        if scope["path"].startswith(f"{PREFIX}/"):
            token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
            allowed, limits = self._limited(token)

        async def recording(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = message["status"]
                said = [(name.lower().encode(), value.encode()) for name, value in limits.items()]
                message = {**message, "headers": [*message.get("headers", ()), *said]}
            await send(message)

        try:
            if allowed:
                await self._serve(fault, scope, receive, recording)
            else:
                await _too_many(None)(scope, receive, recording)
        finally:
            query = scope["query_string"].decode("latin-1")
            name = fault.effect if fault else ""
            self._calls.add(RecordedCall(method=scope["method"], path=path, query=query, status=answered, fault=name))

    async def _serve(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.effect == "delay":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.effect == "stale":
            await self._app({**scope, STALE: scope["method"] == "GET"}, receive, send)
        else:
            if fault.when == "after":
                await self._app(scope, receive, _swallow)
            if fault.effect == "reset":
                _abort(scope)()
            else:
                await _refusal(fault)(scope, receive, send)


async def _swallow(message: Message) -> None:
    """Take an answer that nobody is to see."""


def _abort(scope: Scope) -> Callable[[], None]:
    abort: Callable[[], None] = scope["extensions"][ABORT]
    return abort


def _refusal(fault: Fault) -> Response:
    """As Cloudflare says it: its API by the envelope, its edge (502 to 504) in plain text."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT):
        return PlainTextResponse(f"error code: {fault.status}", fault.status, headers)
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _too_many(headers)
    return JSONResponse(envelope.failure(internal_error()), fault.status, headers)


def _too_many(headers: dict[str, str] | None) -> Response:
    error = ApiError(429, 971, "Please wait and consider throttling your request speed")
    return JSONResponse(envelope.failure(error), error.status, headers)
