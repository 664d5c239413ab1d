"""How the Workers runtime grows: N Workers, and one with a service binding to each of them.

    python -m bench.runtime_scale 50 200 1000

For each N, in a process of its own: seconds for N uploads with their checks; from the end of the uploads to the first
answer through the binding (called at once, and called when the runtime had made itself ready meanwhile); from an upload
of one more to its answer; and the memory of all its processes in MB.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import httpx

from bench.processes import memory_mb
from local_cloudflare.runtime.bridge import Runtime
from local_cloudflare.runtime.models import Module, WorkerConfig

WORKER = "export default {{ fetch: () => new Response('{name}') }};"
ROUTER = "export default { fetch: (request, env) => env[request.headers.get('x-binding')].fetch(request) };"


def worker(folder: Path, name: str, code: str, targets: int = 0) -> WorkerConfig:
    path = folder / f"{name}.js"
    path.write_text(code)
    return WorkerConfig(
        name=name,
        version=str(path.stat().st_mtime_ns),
        modules=(Module(name="index.js", type="esm", path=path),),
        main_module="index.js",
        compatibility_date="2026-07-01",
        bindings=tuple({"type": "service", "name": f"W{i}", "service": f"w{i}"} for i in range(targets)),
        crons=("*/15 * * * *",) if targets else (),
        workers_dev=True,
    )


async def upload(runtime: Runtime, config: WorkerConfig) -> None:
    await runtime.check(config)
    await runtime.put_worker(config)


async def call(runtime: Runtime, name: str, binding: str = "") -> float:
    """Seconds until the answer."""
    started = time.perf_counter()
    headers = {"host": f"{name}.localhost:{runtime.workers_port}", "x-binding": binding}
    async with httpx.AsyncClient(timeout=120, trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{runtime.workers_port}/", headers=headers)
    assert response.text == (binding.lower() or name), response.text
    return time.perf_counter() - started


async def measure(count: int, folder: Path) -> None:
    async with Runtime(data=folder / "data") as runtime:
        started = time.perf_counter()
        for number in range(count):
            await upload(runtime, worker(folder, f"w{number}", WORKER.format(name=f"w{number}")))
        await upload(runtime, worker(folder, "router", ROUTER, targets=count))
        uploads = time.perf_counter() - started
        at_once = await call(runtime, "router", f"W{count - 1}")
        for number in range(count):  # the same again as new versions
            await upload(runtime, worker(folder, f"w{number}", WORKER.format(name=f"w{number}")))
        await asyncio.sleep(2)
        after_quiet = await call(runtime, "router", f"W{count // 2}")
        await upload(runtime, worker(folder, "more", WORKER.format(name="more")))
        one_more = await call(runtime, "more")
        state = await runtime.state()
        await asyncio.sleep(6)  # the generation before is gone by then
        print(f"{count:5} Workers: uploads {uploads:.1f} s", end=", ")
        print(f"first call at once {at_once:.2f} s, 2 s later {after_quiet:.2f} s, one more {one_more:.2f} s", end=", ")
        print(f"last load {state['lastLoadMs']} ms, {state['loads']} loads, {memory_mb(os.getpid(), itself=False)} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=int, nargs="+")
    for count in parser.parse_args().counts:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(count, Path(folder)))


if __name__ == "__main__":
    main()
