"""docs/guide/first-autopilot.md, followed as a reader does it, in a checkout of its own; then what other guides say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import Checkout
from tests.support.tutorial import commands_of, read_tutorial, write_block


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout.create(tmp_path / "project")
    try:
        yield checkout
    finally:
        checkout.make("destroy")


def test_each_step_does_what_it_says(checkout: Checkout) -> None:
    """Commands run, files are written, what stands below a heading goes into autopilots.yaml, answers are as shown."""
    blocks = read_tutorial()
    output = ""
    for block in blocks:
        if block.title:
            write_block(block, checkout.folder)
        elif block.language == "json":
            assert json.loads(output) == json.loads(block.text)
        elif block.text.startswith("make "):
            output = checkout.run("bash", "-ec", block.text)
        else:
            output = checkout.shell(block.text)

    assert [block.language for block in blocks].count("json") == 2
    assert "greet" in checkout.shell("python -m orchestrator journal --since 1h --task greet --json")
    for page in ("local-stack", "later", "drift-and-heal", "alerts"):
        commands = commands_of(page)
        assert commands, page
        for command in commands:
            answer = checkout.shell(f"set -euo pipefail; {command}")
            assert "urn:problem" not in answer, f"{page}: {command}\n{answer}"
