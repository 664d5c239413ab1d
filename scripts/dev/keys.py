"""Single keys of a terminal, as they are pressed; nothing where standard input is no terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
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

    def ask(self, question: str) -> str:
        """The line that is typed as the answer, without the spaces around it; nothing where nobody is there to ask.

        Only here is seen what is typed. A key that is pressed while something else is under way has its turn after it.
        """
        if not self.are_read:
            return ""
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
        try:
            return input(question).strip()
        finally:
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)
