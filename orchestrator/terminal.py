"""What commands write to: two streams, and how text looks on them.

Output proper goes to `out`, messages and errors to `err`, so that `… --json | jq` works while something is reported.
Colours only where a person reads: on a terminal, and unless NO_COLOR (no-color.org) or TERM=dumb says no.
"""

from __future__ import annotations

import os
import pydoc
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

_STYLES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
}  # fmt: skip


_STATES = {
    **dict.fromkeys(("done", "pass", "ok", "ready", "granted", "active"), "green"),
    **dict.fromkeys(("partly", "warn", "warning", "rejected", "not-sent", "near", "queued", "running"), "yellow"),
    **dict.fromkeys(("unknown", "fault", "fail", "failed", "dead", "problem", "missing", "lost", "over"), "red"),
}
"""The style of a cell that is a state's word."""
_NARROWEST = 16  # characters that a wrapped column keeps
_GAP = "  "
_HELD = "\0"  # a space at which no line is broken


class Terminal:
    """The streams enter by the constructor, so that tests read what a command wrote."""

    def __init__(self, out: TextIO, err: TextIO, environ: Mapping[str, str]) -> None:
        self.out = out
        self.err = err
        self._plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"

    def write(self, text: str = "") -> None:
        """One line (or several) of output."""
        self.out.write(f"{text}\n")

    def report(self, text: str = "") -> None:
        """One line (or several) about progress or a failure."""
        self.err.write(f"{text}\n")

    def warn(self, text: str) -> None:
        """What is done all the same, and may not be what was meant."""
        self.report(f"{self.styled('warning:', 'yellow', self.err)} {text}")

    def styled(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """`text` in a style (bold, dim, or a colour) where `stream`, `out` if not said, shows colours."""
        if self._plain or not (stream or self.out).isatty():
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def wrapped(self, text: str, stream: TextIO | None = None) -> str:
        """A line of prose in lines that fit where `stream`, `out` if not said, is a terminal.

        They go on below where it began. What stands in backticks, a command to copy, and any other word stay whole.
        """
        if not (stream or self.out).isatty():
            return text
        whole = re.sub("`[^`]+`", lambda found: found[0].replace(" ", _HELD), text)
        indent = " " * (len(text) - len(text.lstrip()))
        lines = textwrap.wrap(
            whole,
            shutil.get_terminal_size().columns,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return "\n".join(lines).replace(_HELD, " ")

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[Any]], indent: str = "  ", *, spare: Sequence[str] = ()
    ) -> None:
        """Rows in aligned columns below a heading; an empty cell is a dash, a state has its colour.

        On a terminal that is too narrow the columns of `spare` are left out, one after the other, then the last column
        is wrapped; nothing is cut. What is longer than the terminal goes through the pager ($PAGER, `less`).
        """
        cells = [list(columns), *([str(cell) if cell not in (None, "") else "-" for cell in row] for row in rows)]
        size = shutil.get_terminal_size() if self.out.isatty() else None
        kept = list(range(len(columns)))
        for name in spare:
            if size and _width(cells, kept, indent) > size.columns:
                kept.remove(columns.index(name))
        widths = [max(len(line[index]) for line in cells) for index in kept]
        rest = size.columns - _width(cells, kept[:-1], indent) - len(_GAP) if size else 0
        if size and _NARROWEST <= rest < widths[-1]:
            widths[-1] = rest
        lines = []
        for number, line in enumerate(cells):
            found = self._lines([line[index] for index in kept], widths, indent)
            lines += [self.styled(each, "dim") for each in found] if number == 0 else found
        if size and len(lines) >= size.lines and self.out is sys.stdout:
            os.environ.setdefault("LESS", "FRX")
            pydoc.pager("\n".join(lines))
        else:
            self.write("\n".join(lines))

    def _lines(self, cells: Sequence[str], widths: Sequence[int], indent: str) -> list[str]:
        """A row: one line, or several where its last cell is wrapped."""
        *first, last = cells
        padded = [self._state(cell) + " " * (width - len(cell)) for cell, width in zip(first, widths, strict=False)]
        head = "".join(cell + _GAP for cell in padded)
        begin, *more = textwrap.wrap(last, widths[-1]) if len(last) > widths[-1] else [last]
        hanging = indent + " " * (sum(widths[:-1]) + len(_GAP) * len(first))
        return [(indent + head + self._state(begin)).rstrip(), *(hanging + each for each in more)]

    def _state(self, text: str) -> str:
        return self.styled(text, _STATES[text]) if text in _STATES else text


def _width(cells: Sequence[Sequence[str]], kept: Sequence[int], indent: str) -> int:
    return len(indent) + sum(max(len(line[index]) for line in cells) for index in kept) + len(_GAP) * (len(kept) - 1)
