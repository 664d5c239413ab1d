"""The processes of this machine, as `ps` of Linux and macOS lists them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    command: str


def running() -> list[Process]:
    """All but those that have ended and that nobody has waited for yet."""
    # -ww: otherwise COLUMNS or a terminal may cut the commands short.
    columns = ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="]
    listed = subprocess.run(columns, capture_output=True, text=True, check=True).stdout
    rows = (line.split(maxsplit=3) for line in listed.splitlines())
    return [Process(int(pid), int(up), " ".join(args)) for pid, up, state, *args in rows if not state.startswith("Z")]


def kill_tree(process: subprocess.Popen[str]) -> None:
    """SIGKILL to `process` and to all that it has started, which would otherwise stay: Pulumi's language host does."""
    started = below(process.pid) if process.poll() is None else []
    process.kill()
    for each in started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGKILL)


def below(pid: int) -> list[Process]:
    """What `pid` has started, and what those have started."""
    found, listed = {pid}, running()
    while more := {each.pid for each in listed if each.parent in found} - found:
        found |= more
    return [each for each in listed if each.pid in found - {pid}]
