"""The Python side of the runtime: Workers in workerd, and their data.

`async with Runtime(data=…) as runtime:` starts Node with runtime.mjs (see there for the picture), which runs Workers by
miniflare. Workers are given to it over a control port; data is read and written through the gateway, by the protocols
of Workers' own bindings, so that the REST API and a Worker see the same.

Touches: a child process, loopback ports, and files below the data directory (by way of the child). One event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import httpx

from local_cloudflare.runtime.control import queue_body, queue_result, worker_body, worker_path
from local_cloudflare.runtime.d1 import D1
from local_cloudflare.runtime.d1_files import D1Files
from local_cloudflare.runtime.errors import StartupError
from local_cloudflare.runtime.kv import Kv
from local_cloudflare.runtime.models import (
    Count,
    LogLine,
    QueuedMessage,
    QueueGateway,
    QueueResult,
    ScheduledResult,
    Startup,
    WorkerConfig,
)
from local_cloudflare.runtime.r2 import R2
from local_cloudflare.runtime.supervisor import Connection, Supervisor


class Runtime:
    """Workers and their data on this machine. An async context manager.

    It remembers the Workers it was given: should its process die, it starts another one, on the same port, and gives
    them to it again; after `restarts` times it stays dead, and says so. Every method may raise RuntimeFault. `kv`, `r2`
    and `d1` are the data; that of a namespace, bucket or database that was never written to is simply empty.
    """

    def __init__(
        self, *, data: Path, workers_port: int = 0, restarts: int = 1, queues: QueueGateway | None = None
    ) -> None:
        """`queues`: without it no Worker can be bound to a queue."""
        self._workers: dict[str, WorkerConfig] = {}
        self._exposed: dict[int, str] = {}
        self._supervisor = Supervisor(
            data=data, workers_port=workers_port, restarts=restarts, queues=queues, restore=self._restore
        )
        self.kv, self.r2, self.d1 = Kv(self._send), R2(self._send), D1(self._send, D1Files(data / "d1"))

    async def __aenter__(self) -> Self:
        await self._supervisor.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._supervisor.stop()

    @property
    def workers_port(self) -> int:
        """Where Workers answer: http://<name>.localhost:<workers_port>"""
        return self._supervisor.workers_port

    def url(self, name: str) -> str:
        """The URL of a Worker."""
        return f"http://{name}.localhost:{self.workers_port}"

    async def ai(self, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """How the stand-in for Workers AI is, after `settings` where given: ai.mjs says which there are."""
        control = (await self._connected()).control
        return await control.call("GET", "/ai") if settings is None else await control.call("PUT", "/ai", settings)

    async def run_model(self, model: str, inputs: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """What the stand-in for Workers AI answers: 200 and the answer, or another status with `code` and `message`."""
        body = {"model": model, "inputs": inputs}
        told = await (await self._connected()).control.call("POST", "/ai/run", body)
        return told["status"], told["answer"]

    # Workers

    async def check(self, config: WorkerConfig) -> Startup:
        """Evaluate a Worker's code by itself, without its bindings. Raises StartupError with the script's own error."""
        found = await (await self._connected()).control.call("POST", "/check", worker_body(config))
        if "error" in found:
            raise StartupError(found["error"])
        return Startup(handlers=tuple(found["handlers"]), startup_time_ms=found["startupTimeMs"])

    async def put_worker(self, config: WorkerConfig) -> None:
        """Add or replace a Worker. Returns at once; it is loaded when it is called or when uploads have been quiet."""
        self._workers[config.name] = config
        await (await self._connected()).control.call("PUT", worker_path(config.name), worker_body(config))

    async def delete_worker(self, name: str) -> None:
        """Remove a Worker; a name that is not there is no error."""
        self._workers.pop(name, None)
        await (await self._connected()).control.call("DELETE", worker_path(name))

    async def set_workers_dev(self, name: str, enabled: bool) -> None:
        """Make a Worker reachable by its URL, or not. Costs no reload."""
        if name in self._workers:
            self._workers[name] = replace(self._workers[name], workers_dev=enabled)
            await (await self._connected()).control.call("PATCH", worker_path(name), {"workersDev": enabled})

    async def set_crons(self, name: str, crons: Sequence[str]) -> None:
        """A Worker with crons is kept loaded; the caller fires them by `scheduled`. Costs no reload."""
        if name in self._workers:
            self._workers[name] = replace(self._workers[name], crons=tuple(crons))
            await (await self._connected()).control.call("PATCH", worker_path(name), {"crons": list(crons)})

    async def expose(self, name: str, port: int = 0) -> int:
        """Let a Worker answer at http://127.0.0.1:<port> and http://localhost:<port>; the port: 0 is any free one.

        At the port of all Workers only while the Worker has a URL; at a port of its own in any case.
        """
        taken: int = (await (await self._connected()).control.call("PUT", f"/ports/{port}", {"worker": name}))["port"]
        self._exposed[taken] = name
        return taken

    async def scheduled(self, name: str, cron: str, scheduled_time: int) -> ScheduledResult:
        """Run a Worker's `scheduled` handler; `scheduled_time` in ms since 1970. Waits for its end."""
        body = {"cron": cron, "time": scheduled_time}
        return ScheduledResult(
            **await (await self._connected()).control.call("POST", f"{worker_path(name)}/scheduled", body)
        )

    async def queue(self, name: str, queue: str, messages: Sequence[QueuedMessage]) -> QueueResult:
        """Give a batch to a Worker's `queue` handler. Waits for its end."""
        path = f"{worker_path(name)}/queue"
        return queue_result(await (await self._connected()).control.call("POST", path, queue_body(queue, messages)))

    # What happened

    async def logs(
        self, worker: str | None = None, *, since: int = 0, follow: bool = False, requests: bool = False
    ) -> AsyncGenerator[LogLine, None]:
        """Lines with `seq` greater than `since`, oldest first; with `follow`, new ones as they come, and then with
        `requests` one for each request, which are not kept."""
        flags = {name: str(value).lower() for name, value in (("follow", follow), ("requests", requests))}
        query = {"since": str(since), **flags, **({"worker": worker} if worker else {})}
        async for line in (await self._connected()).control.log_lines(query):
            yield line

    async def counts(self, *, forget: bool = False) -> list[Count]:
        """What Workers and the REST API did since the runtime began, or `forget` was said."""
        method, connection = "DELETE" if forget else "GET", await self._connected()
        stored = (await connection.gateway.send("counts", "all", method, "/")).json()
        counted = {**stored, **await connection.control.call(method, "/counts")}
        parts = ((*key.split(" "), number) for key, number in counted.items())
        return [Count(*each) for each in parts]

    async def state(self) -> dict[str, Any]:
        """For debugging: Workers uploaded, loaded and broken, generations running, the last load's duration in ms."""
        return await (await self._connected()).control.call("GET", "/state")

    async def _send(self, *request: Any, **options: Any) -> httpx.Response:
        """To the gateway of the process that runs now: another one may, after a restart."""
        return await (await self._connected()).gateway.send(*request, **options)

    async def _connected(self) -> Connection:
        return await self._supervisor.connected()

    async def _restore(self, connection: Connection) -> None:
        for port, name in self._exposed.items():
            await connection.control.call("PUT", f"/ports/{port}", {"worker": name})
        for config in list(self._workers.values()):
            await connection.control.call("PUT", worker_path(config.name), worker_body(config))
