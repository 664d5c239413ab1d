"""Listening on loopback: a socket, and uvicorn on it, in which the application can cut the connection it serves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local_cloudflare.api.wire import ABORT
from local_cloudflare.settings import LOOPBACK

_BACKLOG = 512
_GRACE = 2  # seconds that open connections get at the end
_KEEP_ALIVE = 75  # seconds that an idle connection stays open: longer than any client keeps it for its next call


def server_of(app: ASGIApp) -> Server:
    return Server(
        uvicorn.Config(
            app,
            http=AbortableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_GRACE,
            timeout_keep_alive=_KEEP_ALIVE,
        )
    )


@contextlib.contextmanager
def listening_on(port: int, *, or_any: bool = False) -> Iterator[socket.socket]:
    """A socket that listens on the port of loopback; with `or_any`, on any free one where that is taken."""
    try:
        listener = _listen(port)
    except OSError:
        if not or_any:
            raise
        listener = _listen(0)
    with listener:
        yield listener


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle's algorithm off only where it is: 40 ms for each answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end(self) -> None:
        self.should_exit = True


class AbortableProtocol(H11Protocol):
    """Lets the application cut the connection it is called on: for faults."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app: ASGIApp = self.app

        async def abortable(scope: Scope, receive: Receive, send: Send) -> None:
            extensions: dict[str, Any] = {**scope.get("extensions", {}), ABORT: transport.abort}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = abortable
