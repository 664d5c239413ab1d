"""Where the entry of one autopilot or one task stands in the text of `autopilots.yaml`, and what `new` would write
there: for changes of one entry that leave every other byte as people wrote it.

Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from orchestrator.manifest.edit import block_lines, end_of, flow_text, last_line

Section = Literal["autopilots", "tasks"]


@dataclass(frozen=True, kw_only=True)
class EntryPlace:
    """What stands from `start` to `end` (characters of `text`), without the last line's end; `indent` before its first
    line, None for what stands in a flow."""

    text: str
    start: int
    end: int
    indent: str | None

    @property
    def entry(self) -> str:
        """Its lines, which end with a line feed alone."""
        return self.text[self.start : self.end].replace("\r\n", "\n")

    def replaced(self, entry: str) -> str:
        """The whole text, with `entry` in its place."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        return f"{self.text[: self.start]}{entry.replace(chr(10), newline)}{self.text[self.end :]}"


def write_entry(section: Section, name: str, declared: Mapping[str, Any], indent: str | None = "  ") -> str:
    """How `new` writes an entry; `indent` as a EntryPlace has it."""
    if section == "autopilots":
        if indent is None:
            return json.dumps(declared, ensure_ascii=False)
        return "\n".join(block_lines(declared, indent))
    if indent is None:
        return f"{json.dumps(name)}: {json.dumps(declared, ensure_ascii=False)}"
    return f"{indent}{name}: {flow_text(declared)}"


def find_entry(text: str, section: Section, name: str) -> EntryPlace | None:
    """Where the autopilot or the task `name` of a right manifest stands; None where there is none."""
    listed = _value(yaml.compose(text, Loader=yaml.SafeLoader), section)
    if listed is None:
        return None
    if section == "autopilots":
        found = next(((item, item) for item in listed.value if _value(item, "name").value == name), None)
    else:
        found = next(((key, value) for key, value in listed.value if key.value == name), None)
    if found is None:
        return None
    first, last = found
    if listed.flow_style:
        return EntryPlace(text=text, start=first.start_mark.index, end=end_of(last).index, indent=None)
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: first.start_mark.line]))
    whole = "".join(lines[first.start_mark.line : last_line(last, lines) + 1])
    indent = " " * listed.start_mark.column
    return EntryPlace(text=text, start=start, end=start + len(whole.rstrip("\r\n")), indent=indent)


def _value(node: Any, name: str) -> Any:
    return next((value for key, value in node.value if key.value == name), None)
