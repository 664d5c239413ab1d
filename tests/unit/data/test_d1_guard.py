"""A schema that somebody else wrote computes and does nothing else on this machine, in a copy or in the rehearsal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.data.d1 import copy
from orchestrator.data.d1.contents import FILE, check, rehearse
from orchestrator.data.d1.scratch import Scratch
from orchestrator.errors import CloudflareError, UserError
from tests.unit.data.test_d1 import made, say_nothing, values


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with closing(Scratch(":memory:")) as scratch:
        yield scratch


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE a (b CHECK (load_extension(b) IS NULL))",
        "CREATE TABLE a (b, c AS (fts3_tokenizer(b)))",
        "CREATE VIRTUAL TABLE a USING sqlite_dbpage",
        "CREATE VIRTUAL TABLE a USING dbstat",
        "CREATE VIRTUAL TABLE a USING fts4(b)",
        "ATTACH 'other.sqlite' AS other",
        "PRAGMA writable_schema = ON",
        "PRAGMA main.Writable_Schema = ON",
    ],
)
def test_it_is_denied(scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(copy.connect(":memory:")) as connection, pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        connection.execute(sql)
    with pytest.raises(CloudflareError, match="not authorized"):
        made(scratch, sql)

    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "rule", ["c AS (load_extension(b))", "c AS (fts3_tokenizer(b)) STORED", "CHECK (load_extension(b) IS NULL)"]
)
def test_a_backup_whose_schema_was_written_by_hand_is_refused(tmp_path: Path, rule: str) -> None:
    """SQLite itself would not have made this table; a file can be given any schema."""
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as file:
        file.execute("CREATE TABLE a (b)")
        file.execute("INSERT INTO a VALUES ('x')")
        file.execute("PRAGMA writable_schema = ON")
        file.execute("UPDATE sqlite_master SET sql = ?", [f"CREATE TABLE a (b, {rule})"])

    with pytest.raises((UserError, CloudflareError), match=r"not authorized|malformed database schema \(a\)"):
        rehearse(tmp_path, say_nothing)


def test_a_backup_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"x" * 5000)

    with pytest.raises(UserError, match="cannot be read: file is not a database"):
        check(tmp_path, {})


INDEXED = ("CREATE VIRTUAL TABLE f USING fts5(a)", "INSERT INTO f VALUES ('x')", "CREATE TABLE doc (a)")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("INSERT INTO f_content VALUES (7, 'x')", "table f_content may not be modified"),
        ("UPDATE F_Data SET block = 1", "table f_data may not be modified"),
        ("DELETE FROM f_idx", "table f_idx may not be modified"),
        ("DROP TABLE f_docsize", "table f_docsize may not be modified"),
        ("WITH x AS (SELECT 1) INSERT INTO f_config SELECT 1, 1 FROM x", "table f_config may not be modified"),
        ("CREATE TABLE Found_Content (a)", "object name reserved for internal use: found_content"),
    ],
)
def test_nobody_writes_to_what_a_virtual_table_has_made(scratch: Scratch, sql: str, words: str) -> None:
    made(scratch, *INDEXED, "CREATE VIRTUAL TABLE found USING fts5(a, content='doc')")

    with pytest.raises(CloudflareError, match=words):
        made(scratch, sql)

    made(scratch, "INSERT INTO f VALUES ('y')", "INSERT INTO f (f) VALUES ('integrity-check')", "DROP TABLE found")
    assert values(scratch, "SELECT a FROM f WHERE f MATCH 'y'") == [["y"]]


def test_what_only_looks_like_theirs_is_the_users(scratch: Scratch) -> None:
    made(
        scratch,
        *INDEXED,
        "CREATE VIRTUAL TABLE voc USING fts5vocab('f', 'row')",
        *("CREATE TABLE voc_data (a)", "INSERT INTO voc_data VALUES (1)", "CREATE TABLE f_extra (a)"),
        *("CREATE TABLE g_content (a)", "INSERT INTO g_content VALUES (1)", "DROP TABLE f", "CREATE TABLE f_data (a)"),
        "INSERT INTO f_data VALUES (2)",
    )

    assert values(scratch, "SELECT a FROM voc_data UNION ALL SELECT a FROM f_data") == [[1], [2]]
