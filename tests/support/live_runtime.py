"""The Workers runtime for tests: `live.upload("shop", code)`, then `live.call("shop", "/path")`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from local_cloudflare.runtime.bridge import Runtime
from local_cloudflare.runtime.models import Module, WorkerConfig

T = TypeVar("T")
_versions = itertools.count()

HELLO = "export default { fetch: () => new Response('hello') };"
"""A Worker that says hello."""
ECHO = """export default { async fetch(request, env) {
  const { method, url, headers } = request;
  return Response.json({ method, url, headers: Object.fromEntries(headers), body: await request.text() },
    { status: 201, headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] });
} };"""
"""A Worker that answers what it was sent."""


class LiveRuntime:
    """A running Runtime, and calls of its Workers. `run` awaits what the Runtime's methods give."""

    def __init__(self, runtime: Runtime, runner: asyncio.Runner, folder: Path) -> None:
        self.runtime = runtime
        self.folder = folder
        self._runner = runner
        self._client = httpx.Client(timeout=60, trust_env=False)

    def run(self, action: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(action)

    def config(self, name: str, code: str, **options: Any) -> WorkerConfig:
        """A new version of a Worker of one module; `options` as of WorkerConfig."""
        path = self.folder / f"{name}-{next(_versions)}.js"
        path.write_text(code)
        settings = {"modules": (Module(name="index.js", type="esm", path=path),), "workers_dev": True, **options}
        return WorkerConfig(
            name=name, version=path.stem, main_module="index.js", compatibility_date="2026-07-01", **settings
        )

    def upload(self, name: str, code: str, **options: Any) -> None:
        self.run(self.runtime.put_worker(self.config(name, code, **options)))

    def request(self, name: str, path: str = "/", method: str = "GET", **options: Any) -> httpx.Request:
        """The name is not resolved: that is the system's business, and not every system knows .localhost."""
        host = f"{name}.localhost:{self.runtime.workers_port}"
        headers = {"host": host, **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.runtime.workers_port}{path}"
        return self._client.build_request(method, url, headers=headers, **options)

    def call(self, name: str, path: str = "/", method: str = "GET", **options: Any) -> httpx.Response:
        return self._client.send(self.request(name, path, method, **options))

    @contextmanager
    def stream(self, name: str, path: str = "/") -> Iterator[Iterator[str]]:
        """The chunks of an answer as they come."""
        response = self._client.send(self.request(name, path), stream=True)
        try:
            yield response.iter_text()
        finally:
            response.close()

    def state(self) -> dict[str, Any]:
        return self.run(self.runtime.state())

    def close(self) -> None:
        self._client.close()


@contextmanager
def live_runtime(folder: Path, **options: Any) -> Iterator[LiveRuntime]:
    """A Runtime on `folder`; `options` as of Runtime."""

    async def enter() -> Runtime:
        return await Runtime(data=folder / "data", **options).__aenter__()

    with asyncio.Runner() as runner:
        runtime = runner.run(enter())
        live = LiveRuntime(runtime, runner, folder)
        try:
            yield live
        finally:
            live.close()
            runner.run(runtime.__aexit__())
