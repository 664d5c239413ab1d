"""What is run when somebody asks for a heal: the part that a workflow on GitHub has for a real account.

The command is given to `serve`; it is never part of a request. One run at a time: who asks while one is active gets
another one after it, since what is missing now may not be what that one is repairing. Everything that is printed goes
to a log, and a run ends with this process. Its report has the shape in which the routing Worker is told how a heal
ended (`HealRun` of router/openapi.yaml), and more.

Touches that child process and its log.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from local_cloudflare.api.camel_case import to_json

_GRACE_S = 10.0
_TAIL_LINES = 20
_LOST_DATA = 8  # the exit code of `python -m orchestrator heal` where it has stopped before lost data


@dataclass(kw_only=True)
class Run:
    """Times in RFC 3339; `exit_code` None while it is active, negative where a signal ended it; `detail` where it
    failed: what the command said of that."""

    status: Literal["running", "done", "failed", "lost"] = "running"
    id: str = field(default_factory=lambda: uuid4().hex)
    started_at: str = field(default_factory=lambda: _now())
    ended_at: str | None = None
    exit_code: int | None = None
    detail: str | None = None


class Healer:
    """Runs `command` in this process's directory and environment; `log` begins anew with each run."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = tuple(command)
        self._log = log
        self._run: Run | None = None
        self._again = False
        self._runs = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_configured(self) -> bool:
        return bool(self._command)

    def ask(self) -> None:
        """Begin a run, or have one follow the active one."""
        if self._task is not None and not self._task.done():
            self._again = True
        else:
            self._task = asyncio.create_task(self._work())

    def report(self) -> dict[str, Any]:
        """How the last run is or was, with the end of its log; `runs` counts those that have begun."""
        last = to_json(self._run) if self._run else {"status": "none"}
        return {**last, "runs": self._runs, "waiting": self._again, "log": str(self._log), "tail": self._tail()}

    async def close(self) -> None:
        """End the active run."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while True:
            self._again = False
            self._run = run = Run()
            self._runs += 1
            run.exit_code = await self._run_once()
            run.ended_at = _now()
            run.status = "lost" if run.exit_code == _LOST_DATA else "failed" if run.exit_code else "done"
            if run.status != "done":
                run.detail = f"{_said(self._tail())}\nAll of it is in {self._log}."
            if not self._again:
                return

    async def _run_once(self) -> int:
        with self._log.open("wb") as log:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            except OSError as error:
                log.write(f"{self._command[0]} cannot be run: {error}\n".encode())
                return 127
            try:
                return await process.wait()
            finally:
                if process.returncode is None:
                    await _end(process)

    def _tail(self) -> list[str]:
        try:
            return self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        except FileNotFoundError:
            return []


def _said(tail: Sequence[str]) -> str:
    """From the last error on; of a command that names none, its last lines."""
    begins = max((index for index, line in enumerate(tail) if line.startswith("error:")), default=len(tail) - 3)
    return "\n".join(tail[max(begins, 0) :]) or "It said nothing."


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its whole group: it has children that do the work."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE_S)
            return


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
