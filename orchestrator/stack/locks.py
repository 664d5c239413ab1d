"""Who holds a stack: the locks that Pulumi keeps beside the state, in a folder or in a bucket.

Each run of Pulumi that changes a state writes a lock and takes it away at its end; one that is killed leaves it. Only a
lock of this machine whose process is gone is known to be dead, and only that one is removed. Of another machine's lock
nobody here can know, so it is waited for, and a person decides. Pulumi Cloud keeps no such locks and refuses a second
run by itself.

Touches the folder of a file backend, and child processes (`pulumi`) for the others.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from orchestrator.errors import OrchestratorError
from orchestrator.stack.config import Finished, Stack, read_project_name, run_pulumi

TIMEOUT_S = 600
# Pulumi's words where a stack is held: file and object stores say the first, Pulumi Cloud the second.
_BUSY = ("the stack is currently locked by", "Another update is currently in progress")
_POLL_S = 0.5
_HOLDER = re.compile(r"created by (?P<user>.*)@(?P<host>\S*) \(pid (?P<process>\d+)\) at (?P<since>\S+)")
_EXISTS = "already exists"


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock, and who wrote it. `file`: where it is, None in a bucket."""

    user: str
    host: str
    process: int
    since: str
    file: Path | None = None

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.process}, since {self.since}"


def wait_until_free(
    stack: Stack, report: Callable[[str], None], *, host: str | None = None, timeout_s: float = TIMEOUT_S
) -> None:
    """Return when no run of Pulumi holds the stack; what a process of `host` (this machine) left dead is removed.

    Raises OrchestratorError with the way out where a lock stays for `timeout_s`.
    """
    here = host or socket.gethostname()
    deadline = time.monotonic() + timeout_s
    told = False
    while held := locks(stack):
        if dead := [lock for lock in held if lock.file and lock.host == here and not _is_alive(lock.process)]:
            for lock in dead:
                report(f"Removing the lock of an update that died (process {lock.process}).")
                if lock.file:
                    lock.file.unlink(missing_ok=True)
            continue
        if time.monotonic() >= deadline:
            raise still_held(stack, "; ".join(map(str, held)))
        if not told:
            report(f"Another update of the stack {stack.name} is running ({held[0]}); waiting for it.")
            told = True
        time.sleep(_POLL_S)


def still_held(stack: Stack, holder: str) -> OrchestratorError:
    """Why nothing was done: the lock may be a live update's, which nobody takes for a dead one."""
    return OrchestratorError(
        f"the stack {stack.name} is locked ({holder}), and nothing was changed",
        f"wait for that update to end; if you know that it no longer runs: pulumi cancel -s {stack.name}",
    )


def locks(stack: Stack) -> list[Lock]:
    """The locks on a stack. In a bucket they are named by the refusal to make a stack that is there already: the one
    command of Pulumi's that takes the lock and changes nothing."""
    folder = state_folder()
    if folder is not None:
        return _locks_in(folder, stack)
    tried = run_pulumi(["stack", "init", stack.name, "--no-select", "--non-interactive"], stack.root, check=False)
    if is_busy(tried):
        found = [
            Lock(user=each["user"], host=each["host"], process=int(each["process"]), since=each["since"])
            for each in _HOLDER.finditer(tried.errors)
        ]
        return found or [Lock(user="?", host="?", process=0, since="?")]
    if tried.code == 0:
        raise OrchestratorError(
            f"the stack {stack.name} was removed meanwhile", "run this again on a stack that is there"
        )
    if _EXISTS not in tried.errors:
        raise OrchestratorError(f"it is not known whether the stack {stack.name} is locked:\n{tried.errors.strip()}")
    return []


def is_busy(finished: Finished) -> bool:
    """Whether Pulumi refused to run because another run holds the stack."""
    return finished.code != 0 and any(words in finished.errors for words in _BUSY)


def state_folder() -> Path | None:
    """The folder of a file backend; None where the state is elsewhere."""
    url = urlsplit(os.environ.get("PULUMI_BACKEND_URL", ""))
    if url.scheme != "file":
        return None
    return Path(f"{url.netloc}{url2pathname(url.path)}").expanduser()


def _locks_in(folder: Path, stack: Stack) -> list[Lock]:
    found = []
    name = stack.name.rpartition("/")[2]
    for file in sorted(
        (folder / ".pulumi" / "locks" / "organization" / read_project_name(stack.root) / name).glob("*.json")
    ):
        try:
            content = json.loads(file.read_text())
            found.append(
                Lock(
                    user=str(content["username"]),
                    host=str(content["hostname"]),
                    process=int(content["pid"]),
                    since=str(content["timestamp"]),
                    file=file,
                )
            )
        except FileNotFoundError:  # just removed
            continue
        except (OSError, ValueError, KeyError):  # being written, or broken: held, by nobody known
            found.append(Lock(user="?", host="?", process=0, since="?", file=file))
    return found


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
