"""Folders and files that only their owner can read, and that git leaves alone: what a backup holds is data of people.

Touches the folders and files that it is told.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, TextIO

_NEW = os.O_CREAT | os.O_WRONLY


def make_folder(folder: Path) -> None:
    """Make it, or take it from everybody else; git is told to ignore what is in it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    with open_text(folder / ".gitignore") as file:
        file.write("*\n")


def open_text(file: Path, *, append: bool = False) -> TextIO:
    """Open it to write text in UTF-8; a file that is new belongs to its owner alone."""
    return os.fdopen(_open(file, append=append), "w", encoding="utf-8", newline="")


def open_bytes(file: Path, *, append: bool = False) -> BinaryIO:
    """The same for bytes."""
    return os.fdopen(_open(file, append=append), "wb")


def _open(file: Path, *, append: bool) -> int:
    return os.open(file, _NEW | (os.O_APPEND if append else os.O_TRUNC), 0o600)
