"""A change of an entry needs a new version, and one that breaks who uses the capability a new major one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.catalog import Entry, load_catalog
from orchestrator.catalog.compare import breaks, mistakes
from scripts import catalog
from tests.support.project import ROOT

META = {
    "type": "object",
    "required": ["to"],
    "properties": {
        "to": {"type": "string", "maxLength": 20},
        "size": {"enum": ["s", "m"]},
        "parts": {"type": "array", "items": {"type": ["number", "null"]}},
    },
}
RESULT = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "at": {"type": "string"}}}
ENTRY = Entry(name="a.b", version="1.2.3", title="A", description="", meta=META, result=RESULT)


def member(**changes: Any) -> dict[str, Any]:
    return {**META, "properties": {**META["properties"], **changes}}  # type: ignore[dict-item]


BREAKING_META = {
    "`meta.size` is required": {**META, "required": ["to", "size"]},
    "`meta.to` is no longer string": member(to={"type": "integer", "maxLength": 20}),
    "another `maxLength`: 20 before, 10 now": member(to={"type": "string", "maxLength": 10}),
    "another `minLength`: none before, 1 now": member(to={"type": "string", "maxLength": 20, "minLength": 1}),
    "another `format`: none before, email now": member(to={"type": "string", "maxLength": 20, "format": "email"}),
    "`meta.size` takes fewer values: s": member(size={"const": "s"}),
    "`meta.parts[]` is no longer null": member(parts={"type": "array", "items": {"type": "number"}}),
    "`meta` takes no other members": {**META, "additionalProperties": False},
}
FINE_META = {
    "a member more": member(more={"type": "string"}),
    "longer": member(to={"type": "string", "maxLength": 30}),
    "one value more": member(size={"enum": ["s", "m", "l"]}),
    "less is required": {**META, "required": []},
    "any type": member(to={"maxLength": 20}),
}
BREAKING_RESULT = {
    "`result.at` is gone": {**RESULT, "properties": {"id": {"type": "string"}}},
    "`result.id` is required": {**RESULT, "required": []},
    "`result.id` is no longer null": {**RESULT, "properties": {"id": {"type": ["string", "null"]}, "at": {}}},
}


@pytest.mark.parametrize("what", BREAKING_META)
def test_what_callers_sent_must_still_be_taken(what: str) -> None:
    new = replace(ENTRY, version="1.3.0", meta=BREAKING_META[what])

    assert any(what in each for each in breaks(ENTRY, new))
    (mistake,) = mistakes({"a.b": ENTRY}, {"a.b": new})
    assert "version 2.0.0, not 1.3.0" in mistake
    assert mistakes({"a.b": ENTRY}, {"a.b": replace(new, version="2.0.0")}) == []


@pytest.mark.parametrize("what", FINE_META)
def test_what_takes_more_breaks_nobody(what: str) -> None:
    new = replace(ENTRY, version="1.3.0", meta=FINE_META[what])

    assert mistakes({"a.b": ENTRY}, {"a.b": new}) == []


@pytest.mark.parametrize("what", BREAKING_RESULT)
def test_what_was_answered_must_still_be_there(what: str) -> None:
    assert any(what in each for each in breaks(ENTRY, replace(ENTRY, result=BREAKING_RESULT[what])))


def test_an_answer_may_have_more() -> None:
    assert breaks(ENTRY, replace(ENTRY, result={**RESULT, "required": ["id", "at"]})) == []


def test_a_change_needs_a_version_and_a_version_does_not_fall() -> None:
    longer = replace(ENTRY, meta=FINE_META["longer"])

    assert "is still 1.2.3" in mistakes({"a.b": ENTRY}, {"a.b": longer})[0]
    assert "is lower than" in mistakes({"a.b": ENTRY}, {"a.b": replace(ENTRY, version="1.2.2")})[0]
    assert mistakes({"a.b": ENTRY}, {"a.b": replace(ENTRY, title="Other words")}) == []
    assert mistakes({"a.b": ENTRY}, {}) == []


def test_what_is_recorded_is_what_the_entries_say() -> None:
    assert (ROOT / catalog.RECORD).read_text() == catalog.record_of(load_catalog(ROOT))


def test_a_break_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    folder = tmp_path / "catalog/capabilities"
    folder.mkdir(parents=True)
    entry = "name: a.b\nversion: 1.0.0\ntitle: A\nmeta: {type: object}\nresult: {}\n"
    (folder / "a.b.yaml").write_text(entry)
    monkeypatch.setattr(sys, "argv", ["catalog"])
    assert catalog.main(tmp_path) == 0
    before = (tmp_path / catalog.RECORD).read_text()

    (folder / "a.b.yaml").write_text(entry.replace("{type: object}", "{type: object, required: [to]}"))

    assert catalog.main(tmp_path) == 1
    assert "catalog: a.b: `meta.to` is required. That breaks who uses it" in capsys.readouterr().err
    assert (tmp_path / catalog.RECORD).read_text() == before
    (folder / "a.b.yaml").write_text(entry.replace("title: A", "title: B").replace("1.0.0", "1.0.1"))
    monkeypatch.setattr(sys, "argv", ["catalog", "--check"])
    assert catalog.main(tmp_path) == 1
    assert "run `make catalog`" in capsys.readouterr().err
