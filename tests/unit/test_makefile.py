"""The Makefile works with the make of macOS (3.81), which looks for a recipe's program where it looked before."""

from __future__ import annotations

import re

import pytest

from tests.support.project import ROOT

TEXT = (ROOT / "Makefile").read_text()
COMMANDS = [part for line in TEXT.splitlines() if line.startswith("\t") for part in re.split(r" && | ; ", line[1:])]
SYSTEM = ("grep ", "mv ")
"""What every system has."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_recipe_names_its_program_in_full(command: str) -> None:
    assert command.lstrip("@").startswith(("$(BIN)/", "$(PYTHON) ", *SYSTEM))


def test_each_target_with_a_text_is_phony() -> None:
    [phony] = re.findall(r"^\.PHONY: (.+)$", TEXT, re.M)

    assert set(re.findall(r"^([a-z-]+):.*##", TEXT, re.M)) <= set(phony.split())
