"""The check of a value against a schema of the catalogue: the router's says what the library jsonschema says, and the
same in Python word for word."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from orchestrator.catalog import load_catalog
from orchestrator.catalog.schema import mistakes_of
from tests.support.project import ROOT
from tests.support.router_fixtures import Client

ENTRIES = load_catalog(ROOT)
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 1e300, 10**13, "", "a", "x" * 70, "acct_1", "eur", "\U0001f600", "__proto__",
    [], [[]], ["a"] * 60, {}, {"": 1}, {"toString": 1}, {"a/b": 1},
)  # fmt: skip
FORMATS = Draft202012Validator.FORMAT_CHECKER


def valid(schema: dict[str, Any], value: object) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))


def changed(value: Any, dice: random.Random) -> Any:
    """The same with one odd value somewhere, or one member less."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(sorted(value))
        if dice.random() < 0.2:
            return {key: each for key, each in value.items() if key != name}
        return {**value, name: changed(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        at = dice.randrange(len(value))
        return [*value[:at], changed(value[at], dice), *value[at + 1 :]]
    return copy.deepcopy(dice.choice(ODD))


def values(schema: dict[str, Any], examples: list[Any], dice: random.Random) -> Iterator[Any]:
    """Examples, changed; and an odd value for each member that the schema has."""
    yield from ODD
    for example in examples:
        yield example
        for _ in range(20):
            yield changed(example, dice)
        for name in schema.get("properties", {}):
            yield {**example, name: dice.choice(ODD)}


def without_formats(schema: Any) -> Any:
    """Formats are looser than their standards on purpose: the autopilots look closer."""
    if isinstance(schema, dict):
        return {key: without_formats(each) for key, each in schema.items() if key != "format" or each == {}}
    return [without_formats(each) for each in schema] if isinstance(schema, list) else schema


def test_it_agrees_with_jsonschema(client: Client) -> None:
    dice = random.Random(16)  # noqa: S311 - which cases there are
    cases = []
    for entry in ENTRIES.values():
        for schema, examples in ((entry.meta, [each["meta"] for each in entry.examples]), (entry.result, [{}])):
            plain = without_formats(schema)
            cases += [{"schema": plain, "value": value} for value in values(plain, examples, dice)]

    answers = client("corpus").post("/schemas", json={"cases": cases}).json()

    assert len(cases) > 1_000
    refused = 0
    for case, mistakes in zip(cases, answers, strict=True):
        assert (mistakes == []) is valid(case["schema"], case["value"]), (case, mistakes)
        assert mistakes_of(case["schema"], case["value"], "") == mistakes, case
        refused += mistakes != []
    assert refused > len(cases) / 4


def told(client: Client, schema: dict[str, Any], value: object) -> list[tuple[str, str]]:
    (mistakes,) = client("corpus").post("/schemas", json={"cases": [{"schema": schema, "value": value}]}).json()
    assert mistakes_of(schema, value, "") == mistakes
    return [(each["pointer"], each["message"]) for each in mistakes]


def test_each_mistake_has_its_pointer(client: Client) -> None:
    schema = {
        "type": "object",
        "required": ["a/b"],
        "additionalProperties": False,
        "properties": {"a/b": {}, "list": {"type": "array", "items": {"type": ["integer", "null"], "minimum": 2}}},
    }

    assert told(client, schema, {"list": [1, 2, "x", None], "more": 1}) == [
        ("/a~1b", "is required"),
        ("/list/0", "must be at least 2"),
        ("/list/2", "must be a whole number or null"),
        ("", "must have no members but a/b, list"),
    ]


def test_characters_are_counted_as_people_count_them(client: Client) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

    assert told(client, {"type": "string", "maxLength": 2}, family * 2) == []
    assert told(client, {"type": "string", "maxLength": 2}, family * 3) == [("", "must have at most 2 characters")]


def test_formats_refuse_what_is_none_at_all(client: Client) -> None:
    for words in (
        *("https://", "https://exa mple.com/", "https:ada", "https://a:b@c:80/?q#f", "https://[::1]/", "https://a:x/"),
        *("mailto:ada", "//example.com", "x:", "", "2026-11-26T25:00:00Z", "2026-11-26T21:00Z", "a@b", "a b@c", "@"),
    ):
        for name in ("uri", "date-time", "email"):
            told(client, {"format": name}, words)
    formats = {"email": "ada@example.com", "uri": "https://example.com/", "date-time": "2026-11-26T21:00:00+01:00"}

    for name, good in formats.items():
        assert told(client, {"format": name}, good) == []
        assert len(told(client, {"format": name}, good[:4])) == 1


def test_of_many_mistakes_a_hundred_are_told(client: Client) -> None:
    assert len(told(client, {"items": {"type": "string"}}, [1] * 100_000)) == 100
