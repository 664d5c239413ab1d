"""The catalogue: its schemas are schemas, its examples fit them, and what is no entry says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from orchestrator.catalog import load_catalog
from orchestrator.catalog.entries import CatalogError
from orchestrator.manifest import load
from tests.support.project import ROOT

ENTRIES = load_catalog(ROOT)
GOOD = "name: a.b\nversion: 1.0.0\ntitle: A\nmeta: {type: object}\nresult: {type: object}\n"


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_an_entry_is_whole(name: str) -> None:
    entry = ENTRIES[name]
    for schema in (entry.meta, entry.result):
        Draft202012Validator.check_schema(schema)
    assert entry.meta["type"] == "object"
    assert entry.examples
    for example in entry.examples:
        Draft202012Validator(entry.meta).validate(example["meta"])
    assert name in {each for autopilot in load(ROOT / "autopilots.yaml").autopilots for each in autopilot.capabilities}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("a.b", "a.c"), "its name is `a.c`"),
        (GOOD.replace("1.0.0", "1.0"), "not a semantic version"),
        (GOOD.replace("title: A\n", ""), "`title` is missing"),
        (GOOD + "size: 1\n", "`size` is no member"),
        (GOOD.replace("meta: {type: object}", "meta: 1"), "`meta` is not a JSON Schema"),
        (GOOD.replace("meta: {type: object}", "meta: {type: object, oneOf: []}"), "keyword `oneOf`, which the router"),
        (GOOD.replace("meta: {type: object}", "meta: {properties: {a: {type: text}}}"), "`meta.a` has no known type"),
        (GOOD.replace("meta: {type: object}", "meta: {items: {format: ipv4}}"), r"`meta\[\]` has a format"),
        (GOOD.replace("meta: {type: object}", "meta: {minimum: many}"), "`meta` has no number"),
        (GOOD.replace("meta: {type: object}", "meta: {enum: [[1]]}"), "`meta` may only have texts"),
        (GOOD.replace("meta: {type: object}", "meta: {additionalProperties: {}}"), "neither true nor false"),
        ("- a", "not a mapping"),
        ("{", "is not YAML"),
    ],
)
def test_what_is_no_entry_says_why(tmp_path: Path, text: str, message: str) -> None:
    folder = tmp_path / "catalog/capabilities"
    folder.mkdir(parents=True)
    (folder / "a.b.yaml").write_text(text)

    with pytest.raises(CatalogError, match=message):
        load_catalog(tmp_path)


def test_a_project_may_have_no_catalogue(tmp_path: Path) -> None:
    assert load_catalog(tmp_path) == {}
