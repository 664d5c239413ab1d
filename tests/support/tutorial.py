"""The steps of docs/guide/first-autopilot.md and its autopilot `greeter` in a checkout; what other guides say to type.

`python -m tests.support.tutorial` adds it to this checkout, as a user would: the checks and tests stay green.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.support.project import ROOT

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code of the page. `title`: the file that it is, or the line of autopilots.yaml that it goes below."""

    language: str
    title: str
    text: str


def read_tutorial() -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall((ROOT / "docs/guide/first-autopilot.md").read_text())]


def commands_of(page: str) -> list[str]:
    """The blocks of a guide that anybody can type on the stack `local`, as one script each: neither those for
    production, nor with a placeholder, nor what a person ends."""
    text = (ROOT / f"docs/guide/{page}.md").read_text()
    blocks = [Block(*found).text for found in _BLOCK.findall(text) if found[0] == "sh"]
    return [each for each in blocks if not re.search(r"-s prod|<\w|make dev|alertUrl", each)]


def write_block(block: Block, folder: Path) -> None:
    """Write a block to the project in `folder`; nothing where it is there already."""
    if block.language != "yaml":
        path = folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        return
    path = folder / "autopilots.yaml"
    manifest = path.read_text()
    if block.text not in manifest:
        assert manifest.count(f"\n{block.title}\n") == 1
        path.write_text(manifest.replace(f"\n{block.title}\n", f"\n{block.title}\n{block.text}"))


if __name__ == "__main__":
    for each in read_tutorial():
        if each.title:
            write_block(each, ROOT)
