"""The one table of kinds, and the one reader of URNs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.kinds import DATA_KINDS, Kind, Urn, kind_of_type, read_urn, word_of
from tests.support.project import ROOT

TABLE = ROOT / "orchestrator" / "kinds.py"
SOURCES = [path for folder in ("orchestrator", "scripts") for path in (ROOT / folder).rglob("*.py") if path != TABLE]
TYPES = {kind.pulumi_type for kind in Kind} | {kind.type_name for kind in Kind}
WORDS = {kind.word for kind in Kind}


def strings(node: ast.AST) -> Iterator[str]:
    """All texts but those that only list what a module exports."""
    if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from strings(child)


def tables_of_words(tree: ast.AST) -> Iterator[int]:
    """The lines of dictionaries, sets, tuples and lists in which two kinds or more have their words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict | ast.Set | ast.Tuple | ast.List) and len(WORDS & set(strings(node))) > 1:
            yield node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_second_table_of_kinds(path: Path) -> None:
    text = path.read_text()
    if not any(name in text for name in TYPES) and sum(word in text for word in WORDS) < 2:
        return  # nothing in it can be a table: the tree is not worth its time
    tree = ast.parse(text)

    assert [text for text in strings(tree) if text in TYPES] == [], "take the type from orchestrator.kinds"
    assert list(tables_of_words(tree)) == [], "take the words from orchestrator.kinds"


def test_the_test_sees_a_second_table() -> None:
    table = ast.parse('WORDS = {"kv": "KV namespace", "r2": "R2 bucket"}\nTYPES = {"WorkersScript": "worker"}')

    assert list(tables_of_words(table)) == [1]
    assert "WorkersScript" in set(strings(table)) & TYPES


def test_a_kind_is_found_by_its_type_and_told_by_its_word() -> None:
    assert all(kind_of_type(kind.pulumi_type) is kind for kind in Kind)
    assert kind_of_type("autopilot:infra:Storage") is None
    assert (word_of("schedules"), word_of("hyperdrive")) == ("cron triggers", "hyperdrive")
    assert DATA_KINDS == (Kind.KV_NAMESPACE, Kind.R2_BUCKET, Kind.D1_DATABASE)


def test_a_kind_knows_where_its_name_stands() -> None:
    assert Kind.KV_NAMESPACE.name_in({"title": "LOGS", "accountId": "1"}) == "LOGS"
    assert Kind.SCHEDULES.name_in({"scriptName": "desk"}) == "desk"
    assert Kind.R2_BUCKET.name_in({}) == ""


@pytest.mark.parametrize(
    ("urn", "read"),
    [
        ("urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod", Urn(type="pulumi:pulumi:Stack", name="p-prod")),
        ("urn:pulumi:prod::p::a:b:Storage$x:y/z:R2Bucket::files", Urn(type="x:y/z:R2Bucket", name="files")),
        ("urn:pulumi:prod::p::a:b:C$d:e:F::tenant::sessions", Urn(type="d:e:F", name="tenant::sessions")),
        ("urn:pulumi:prod::p::d:e:F::::$::", Urn(type="d:e:F", name="::$::")),
    ],
)
def test_the_name_is_all_after_the_third_separator(urn: str, read: Urn) -> None:
    assert read_urn(urn) == read
