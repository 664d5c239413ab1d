"""A change of an entry needs a new version, and one that breaks who uses the capability a new major one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from orchestrator.catalog import Entry, load_catalog
from orchestrator.catalog.compare import breaks, mistakes
from orchestrator.catalog.schema import mistakes_of
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


def test_true_is_not_1_where_values_are_compared() -> None:
    old, new = (replace(ENTRY, meta={"enum": [value]}) for value in (True, 1))

    assert breaks(old, new) == ["`meta` takes fewer values: 1"]


def test_a_value_that_only_one_of_const_and_enum_allows_is_not_taken() -> None:
    old, new = (replace(ENTRY, meta=meta) for meta in ({"const": "a"}, {"const": "a", "enum": ["b"]}))

    assert breaks(old, new) == ["`meta` takes fewer values: "]


@pytest.mark.parametrize("seed", range(3))
def test_what_was_taken_and_no_longer_is_breaks_whatever_changed(seed: int) -> None:
    """Of values that have only what the old schema tells of: other members of an entry break nobody."""
    made = Random(seed)  # noqa: S311
    for _ in range(100):
        old = _schema(made)
        new = _changed(made, old)
        values = [value for value in (_value(made) for _ in range(8)) if _is_told_of(old, value)]
        was, now = ([not mistakes_of(schema, value, "") for value in values] for schema in (old, new))
        if any(one and not two for one, two in zip(was, now, strict=True)):
            assert breaks(replace(ENTRY, meta=old), replace(ENTRY, meta=new)), (old, new)
        if any(two and not one for one, two in zip(was, now, strict=True)):
            assert breaks(replace(ENTRY, result=old), replace(ENTRY, result=new)), (old, new)


_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_SCALARS = ("a", "b", "", "aba", 0, 1, -2, 1.5, True, False, None)


def _schema(made: Random, depth: int = 0) -> dict[str, Any]:
    keywords: dict[str, Any] = {
        "type": made.choice(_TYPES) if made.random() < 0.7 else made.sample(_TYPES, 2),
        "enum": made.sample(_SCALARS, made.randint(1, 4)),
        "const": made.choice(_SCALARS),
        "pattern": made.choice(("^a", "b$", "^[ab]*$")),
        **{name: made.randint(0, 3) for name in ("minLength", "maxLength", "minItems", "maxItems")},
        **{name: made.randint(-2, 2) for name in ("minimum", "maximum")},
    }
    if depth < 2:
        keywords |= {
            "properties": {name: _schema(made, depth + 1) for name in made.sample("xyz", made.randint(0, 3))},
            "required": made.sample("xyz", made.randint(0, 2)),
            "additionalProperties": made.random() < 0.5,
            "items": _schema(made, depth + 1),
        }
    often = {"type": 0.7, "properties": 0.5}
    return {name: each for name, each in keywords.items() if made.random() < often.get(name, 0.2)}


def _changed(made: Random, schema: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    if (members := schema.get("properties")) and made.random() < 0.4:
        name = made.choice(sorted(members))
        return {**schema, "properties": {**members, name: _changed(made, members[name], depth + 1)}}
    fresh = _schema(made, depth)
    name = made.choice(sorted({*schema, *fresh, "type"}))
    changed = {key: each for key, each in schema.items() if key != name}
    return {**changed, name: fresh[name]} if name in fresh else changed


def _value(made: Random, depth: int = 0) -> Any:
    kind = made.random()
    if kind < 0.55 or depth > 2:
        return made.choice(_SCALARS)
    if kind < 0.7:
        return [_value(made, depth + 1) for _ in range(made.randint(0, 3))]
    return {name: _value(made, depth + 1) for name in made.sample("xyz", made.randint(0, 3))}


def _is_told_of(schema: dict[str, Any], value: Any) -> bool:
    if isinstance(value, dict):
        members = schema.get("properties", {})
        return all(name in members and _is_told_of(members[name], each) for name, each in value.items())
    return not isinstance(value, list) or all(_is_told_of(schema.get("items", {}), each) for each in value)
