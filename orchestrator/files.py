"""Files written whole or not at all, locks that die with their holder, and the hash of a file.

Used by everything that runs on this machine, the local Cloudflare too, so it imports nothing of the project.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import signal
from collections.abc import Iterable, Mapping
from glob import escape
from pathlib import Path
from typing import IO, Any

PRIVATE = 0o600
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Put `content` in the place of whatever is at `path`: a reader, or a kill, never meets half of it.

    `mode` is the new file's, less what the process masks; the folder must exist.
    """
    temporary = _beside(path)
    try:
        _create(temporary, content, mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_together(contents: Mapping[Path, str | None]) -> None:
    """Put each content in the place of whatever is at its path, in their order; None takes the file away.

    All of it is written beside the files first, so what fails leaves them as they were. An interrupt (Ctrl-C) that
    comes once the first is in its place waits for the last. Folders are made. What a kill has left beside the files
    is taken away by the next call for them.
    """
    temporaries = {path: _beside(path) for path, content in contents.items() if content is not None}
    try:
        for path, content in contents.items():
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                _create(temporaries[path], content, 0o666)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        try:
            for path in contents:
                if path in temporaries:
                    temporaries[path].replace(path)
                else:
                    path.unlink(missing_ok=True)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _remove_left(contents)
    except BaseException:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)
        raise


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def _remove_left(paths: Iterable[Path]) -> None:
    for path in paths:
        for left in path.parent.glob(f".{escape(path.name)}.????????.tmp"):
            left.unlink(missing_ok=True)


def _create(path: Path, content: str | bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def write_changed(path: Path, content: str | bytes) -> None:
    """The same, unless the file says it already: its time stays then. The folder is made."""
    data = content.encode() if isinstance(content, str) else content
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)


def take_lock(file: IO[Any]) -> bool:
    """Take the exclusive lock of an open file, if nobody has it. The kernel gives it back when the process ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex; it is never all in memory."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
