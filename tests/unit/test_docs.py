"""docs/reference is what `make docs` writes, and has everything."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from orchestrator.cli import EXIT_CODES
from orchestrator.commands.table import COMMANDS
from orchestrator.manifest.models import Manifest
from orchestrator.stack.setting_names import KEYS
from orchestrator.stack.setting_texts import TEXTS
from scripts.docs import FOLDER, pages
from scripts.reference import markdown
from tests.support.project import ROOT

PAGES = pages(ROOT)


@pytest.mark.parametrize("name", PAGES)
def test_what_is_committed_is_made_of_the_code_as_it_is(name: str) -> None:
    assert (ROOT / FOLDER / name).read_text() == PAGES[name], "run `make docs`"


def test_each_setting_says_what_it_is_for() -> None:
    assert TEXTS.keys() == KEYS


def test_each_command_and_exit_code_is_there() -> None:
    commands = PAGES["commands.md"]

    assert [name for name in (command.name for command in COMMANDS) if f"orchestrator {name}`" not in commands] == []
    assert all(f"| {code} | " in commands for code in EXIT_CODES)


def test_each_key_of_the_file_is_there() -> None:
    """By the models themselves, not by the schema that the page is made of."""
    keys = set(re.findall(r"^\| `(\w+)` \|", PAGES["autopilots-yaml.md"], re.MULTILINE))

    assert {field.alias for model in models(Manifest) for field in model.model_fields.values()} == keys


def test_no_text_breaks_its_row() -> None:
    assert markdown.table(["a"], [["x | y\nz"]]).splitlines()[-1] == "| x \\| y z |"


def models(root: type[BaseModel]) -> set[type[BaseModel]]:
    """`root` and every model that a field of it may hold."""
    found: set[type[BaseModel]] = set()
    waiting = [root]
    while waiting:
        model = waiting.pop()
        if model in found:
            continue
        found.add(model)
        for field in model.model_fields.values():
            waiting.extend(held(field.annotation))
    return found


def held(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for argument in getattr(annotation, "__args__", ()) for each in held(argument)]
