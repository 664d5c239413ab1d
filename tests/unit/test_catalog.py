"""The catalogue: its schemas are schemas, its examples fit them, and what is no entry says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from orchestrator.catalog import load_catalog
from orchestrator.catalog.entries import CatalogError
from orchestrator.catalog.patterns import is_pattern
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
        (GOOD.replace("meta: {type: object}", "meta: {required: to}"), "`required` that is no list of names"),
        (GOOD.replace("meta: {type: object}", "meta: {type: []}"), "`meta` has no known type: none"),
        (GOOD.replace("meta: {type: object}", "meta: {enum: []}"), "`enum` without a value"),
        (GOOD.replace("meta: {type: object}", "meta: {minLength: -1}"), "`meta` has no number for `minLength`"),
        (GOOD.replace("meta: {type: object}", "meta: {maximum: .nan}"), "`meta` has no number for `maximum`"),
        (GOOD.replace("meta: {type: object}", "meta: {title: 5}"), "`title` that is no text"),
        (GOOD.replace("meta: {type: object}", "meta: {pattern: '['}"), "`pattern` that JavaScript does not read"),
        (GOOD + "examples: 5\n", "`examples` is no list of {title, meta}"),
        (GOOD + "examples: [{title: A}]\n", "`examples` is no list of {title, meta}"),
        (GOOD + "errors: [{status: 409, when: it runs, or ended}]\n", "`errors` is no list of {status, when}"),
        (
            GOOD.replace("meta: {type: object}", "meta: {required: [to]}") + "examples: [{title: A, meta: {}}]\n",
            "its example 1 does not fit: /meta/to is required",
        ),
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


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[\w.-]+$",
        r"[^\]]",
        r"\p{L}+",
        r"a{2,3}?",
        r"(?<n>a)(?!b)",
        r"\u{1F600}",
        r"[\-\/]",
        r"\b(?:a|b)*",
        r"(?<=a)b",
        "",
    ],
)
def test_what_javascript_reads_may_be_a_pattern(pattern: str) -> None:
    assert is_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[",
        "(",
        "a{",
        "}",
        "]",
        "a**",
        "a++",
        "^*",
        "[z-a]",
        r"[\w-a]",
        r"\_",
        r"\Z",
        "(?i)a",
        "(?P<a>b)",
        "(?#c)",
        r"\x4",
        5,
    ],
)
def test_what_it_does_not_read_may_not(pattern: object) -> None:
    """Each of them is a SyntaxError of `new RegExp(pattern, "u")`; some are good expressions of Python."""
    assert not is_pattern(pattern)
