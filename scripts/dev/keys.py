"""Single keys of a terminal, as they are pressed; nothing where standard input is no terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self


class Keys:
    """A context: inside of it the terminal gives keys one by one, and is as it was after it."""

    def __init__(self) -> None:
        self.are_read = sys.stdin.isatty()
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        if self.are_read:
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(self, *_: object) -> None:
        if self.are_read:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def read(self, seconds: float) -> str:
        """The next key, or nothing after so long; `q` where the terminal is gone."""
        if not self.are_read:
            time.sleep(seconds)
            return ""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        # Not by sys.stdin, which would read on and keep the keys that follow.
        return (os.read(sys.stdin.fileno(), 1).decode(errors="replace") or "q") if ready else ""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Lines are typed and seen meanwhile."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()
