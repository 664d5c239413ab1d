"""Keeps a Node process running: starts another one when it dies, a given number of times.

Whoever needs it awaits `connected()`: during a restart that waits, and when there will be no other process it raises.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx

from local_cloudflare.runtime.control import Control
from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.gateway import Gateway
from local_cloudflare.runtime.models import QueueGateway
from local_cloudflare.runtime.node import Node

_KEEP_ALIVE = httpx.Limits(keepalive_expiry=2)  # s; workerd closes a connection that was idle for 5 s, without a word
_log = logging.getLogger(__name__)


class Connection:
    """A running Node process, and the clients of its ports."""

    def __init__(self, client: httpx.AsyncClient, node: Node) -> None:
        self.node = node
        self.control = Control(client, node)
        self.gateway = Gateway(client, node)


class Supervisor:
    """One Node process at a time, on one data directory and one port; `restore` is awaited with each new connection."""

    def __init__(
        self,
        *,
        data: Path,
        workers_port: int,
        restarts: int,
        queues: QueueGateway | None,
        restore: Callable[[Connection], Awaitable[None]],
    ) -> None:
        self._queues = queues
        self.workers_port = workers_port
        self._data = data
        self._restarts = restarts
        self._restore = restore
        self._connection: Connection | None = None
        self._settled = asyncio.Event()  # there is a connection, or there will be none

    async def start(self) -> None:
        """Raises RuntimeFault when it does not start."""
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(None, connect=10), limits=_KEEP_ALIVE, trust_env=False)
        try:
            await self._connect()
        except BaseException:
            await self._client.aclose()
            raise
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        self._keeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeper
        if self._connection:
            await self._connection.node.stop()
        await self._client.aclose()

    async def connected(self) -> Connection:
        await self._settled.wait()
        if self._connection is None:
            raise RuntimeFault("The Workers runtime has died and could not be started again: see its messages above")
        return self._connection

    async def _connect(self) -> None:
        node = await Node.start(self._data, self.workers_port, self._queues)
        connection = Connection(self._client, node)
        try:
            await self._restore(connection)
        except BaseException:
            await node.stop()
            raise
        self.workers_port = node.workers_port
        self._connection = connection
        self._settled.set()

    async def _keep(self) -> None:
        while self._connection:
            await self._connection.node.wait_until_dead()
            self._settled.clear()
            self._connection = None
            _log.error("The Workers runtime died; restarts left: %d", self._restarts)
            if self._restarts:
                self._restarts -= 1
                try:
                    await self._connect()
                except RuntimeFault as fault:
                    _log.error("%s", fault)
        self._settled.set()
