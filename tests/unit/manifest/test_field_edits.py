"""A new field, or a new setting, comes with an edit by which the test of edit and undo can try it."""

from __future__ import annotations

import yaml

from orchestrator.manifest import models, needs
from orchestrator.manifest.loader import parse
from orchestrator.stack.rules import RULES
from orchestrator.stack.watch_rules import WATCH_KEYS
from tests.support.field_edits import FEW, FIELD_EDITS, SETTING_EDITS, edited, unedited


def test_every_field_of_the_file_has_an_edit() -> None:
    found = {**vars(models), **vars(needs)}.values()
    kinds = [each for each in found if isinstance(each, type) and issubclass(each, needs.Model)]
    fields = {f"{kind.__name__}.{field}" for kind in kinds for field in kind.model_fields}
    assert fields == FIELD_EDITS.keys()
    assert set(FEW) <= FIELD_EDITS.keys()


def test_every_setting_has_an_edit() -> None:
    assert {*(rule.key for rule in RULES), *WATCH_KEYS} == {*SETTING_EDITS, "accountId"}


def test_every_edit_changes_the_file_and_leaves_it_right() -> None:
    before = parse(yaml.safe_dump(unedited()))
    for edit in FIELD_EDITS.values():
        assert parse(yaml.safe_dump(edited(edit))) != before
