"""Files written whole or not at all, locks that die with their holder, and the hash of a file.

Used by everything that runs on this machine, the local Cloudflare too, so it imports nothing of the project.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from pathlib import Path
from typing import IO, Any

PRIVATE = 0o600


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Put `content` in the place of whatever is at `path`: a reader, or a kill, never meets half of it.

    `mode` is the new file's, less what the process masks; the folder must exist.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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
