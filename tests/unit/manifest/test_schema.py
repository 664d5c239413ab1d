"""The JSON Schema that editors use."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.manifest.schema import schema_json
from orchestrator.manifest.source import read
from tests.support.project import ROOT

SCHEMA = json.loads(schema_json())
VALIDATOR = Draft202012Validator(SCHEMA)


def with_needs(needs: dict[str, Any]) -> dict[str, Any]:
    autopilot = {"name": "a", "endpoint": "https://a.example.com/", "capabilities": ["a.b"], "needs": needs}
    return {"orchestrator": {"worker": "router"}, "autopilots": [autopilot]}


def worker(**more: Any) -> dict[str, Any]:
    return {"workers": [{"name": "w", **more}]}


def test_the_committed_schema_is_fresh() -> None:
    committed = (ROOT / "autopilots.schema.json").read_text()

    assert committed == schema_json(), "run: python -m orchestrator schema > autopilots.schema.json"


def test_it_is_a_schema_of_the_draft_that_it_names() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_shipped_file_fits() -> None:
    text = (ROOT / "autopilots.yaml").read_text()

    assert text.startswith("# yaml-language-server: $schema=./autopilots.schema.json\n")
    VALIDATOR.validate(read(text, "autopilots.yaml").data)


@pytest.mark.parametrize(
    "needs",
    [
        {"kvNamespaces": ["LOGS", {"title": "MORE"}]},
        {"r2Buckets": ["pages", {"name": "more", "location": "weur"}]},
        worker(source="w.ts", secrets=["KEY", {"name": "OTHER", "optional": True}]),
        worker(content="export default {}", vars={"A": "b"}),
    ],
)
def test_shorthands_and_full_forms_fit(needs: dict[str, Any]) -> None:
    VALIDATOR.validate(with_needs(needs))


@pytest.mark.parametrize(
    "needs",
    [
        {"buckets": []},
        {"kvNamespaces": [7]},
        {"r2Buckets": ["Pages"]},
        {"r2Buckets": [{"name": "pages", "location": None}]},
        worker(),
        worker(source="w.ts", content="export default {}"),
        worker(source="w.ts", secrets=["STAGE"]),
        worker(source="w.ts", vars={"MY-VAR": "x"}),
        worker(source="w.ts", vars={"A": 1}),
    ],
    ids=str,
)
def test_what_the_models_refuse_by_type_does_not_fit(needs: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(with_needs(needs))


def keys() -> list[tuple[str, dict[str, Any]]]:
    """Each key of the file with its schema, the definition's among it."""
    definitions = {"": SCHEMA, **SCHEMA["$defs"]}
    objects = [(name, each) for name, all_of in definitions.items() for each in [all_of, *all_of.get("anyOf", [])]]
    return [(f"{name}.{key}", value) for name, each in objects for key, value in each.get("properties", {}).items()]


def test_every_key_is_described() -> None:
    assert [name for name, value in keys() if not value.get("description")] == []


def test_every_key_has_examples_that_fit_it() -> None:
    """What an editor offers, and the reference shows, may be written so."""
    assert [name for name, value in keys() if not value.get("examples")] == []
    for name, value in keys():
        validator = Draft202012Validator({**value, "$defs": SCHEMA["$defs"]})
        assert [each for each in value["examples"] if not validator.is_valid(each)] == [], name
