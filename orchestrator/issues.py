"""One thing that is wrong with `autopilots.yaml`, where, and the way out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True, kw_only=True)
class Issue:
    """`line` and `column` count from 1; `code` is stable, for scripts; sorted as they stand in the file."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.message} [{self.code}]"
        return f"{text}\n  {self.hint}" if self.hint else text
