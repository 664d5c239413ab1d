"""Reading YAML: nothing that somebody may write ends in anything but data or issues, in no time."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import ManifestError
from orchestrator.manifest import parse
from orchestrator.manifest.source import read

FRAGMENTS = re.split(r"\|", r"a|b:| |  |- |[|]|{|}|, |: |&x |*x|!t |'|\"|#|---|...|%|?|<<|null|1|1e9|true|\\|> |!!int ")
CHARACTERS = ["\n", "\n", "\n  ", "\t", "|\n", "\u2028", "\x85", "\ud800", "\x00", "\ufeff"]
YAML_LIKE = st.lists(st.sampled_from(FRAGMENTS + CHARACTERS), max_size=25).map("".join)
KEYS = re.findall(
    r"\w+",
    "orchestrator autopilots tasks worker name needs workers kvNamespaces r2Buckets capability capabilities endpoint "
    "secrets vars crons once allowedHosts location title",
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 999) | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.sampled_from(KEYS), values, max_size=4),
    max_leaves=15,
)


@settings(max_examples=60, database=None, deadline=None)
@given(YAML_LIKE)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    source = read(text, "f")

    lines = len(text.splitlines()) + 1
    assert all(1 <= issue.line <= lines and issue.column >= 1 for issue in source.issues)


@settings(max_examples=25, database=None, deadline=None)
@given(DATA)
def test_no_data_makes_the_checks_fail(data: object) -> None:
    with suppress(ManifestError):
        parse(json.dumps(data))  # JSON is YAML


def test_positions_are_those_of_keys_and_values() -> None:
    source = read("a:\n  - b: 1\n    c: [x, yy]\n", "f")

    assert source.data == {"a": [{"b": 1, "c": ["x", "yy"]}]}
    assert source.keys[("a", 0, "c")] == (3, 5)
    assert source.values[("a", 0, "c", 1)] == (3, 12)


def test_a_few_lines_of_aliases_do_not_become_gigabytes() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))

    source = read(bomb, "f")

    assert len(source.issues) == 2 * 39
    assert {issue.code for issue in source.issues} == {"yaml-alias"}


def test_deep_nesting_is_refused() -> None:
    source = read("a: " + "[" * 100_000, "f")

    assert [str(issue) for issue in source.issues] == [
        "f:1:34: the file is nested more than 30 levels deep [yaml-syntax]\n  flatten it"
    ]
