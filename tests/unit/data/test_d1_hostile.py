"""Schemas that trip what reads SQL by its words: each is saved, and restored into an empty database on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.data.d1 import copy
from orchestrator.data.d1.contents import rehearse
from orchestrator.data.d1.schema import tables
from orchestrator.data.d1.scratch import Scratch
from orchestrator.data.d1.values import quoted
from orchestrator.errors import UserError
from tests.unit.data.test_d1 import made, merged, saved, say_nothing, values

HOSTILE = {
    "generated columns, stored and not": [
        "CREATE TABLE a (x INT, y INT GENERATED ALWAYS AS (x * 2) STORED, z TEXT AS (x || '!') VIRTUAL, w)",
        "INSERT INTO a (x, w) VALUES (1, 'one'), (NULL, NULL)",
        "CREATE UNIQUE INDEX i ON a (y)",
        "CREATE INDEX j ON a (z, x + 1) WHERE w IS NOT NULL",
    ],
    "a stored column that refers to a row": [
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE c (x INT, p INT AS (x + 1) STORED REFERENCES p (id))",
        "INSERT INTO p VALUES (2)",
        "INSERT INTO c (x) VALUES (1)",
    ],
    "keywords, quotes and nothing at all as names": [
        'CREATE TABLE "select" ("from" INTEGER PRIMARY KEY, "where" TEXT, "group by" REAL, [order] BLOB, `values` ANY)',
        """INSERT INTO "select" VALUES (1, 'x', 1.5, X'00', 'y')""",
        'CREATE TABLE "a ""b"" \'c\'" (" " , "\'" , "`" , "]")',
        """INSERT INTO "a ""b"" 'c'" VALUES (1, 2, 3, 4)""",
        'CREATE TABLE "" ("" INT)',
        'INSERT INTO "" VALUES (7)',
        'CREATE INDEX "index" ON "select" ("where" COLLATE NOCASE DESC)',
        'CREATE VIEW "view" ("table") AS SELECT "from" FROM "select"',
    ],
    "names beyond ASCII, with lines and dots": [
        'CREATE TABLE "☃.Grüße\n-- x" ("é; DROP TABLE a" TEXT)',
        """INSERT INTO "☃.Grüße\n-- x" VALUES ('é')""",
        'CREATE TABLE "main.temp" (x)',
        'INSERT INTO "main.temp" VALUES (1)',
    ],
    "names like those of SQLite and of D1": [
        'CREATE TABLE "sqlitex_sequence" (x)',
        'CREATE TABLE "sqliteXsequence" (x)',
        'CREATE TABLE "Xcf_KV" (x)',
        "INSERT INTO sqlitex_sequence VALUES (1)",
        'INSERT INTO "Xcf_KV" VALUES (1)',
        'CREATE TABLE "sql_master" (type, name, sql)',
        "INSERT INTO sql_master VALUES ('table', 'x', 'CREATE TABLE x (y)')",
    ],
    "columns that hide the row's number": [
        "CREATE TABLE a (rowid TEXT, oid INT)",
        "INSERT INTO a VALUES ('x', 1), ('x', 1), (NULL, NULL)",
        "DELETE FROM a WHERE _rowid_ = 1",
        "CREATE TABLE b (rowid INTEGER PRIMARY KEY, x)",
        "INSERT INTO b VALUES (-5, 'y')",
    ],
    "triggers with semicolons, strings and other triggers' work": [
        "CREATE TABLE a (x)",
        "CREATE TABLE log (what TEXT, n INT)",
        "CREATE TRIGGER t1 AFTER INSERT ON a WHEN new.x <> ';' BEGIN\n"
        "  INSERT INTO log VALUES ('; END; -- create table', 1); /* ; */\n"
        "  UPDATE log SET n = CASE WHEN n > 1 THEN 2 ELSE 3 END; -- END;\nEND",
        "CREATE TRIGGER t2 AFTER INSERT ON log BEGIN DELETE FROM a WHERE x = new.what; END",
        "INSERT INTO a VALUES ('it''s; END;')",
        "CREATE VIEW v AS SELECT x FROM a",
        "CREATE TRIGGER t3 INSTEAD OF INSERT ON v BEGIN INSERT INTO a VALUES (new.x); END",
    ],
    "views on views, and before what they look at": [
        "CREATE VIEW z AS SELECT * FROM y",
        "CREATE VIEW y AS SELECT x AS once FROM a -- the end",
        "CREATE TABLE a (x)",
        "INSERT INTO a VALUES ('create view y')",
        "CREATE VIEW w (a, b) AS WITH c AS (SELECT 1 AS d) SELECT d, (SELECT count(*) FROM z) FROM c",
    ],
    "tables that were changed": [
        "CREATE TABLE a (x INTEGER PRIMARY KEY)",
        "INSERT INTO a VALUES (1), (2)",
        "ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'later'",
        "ALTER TABLE a ADD COLUMN z INT NOT NULL DEFAULT (7)",
        "ALTER TABLE a RENAME TO b",
        'ALTER TABLE b RENAME COLUMN y TO "y 2"',
        "INSERT INTO b VALUES (3, 'three', 4)",
        "ALTER TABLE b DROP COLUMN z",
        "CREATE TABLE c AS SELECT * FROM b",
    ],
    "rules that forbid": [
        "CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE c (a INT, b INT, x CHECK (x IS NULL OR length(x) > 1), "
        "FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO p VALUES (1, 2), (NULL, 3), (NULL, 3)",
        "INSERT INTO c VALUES (1, 2, 'xx'), (NULL, 9, NULL)",
    ],
    "the last number of a table without rows": [
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "INSERT INTO a VALUES (9223372036854775807, 'last')",
        "DELETE FROM a",
        "CREATE TABLE never (id INTEGER PRIMARY KEY AUTOINCREMENT)",
    ],
    "last numbers that somebody wrote by hand": [
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE d (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        *(f"INSERT INTO {name} VALUES (3), (-9223372036854775808)" for name in "abcd"),  # noqa: S608
        "UPDATE sqlite_sequence SET seq = 'text' WHERE name = 'a'",
        "UPDATE sqlite_sequence SET seq = NULL WHERE name = 'b'",
        "DELETE FROM sqlite_sequence WHERE name = 'c'",
        "INSERT INTO sqlite_sequence VALUES ('nowhere', 7), (NULL, 7)",
    ],
    "last numbers of no table": [
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO sqlite_sequence VALUES ('nowhere', 7)",
        "DROP TABLE a",
        "CREATE TABLE b (x)",
    ],
    "JSON in rules, columns and indexes": [
        "CREATE TABLE a (j TEXT CHECK (j IS NULL OR json_valid(j)), k AS (j ->> '$.k'), "
        "l AS (json_extract(j, '$.l[0]')) STORED)",
        "CREATE INDEX i ON a (json_extract(j, '$.x') COLLATE NOCASE) WHERE json_type(j, '$.x') = 'text'",
        """INSERT INTO a VALUES ('{"k": 1e300, "l": [9007199254740993], "x": "☃"}'), (NULL), ('"☃"')""",
    ],
    "strict tables with keys of two columns": [
        "CREATE TABLE a (i INTEGER, t TEXT, r REAL, b BLOB, x ANY, PRIMARY KEY (t DESC, i)) STRICT, WITHOUT ROWID",
        "INSERT INTO a VALUES (9007199254740993, '☃', 1, X'00', '1'), (3, 'z', 9e999, NULL, NULL)",
    ],
    "functions that an older SQLite has not": [
        "CREATE TABLE a (j TEXT CHECK (octet_length(j) > 1 AND unhex(j) IS NULL), b AS (jsonb(j)), "
        "c TEXT AS (concat(j, ';')) STORED, CHECK (timediff(b, b) IS NULL))",
        "CREATE UNIQUE INDEX i ON a (concat_ws('-', j, 1), json_extract(jsonb(j), '$.x'))",
        """INSERT INTO a VALUES ('{"x": 1}'), ('{"x": 2}'), (NULL)""",
    ],
    "keys that replace": [
        "CREATE TABLE a (k TEXT PRIMARY KEY ON CONFLICT REPLACE, v UNIQUE ON CONFLICT IGNORE)",
        "INSERT INTO a VALUES (NULL, 1), (NULL, 2), ('x', 3), ('X', NULL)",
    ],
    "statistics": ["CREATE TABLE a (x UNIQUE)", "INSERT INTO a VALUES (1)", "ANALYZE"],
    "long keys": [
        "CREATE TABLE a (k TEXT PRIMARY KEY, v) WITHOUT ROWID",
        "INSERT INTO a VALUES (replace(hex(zeroblob(40000)), '0', 'x'), 1)",
        "INSERT INTO a VALUES (replace(hex(zeroblob(40000)), '0', 'y'), 2)",
        "CREATE TABLE b (k BLOB PRIMARY KEY, v) WITHOUT ROWID",
        "INSERT INTO b VALUES (zeroblob(100000), 1), (X'', 2)",
    ],
    "keys that compare alike and are not": [
        "CREATE TABLE a (k TEXT COLLATE NOCASE, n, PRIMARY KEY (k, n)) WITHOUT ROWID",
        "INSERT INTO a VALUES ('a', 1), ('A', 2), ('a', 1.5), ('a', '1'), ('a', X'31')",
        "CREATE TABLE b (k TEXT COLLATE RTRIM UNIQUE)",
        "INSERT INTO b VALUES ('a'), (' a'), (NULL), (NULL)",
    ],
    "search indexes of each kind": [
        "CREATE VIRTUAL TABLE f USING fts5(title, body UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')",
        "INSERT INTO f VALUES ('running; runs', 'create table f_data')",
        "CREATE TABLE doc (id INTEGER PRIMARY KEY, t)",
        "INSERT INTO doc VALUES (5, 'kept in doc')",
        "CREATE VIRTUAL TABLE g USING fts5(t, content='doc', content_rowid='id', prefix='2 3')",
        "INSERT INTO g (g) VALUES ('rebuild')",
        "CREATE TABLE posts_content (id INTEGER PRIMARY KEY, t)",
        "INSERT INTO posts_content VALUES (1, 'indexed, and the user''s')",
        "CREATE TABLE posts_docsize (x)",
        "INSERT INTO posts_docsize VALUES ('the user''s too')",
        "CREATE VIRTUAL TABLE posts USING fts5(t, content='posts_content', content_rowid='id', columnsize=0)",
        "INSERT INTO posts (posts) VALUES ('rebuild')",
        "CREATE VIEW seen AS SELECT id, upper(t) AS t FROM doc",
        "CREATE VIRTUAL TABLE over USING fts5(t, content='seen', content_rowid='id', tokenize='trigram')",
        "INSERT INTO over (over) VALUES ('rebuild')",
        "CREATE VIRTUAL TABLE voc USING fts5vocab('f', 'row')",
        "CREATE TABLE f_extra (x)",
        "INSERT INTO f_extra VALUES ('not a shadow')",
    ],
}


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with closing(Scratch(":memory:")) as scratch:
        yield scratch


@pytest.mark.parametrize("what", HOSTILE)
def test_it_comes_back(scratch: Scratch, tmp_path: Path, what: str) -> None:
    made(scratch, *HOSTILE[what])

    rehearse(saved(scratch, tmp_path), say_nothing)


@pytest.mark.parametrize("what", [name for name in HOSTILE if "search" not in name])
def test_it_is_added_to_itself_without_a_second_row(scratch: Scratch, tmp_path: Path, what: str) -> None:
    """`--merge` into the database itself: no row is doubled or changed. Tables whose rows have no key must be empty."""
    made(scratch, *HOSTILE[what])
    saved(scratch, tmp_path)
    with closing(copy.connect(tmp_path / "database.sqlite")) as connection:
        loose = [table.name for table in tables(connection).values() if not table.is_keyed]
    made(scratch, *(f"DELETE FROM {quoted(name)}" for name in loose))  # noqa: S608
    before = values(scratch, "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2")

    assert merged(scratch, scratch, tmp_path) == 0

    assert values(scratch, "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2") == before
    rehearse(saved(scratch, tmp_path), say_nothing)


@pytest.mark.parametrize(
    ("columns", "rows", "is_keyed"),
    [
        ("k TEXT PRIMARY KEY, v", "('a', 1)", True),
        ("k TEXT PRIMARY KEY, v", "('a', 1), (NULL, 2)", False),
        ("k UNIQUE, v UNIQUE", "('a', NULL), ('b', NULL)", True),
        ("k UNIQUE, v UNIQUE", "('a', NULL), (NULL, 'b')", False),
        ("k, v, UNIQUE (k, v)", "('a', 1), ('a', NULL)", False),
        ("k INTEGER PRIMARY KEY, v", "(1, NULL)", True),
    ],
)
def test_rows_are_kept_apart_by_a_key_without_null(
    scratch: Scratch, tmp_path: Path, columns: str, rows: str, is_keyed: bool
) -> None:
    made(scratch, f"CREATE TABLE a ({columns})", f"INSERT INTO a VALUES {rows}")  # noqa: S608
    before = values(scratch, "SELECT count(*) FROM a")

    if is_keyed:
        assert merged(scratch, scratch, tmp_path) == 0
    else:
        with pytest.raises(UserError, match="the table a has rows already, and no key"):
            merged(scratch, scratch, tmp_path)

    assert values(scratch, "SELECT count(*) FROM a") == before


@pytest.mark.parametrize(
    ("calls", "words", "way"),
    [
        (["DROP TABLE p"], "no such table: main.p", "CREATE TABLE p (y PRIMARY KEY)"),
        (["DROP INDEX i", "INSERT INTO p VALUES (1)"], "foreign key mismatch", "CREATE UNIQUE INDEX i ON p (y)"),
    ],
    ids=["table", "index"],
)
def test_rows_that_could_not_come_back_get_no_backup_and_the_named_way_helps(
    scratch: Scratch, tmp_path: Path, calls: list[str], words: str, way: str
) -> None:
    made(scratch, "CREATE TABLE p (y)", "CREATE UNIQUE INDEX i ON p (y)", "CREATE TABLE c (x REFERENCES p (y))")
    made(scratch, "INSERT INTO c VALUES (NULL)", *calls)

    with pytest.raises(UserError, match=f"D1 takes no row for the table c, so that .*: {words}") as refused:
        saved(scratch, tmp_path)
    assert "make again what it refers to" in refused.value.hint

    made(scratch, way)
    rehearse(saved(scratch, tmp_path), say_nothing)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("unhex('00fF')", b"\x00\xff"),
        ("unhex('')", b""),
        *((f"unhex({text})", None) for text in ("'0'", "'zz'", "'00 00'", "'é'", "NULL")),
        ("octet_length('é')", 2),
        ("octet_length(X'0000')", 2),
        ("octet_length(15)", 2),
        ("octet_length(NULL)", None),
    ],
)
def test_functions_answer_as_a_newer_sqlites_own(call: str, answer: object) -> None:
    with closing(copy.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {call}").fetchone() == (answer,)
