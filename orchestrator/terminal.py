"""What commands write to: two streams, and how text looks on them.

Output proper goes to `out`, messages and errors to `err`, so that `… --json | jq` works while something is reported.
Colours only where a person reads: on a terminal, and unless NO_COLOR (no-color.org) or TERM=dumb says no.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


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

    def styled(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """`text` in a style (bold, dim, red, green, yellow) where `stream`, `out` if not said, shows colours."""
        if self._plain or not (stream or self.out).isatty():
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], indent: str = "  ") -> None:
        """Rows in aligned columns below a heading; an empty cell is a dash."""
        lines = [list(columns), *([str(cell) if cell not in (None, "") else "-" for cell in row] for row in rows)]
        widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
        for number, line in enumerate(lines):
            padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            text = (indent + "  ".join(padded)).rstrip()
            self.write(self.styled(text, "dim") if number == 0 else text)
