"""A copy of a database gives back what was in it: generated databases, through the whole restore, into SQLite here.

tests/support/seeds.py says how to run a thousand of them.
"""

from __future__ import annotations

import json
import math
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from orchestrator.data.d1 import copy
from orchestrator.data.d1.contents import TableSum, check, rehearse, rows_to_write
from orchestrator.data.d1.order import groups, ordered
from orchestrator.data.d1.restoring import Restoring
from orchestrator.data.d1.schema import tables
from orchestrator.data.d1.scratch import Scratch
from orchestrator.data.d1.source import Statement
from orchestrator.data.d1.values import Row, Sum, Text, answered, asked, received, sent
from orchestrator.errors import CloudflareError, OrchestratorError, UserError
from tests.support.generated_databases import GeneratedDatabase
from tests.support.seeds import seeds

SEEDS = seeds(12)


def say_nothing(_text: str) -> None: ...


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with closing(Scratch(":memory:")) as scratch:
        yield scratch


def saved(source: Scratch, folder: Path) -> Path:
    """A copy, as `contents.save` makes it of a database over the API."""
    made = source.objects()
    with closing(copy.make(folder / "database.sqlite", made)) as connection:
        for table in tables(connection).values():
            copy.fill(connection, table, source.rows(table))
        copy.finish(connection, made, source.sequences())
    return folder


def made(scratch: Scratch, *calls: str) -> Scratch:
    for sql in calls:
        scratch.run([(sql, [])])
    return scratch


@pytest.mark.parametrize("seed", SEEDS)
def test_a_restore_equals(scratch: Scratch, tmp_path: Path, seed: int) -> None:
    for call in GeneratedDatabase(seed).calls:
        scratch.run([(sql, []) for sql in call])

    rehearse(saved(scratch, tmp_path), say_nothing)


REALS = [0.1, -1e-300, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, 2.0**53, 1.0, -7.504618357337224e-292]
VALUES: list[Any] = [
    None,
    *(0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)),
    *REALS,
    *(Text(text) for text in (b"", b"i5", b"it's", b"nul\0in it", b"\0", b"\xff no utf-8", "☃ ünï".encode(), b"\\n\n")),
    *(b"", b"\0\xff", b"text"),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_travels_exactly(scratch: Scratch, value: Row) -> None:
    sql = f"SELECT {asked('v')} FROM (SELECT {received('?1')} AS v)"

    [[[cell]]] = scratch.run([(sql, [sent(value)])])  # type: ignore[list-item, arg-type]

    assert repr(answered(json.loads(json.dumps(cell)))) == repr(value)


def test_every_real_is_sent_exactly() -> None:
    random = Random(1)  # noqa: S311
    for _ in range(2000):
        [real] = struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))
        if math.isfinite(real):
            whole, _, exponent = str(sent(real)).removeprefix("r").partition("p")
            assert math.ldexp(int(whole), int(exponent)) == real


def test_a_sum_sees_a_changed_a_doubled_and_a_retyped_row() -> None:
    rows: list[Row] = [(1, Text(b"a")), (2, b"b")]
    others: list[list[Row]] = [[(1, Text(b"a"))], [*rows, rows[0]], [(1, b"a"), rows[1]], [(1.0, Text(b"a")), rows[1]]]

    assert Sum(rows).checksum == Sum(reversed(rows)).checksum
    assert all((Sum(other).rows, Sum(other).checksum) != (2, Sum(rows).checksum) for other in others)


def test_a_copy_with_another_row_is_broken(scratch: Scratch, tmp_path: Path) -> None:
    made(scratch, "CREATE TABLE a (b)", "INSERT INTO a VALUES ('create table x')")
    saved(scratch, tmp_path)
    with closing(copy.connect(tmp_path / "database.sqlite")) as connection:
        sums = copy.sums(connection)
        connection.execute("UPDATE a SET b = 'create table y'")

    with pytest.raises(UserError, match="is broken: these tables are not as written: a"):
        check(tmp_path, sums)  # type: ignore[arg-type]


def test_tables_come_after_those_that_they_refer_to() -> None:
    parents = {"a": {"b"}, "b": {"c", "b2"}, "b2": {"b"}, "c": set[str](), "d": {"d"}}

    found = [(sorted(group.names), group.is_circle) for group in groups(parents)]

    assert sorted(found) == [(["a"], False), (["b", "b2"], True), (["c"], False), (["d"], True)]
    places = {name: place for place, (names, _) in enumerate(found) for name in names}
    assert places["c"] < places["b"] < places["a"]


def test_rows_of_a_table_come_after_those_that_they_refer_to(scratch: Scratch, tmp_path: Path) -> None:
    """A chain upside down, as wide as it takes: it is put in order in no time that grows with its square."""
    count = 8_000
    chain = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
    made(scratch, "CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t(id))")
    made(scratch, f"{chain}INSERT INTO t SELECT i, nullif(i, {count}) + 1 FROM n ORDER BY i DESC")
    saved(scratch, tmp_path)

    with closing(copy.connect(tmp_path / "database.sqlite")) as connection:
        order = [row[0] for _, row, _ in ordered(connection)]

    assert order == list(range(count, 0, -1))


class Lossy(Scratch):
    """Loses the answer of each nth call, or the call itself; it is sent again, as the Account does."""

    def __init__(self, every: int, *, dies: bool = False) -> None:
        super().__init__(":memory:")
        self._every = every
        self._dies = dies
        self._calls = 0

    def run(self, statements: Sequence[Statement]) -> list[list[list[Any]]]:
        self._calls += 1
        if self._calls % self._every:
            return super().run(statements)
        found = super().run(statements)
        if self._dies:
            raise KeyboardInterrupt
        return super().run(statements) if statements[0][0].startswith("PRAGMA") else found


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_sent_twice_is_done_once(scratch: Scratch, tmp_path: Path, seed: int) -> None:
    for call in GeneratedDatabase(seed).calls:
        scratch.run([(sql, []) for sql in call])
    saved(scratch, tmp_path)

    with closing(Lossy(2)) as target, closing(copy.connect(tmp_path / "database.sqlite", read_only=True)) as source:
        restoring = Restoring(source, target, "it", say_nothing)
        written, _ = restoring.run()
        restoring.end()

        assert written == sum(Sum(scratch.rows(table)).rows for table in tables(source).values())
        for table in tables(source).values():
            assert Sum(target.rows(table)).checksum == Sum(scratch.rows(table)).checksum


def test_one_that_is_killed_goes_on(scratch: Scratch, tmp_path: Path) -> None:
    for call in GeneratedDatabase(3).calls:
        scratch.run([(sql, []) for sql in call])
    saved(scratch, tmp_path)
    kills = 0

    with closing(Lossy(4, dies=True)) as target, closing(copy.connect(tmp_path / "database.sqlite")) as source:
        while True:
            try:
                Restoring(source, target, "it", say_nothing).run()
                break
            except KeyboardInterrupt:
                kills += 1
        for table in tables(source).values():
            assert Sum(target.rows(table)).checksum == Sum(scratch.rows(table)).checksum
    assert kills > 1


def test_one_of_another_backup_is_not_gone_on_with(scratch: Scratch, tmp_path: Path) -> None:
    saved(made(scratch, "CREATE TABLE a (b)"), tmp_path)

    with closing(Scratch(":memory:")) as target, closing(copy.connect(tmp_path / "database.sqlite")) as source:
        Restoring(source, target, "one", say_nothing).run()
        with pytest.raises(UserError, match="a restore of another backup"):
            Restoring(source, target, "two", say_nothing).run()


def merged(source: Scratch, target: Scratch, folder: Path) -> int:
    saved(source, folder)
    with closing(copy.connect(folder / "database.sqlite")) as connection:
        restoring = Restoring(connection, target, "it", say_nothing)
        written, _ = restoring.run()
        restoring.end()
    return written


def values(database: Scratch, sql: str) -> list[list[Any]]:
    return database.run([(sql, [])])[0]


def test_what_is_there_stays_in_a_merge_and_no_trigger_runs(scratch: Scratch, tmp_path: Path) -> None:
    schema = (
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT UNIQUE)",
        "CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT)",
    )
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO log (what) VALUES (new.b); END"
    made(scratch, *schema, "INSERT INTO a VALUES (1, 'one'), (2, 'two'), (9, 'nine')", trigger)
    with closing(Scratch(":memory:")) as target:
        made(
            target, *schema, "INSERT INTO a VALUES (2, 'newer'), (50, 'fifty')", "DELETE FROM a WHERE id = 50", trigger
        )

        written = merged(scratch, target, tmp_path)

        assert written == 2
        assert values(target, "SELECT id, b FROM a ORDER BY id") == [[1, "one"], [2, "newer"], [9, "nine"]]
        assert values(target, "SELECT count(*) FROM log") == [[0]]
        assert values(target, "SELECT seq FROM sqlite_sequence") == [[50]]
        assert values(target, "SELECT name FROM sqlite_master WHERE type = 'trigger'") == [["t"]]


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (["CREATE TABLE a (b)", "INSERT INTO a VALUES (1)"], "the table a has rows already, and no key"),
        (["CREATE TABLE a (b, c)"], "the table a is there and was made in another way"),
    ],
)
def test_a_merge_that_could_double_rows_is_refused(
    scratch: Scratch, tmp_path: Path, there: list[str], words: str
) -> None:
    made(scratch, "CREATE TABLE a (b)", "INSERT INTO a VALUES (1)")

    with closing(Scratch(":memory:")) as target:
        made(target, *there)
        before = values(target, "SELECT * FROM a")
        with pytest.raises(UserError, match=words):
            merged(scratch, target, tmp_path)
        assert values(target, "SELECT * FROM a") == before


def test_a_search_index_without_its_text_is_refused_with_a_way_that_helps(scratch: Scratch, tmp_path: Path) -> None:
    made(scratch, "CREATE VIRTUAL TABLE words USING fts5(a, content='')", "INSERT INTO words (a) VALUES ('x')")

    with pytest.raises(UserError, match="keeps no text of its own") as refused:
        saved(scratch, tmp_path)

    made(scratch, refused.value.hint.split("`")[1])
    rehearse(saved(scratch, tmp_path), say_nothing)


def test_a_rule_that_the_rows_break_stops_the_rehearsal(scratch: Scratch, tmp_path: Path) -> None:
    made(scratch, "CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a(id))")
    saved(scratch, tmp_path)
    with closing(sqlite3.connect(tmp_path / "database.sqlite")) as connection:
        connection.execute("INSERT INTO a VALUES (1, 77)")
        connection.commit()

    with pytest.raises((CloudflareError, OrchestratorError)):
        rehearse(tmp_path, say_nothing)


def test_rows_to_write_count_indexes_too(scratch: Scratch, tmp_path: Path) -> None:
    made(scratch, "CREATE TABLE a (b UNIQUE, c)", "CREATE INDEX i ON a (c)", "INSERT INTO a VALUES (1, 1), (2, 2)")

    assert rows_to_write(saved(scratch, tmp_path), {"a": TableSum(rows=2, checksum="")}) == 6
