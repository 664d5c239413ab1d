"""docs/guide/first-autopilot.md, followed step by step as a reader does it, in a checkout of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import Checkout
from tests.support.project import ROOT

BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout.create(tmp_path / "project")
    try:
        yield checkout
    finally:
        checkout.make("destroy")


def test_each_step_does_what_it_says(checkout: Checkout) -> None:
    """Commands run, files are written, what stands below a heading goes into autopilots.yaml, answers are as shown."""
    blocks = BLOCK.findall((ROOT / "docs/guide/first-autopilot.md").read_text())
    output = ""
    for language, title, text in blocks:
        if language == "sh" and text.startswith("make "):
            output = checkout.run("bash", "-ec", text)
        elif language == "sh":
            output = checkout.shell(text)
        elif language == "json":
            assert json.loads(output) == json.loads(text)
        elif language == "yaml":
            manifest = checkout.manifest.read_text()
            assert manifest.count(f"\n{title}\n") == 1
            checkout.manifest.write_text(manifest.replace(f"\n{title}\n", f"\n{title}\n{text}"))
        else:
            path = checkout.folder / title
            path.parent.mkdir(parents=True)
            path.write_text(text)

    assert [language for language, _, _ in blocks].count("json") == 2
    assert "greet" in checkout.shell("python -m orchestrator journal --since 1h --task greet --json")
