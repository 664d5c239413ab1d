"""SQL taken apart into statements, as SQLite itself would say that they end."""

from __future__ import annotations

import sqlite3
from random import Random

import pytest

from local_cloudflare.runtime.sql import statements

TRIGGER = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT CASE WHEN 1 THEN 2 END;\n  DELETE FROM c;\nEND;"


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1;", "SELECT 2"]),
        (
            "SELECT ';''; -- ' ; -- no; end\n/* ; */ SELECT \"a;\"\";\" ;",
            ["SELECT ';''; -- ' ;", '-- no; end\n/* ; */ SELECT "a;"";" ;'],
        ),
        (f"{TRIGGER} SELECT 3;", [TRIGGER, "SELECT 3;"]),
        ("SELECT [a;b] , `c;d`;;;", ["SELECT [a;b] , `c;d`;"]),
        (" -- nothing;", [" -- nothing;"]),
        ("", [""]),
        ("SELECT 'not ended; SELECT 2;", ["SELECT 'not ended; SELECT 2;"]),
    ],
)
def test_statements_end_where_sqlite_says(sql: str, parts: list[str]) -> None:
    assert statements(sql) == parts


def test_they_are_those_that_sqlite_calls_complete() -> None:
    random = Random(4)  # noqa: S311
    words = ("CREATE", "TRIGGER", "TEMP", "END", ";", "'", '"', "--", "\n", "/*", "*/", " ", "a", "EXPLAIN", "[", "]")
    for _ in range(2000):
        sql = " ".join(random.choices(words, k=12))
        for part in statements(sql)[:-1]:
            assert sqlite3.complete_statement(part), (sql, part)


def test_a_long_text_with_semicolons_is_taken_apart_in_one_pass() -> None:
    text = f"SELECT '{'x; ' * 500_000}'"

    assert statements(f"{text};SELECT 1") == [f"{text};", "SELECT 1"]
