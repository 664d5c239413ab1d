"""Which process serves a data directory: a lock that it holds while it lives, and `process.json` beside it.

The kernel frees the lock when the process ends, however it ends, so a stale `process.json` is never believed, even when
another program has got its number since. Touches those two files.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from local_cloudflare.errors import ServiceError
from orchestrator.files import sha256_of, take_lock, write_whole

_TIMEOUT = 1.0  # seconds: to ask whether one is running takes the lock for an instant


@dataclass(frozen=True, kw_only=True)
class Process:
    """`started` in RFC 3339; `code` as `code()` says, empty of one from before it said so."""

    pid: int
    api_port: int
    workers_port: int
    started: str
    code: str = ""


def code() -> str:
    """What tells this version of the local Cloudflare from any other: a hash of its files."""
    package = Path(__file__).parent
    others = package.parent / "local_services"  # which it serves
    files = [*package.rglob("*.py"), *package.rglob("*.mjs"), *others.rglob("*.py")]
    return hashlib.sha256("".join(sha256_of(file) for file in sorted(files)).encode()).hexdigest()


@contextmanager
def exclusive(path: Path, *, timeout: float = 0) -> Iterator[bool]:
    """Hold a lock file; False where somebody else still holds it after `timeout` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    with path.open("a") as file:
        while not (mine := take_lock(file)) and time.monotonic() < deadline:
            time.sleep(_TIMEOUT / 50)
        yield mine


@contextmanager
def serving(data: Path) -> Iterator[None]:
    """Be the one process that serves a data directory. Raises ServiceError where there is one already."""
    with exclusive(_lock(data), timeout=_TIMEOUT) as mine:
        if not mine:
            raise ServiceError(
                f"a local Cloudflare serves {data} already",
                f"`python -m local_cloudflare status --dir {data}` shows it, `stop` stops it",
                exit_code=2,
            )
        try:
            yield
        finally:
            _file(data).unlink(missing_ok=True)


def announce(data: Path, process: Process) -> None:
    """Say where it listens; only the one that is `serving` may."""
    write_whole(_file(data), json.dumps(asdict(process), indent=1))


def running(data: Path) -> bool:
    """Whether a process serves this directory, ready or not."""
    if not _lock(data).exists():
        return False
    with exclusive(_lock(data)) as free:
        return not free


def find(data: Path) -> Process | None:
    """The process that serves this directory; None where there is none, or where it does not listen yet."""
    if not running(data):
        return None
    try:
        return Process(**json.loads(_file(data).read_text()))
    except FileNotFoundError:
        return None


def _lock(data: Path) -> Path:
    return data / "serve.lock"


def _file(data: Path) -> Path:
    return data / "process.json"
