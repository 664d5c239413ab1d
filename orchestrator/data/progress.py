"""How far long work is: one line on a terminal that is written over again and again; nothing into a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.data.store import Progress
from orchestrator.terminal import Terminal

_CLEAR = "\r\x1b[K"


@contextmanager
def progress_line(terminal: Terminal) -> Iterator[Progress]:
    """The line, which is gone at the end."""
    shown = terminal.err.isatty()

    def show(text: str) -> None:
        if shown:
            terminal.err.write(f"{_CLEAR}{text}")
            terminal.err.flush()

    try:
        yield show
    finally:
        show("")
