"""A copy of a database back into a database, by transactions that each leave a mark in it.

The order: tables, and the indexes that keep rows apart; rows, each after those that it refers to; virtual tables with
theirs, since D1 lets nobody write to a table with a name like one of theirs; the last AUTOINCREMENT values; other
indexes, views; search indexes, which may read a view; triggers. So no trigger runs, and every rule holds. A transaction
is a call, and adds its number to a table in the database: one that was carried out without an answer is not done again,
and a restore that was broken off goes on after the last one. The same copy always gives the same ones.

Touches the network by the `Target` that it is given, and reads the copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from orchestrator.data.d1 import copy
from orchestrator.data.d1.order import ordered
from orchestrator.data.d1.schema import (
    MARKS,
    SEQUENCES,
    SchemaObject,
    Table,
    named,
    objects,
    rebuilt,
    tables,
    virtual_tables,
)
from orchestrator.data.d1.source import Statement
from orchestrator.data.d1.values import Row, quoted, received, sent
from orchestrator.data.d1.writing import inserts, weight
from orchestrator.errors import CloudflareError, UserError

VERSION = 3
"""Of the division into transactions: a restore continues only where it began."""

_WEIGHT_A_CALL = 1_500_000
_ROWS_A_CALL = 5_000
_OBJECTS_A_CALL = 20
_TABLES_A_CALL = 10  # each has two statements at least, and a Worker of the free plan makes 50 queries


@dataclass(frozen=True)
class Step:
    """The statements of one transaction; `is_rows`: they write rows of the backup, which are counted."""

    statements: Sequence[Statement]
    is_rows: bool = False


class Target(Protocol):
    """A database that is written to: D1, or SQLite on this machine."""

    def run(self, statements: Sequence[Statement]) -> list[list[list[Any]]]: ...

    def objects(self) -> list[SchemaObject]: ...


class Restoring:
    """One restore of the copy `source`, which is known as `backup`, into `target`."""

    def __init__(self, source: sqlite3.Connection, target: Target, backup: str, told: Callable[[str], None]) -> None:
        self._source = source
        self._target = target
        self._backup = backup
        self._told = told
        self._made = objects(source)
        self._tables = tables(source)

    def is_begun(self) -> bool:
        """Whether a restore was begun in the target, and is not done."""
        return bool(self._target.run([("SELECT 1 FROM sqlite_master WHERE name = ? COLLATE NOCASE", [MARKS])])[0])

    def run(self) -> tuple[int, bool]:
        """How many rows were written, by all runs of this restore, and whether they were added to what was there.

        Raises UserError where the backup cannot be added to what is there.
        """
        begun = self._begun()
        if begun is None:
            there = self._target.objects()
            self._refuse(there)
            self._begin(merging=bool(there))
            begun = bool(there), -1
        merging, last = begun
        for number, step in enumerate(self._steps(merging)):
            if number > last:
                self._do(number, step, merging)
        [[[rows]]] = self._target.run([(f"SELECT sum(rows) FROM {MARKS}", [])])
        return int(rows or 0), merging

    def end(self) -> None:
        """Take the marks away, when everything has been compared."""
        self._target.run([(f"DROP TABLE IF EXISTS {MARKS}", [])])

    def _begun(self) -> tuple[bool, int] | None:
        """(whether it is merged, the last step that was done) of a restore of this backup; None where there is none."""
        if not self.is_begun():
            return None
        rows = self._target.run([(f"SELECT step, backup FROM {MARKS} ORDER BY step", [])])[0]
        first = rows[0][1] if rows else ""
        for merging in (True, False):
            if first == self._label(merging):
                return merging, int(rows[-1][0])
        raise UserError(
            "a restore of another backup, or by another version of this program, was interrupted here",
            f"continue with that one, or restore into an empty database; `DROP TABLE {MARKS}` gives it up",
        )

    def _label(self, merging: bool) -> str:
        return f"{VERSION} {'merged' if merging else 'whole'} {self._backup}"

    def _begin(self, *, merging: bool) -> None:
        create = f"CREATE TABLE IF NOT EXISTS {MARKS} (step INTEGER PRIMARY KEY, rows INTEGER NOT NULL, backup TEXT)"
        first = f"INSERT OR IGNORE INTO {MARKS} VALUES (-1, 0, ?)"
        self._target.run([(create, []), (first, [self._label(merging)])])

    def _refuse(self, there: Sequence[SchemaObject]) -> None:
        """Raise UserError where what is there cannot be added to."""
        found = {each.name: each for each in there}
        for each in self._made:
            if each.name in found and found[each.name].sql != each.sql:
                raise UserError(
                    f"the {each.type} {each.name} is there and was made in another way: {found[each.name].sql}",
                    "restore into an empty database: --into NAME",
                )
        loose = [table for name, table in self._tables.items() if name in found and not table.is_keyed]
        for table in loose:
            [held] = self._target.run([(f"SELECT EXISTS (SELECT 1 FROM {quoted(table.name)})", [])])
            if held[0][0]:
                raise UserError(
                    f"the table {table.name} has rows already, and no key that tells if the backup's are among them",
                    "restore into an empty database: --into NAME",
                )

    def _do(self, number: int, step: Step, merging: bool) -> None:
        mark = (f"INSERT INTO {MARKS} (step, rows) VALUES (CAST(? AS INTEGER), 0)", [str(number)])
        counted: Statement = (f"UPDATE {MARKS} SET rows = rows + changes() WHERE step = {number}", [])
        triggers = self._triggers() if merging else []
        batch: list[Statement] = [("PRAGMA defer_foreign_keys = ON", []), mark]
        batch += [(f"DROP TRIGGER {quoted(each.name)}", []) for each in triggers]
        for statement in step.statements:
            batch += [statement, counted] if step.is_rows else [statement]
        batch += [(each.sql, []) for each in triggers]
        try:
            self._target.run(batch)
        except CloudflareError:
            # Carried out without an answer, and sent again: then its mark is there, which refused the second one.
            done = self._target.run([(f"SELECT 1 FROM {MARKS} WHERE step = {number}", [])])[0]
            if not done:
                raise

    def _triggers(self) -> list[SchemaObject]:
        """What would run when rows are added: away in each transaction, and back at its end."""
        return [each for each in self._target.objects() if each.type == "trigger"]

    def _steps(self, merging: bool) -> Iterator[Step]:
        """Always the same ones, whatever is there already, so that a number always means the same."""
        unique = {
            name
            for table in self._tables
            for _, name, is_unique, origin, _ in named(self._source, f"PRAGMA index_list({quoted(table)})")
            if is_unique and origin == "c"
        }
        virtual = virtual_tables(self._source)
        first = [each for each in self._made if each.type == "table" and each.name not in virtual]
        first += [each for each in self._made if each.name in unique]
        yield from self._making(first, merging)
        yield from self._rows(merging, virtual=False)
        if virtual:
            second = [each for each in self._made if each.type == "table" and each.name in virtual]
            yield from self._making(second, merging)
            yield from self._rows(merging, virtual=True)
            first += second
        yield Step(list(self._sequences(merging)))
        last = [each for each in self._made if each not in first]
        for kind in ("index", "view"):
            yield from self._making([each for each in last if each.type == kind], merging)
        for index in rebuilt(self._source):
            yield Step([(f"INSERT INTO {quoted(index)} ({quoted(index)}) VALUES ('rebuild')", [])])
        yield from self._making([each for each in last if each.type == "trigger"], merging)

    def _rows(self, merging: bool, *, virtual: bool) -> Iterator[Step]:
        written = 0
        for call in _calls(self._source, virtual=virtual):
            yield Step([each for table, rows in call for each in inserts(table, rows, merge=merging)], is_rows=True)
            written += sum(len(rows) for _, rows in call)
            self._told(f"{written:,} rows written")

    def _making(self, made: Sequence[SchemaObject], merging: bool) -> Iterator[Step]:
        there = {each.name for each in self._target.objects()} if merging else set()
        for start in range(0, len(made), _OBJECTS_A_CALL):
            yield Step([(each.sql, []) for each in made[start : start + _OBJECTS_A_CALL] if each.name not in there])

    def _sequences(self, merging: bool) -> Iterator[Statement]:
        has_any = named(self._source, "SELECT 1 FROM sqlite_master WHERE name = ?", SEQUENCES)
        if has_any and not merging:
            yield f"DELETE FROM {SEQUENCES}", []
        for name, seq in copy.sequences(self._source).items():
            text = sent(seq)
            value, parameters = ("NULL", [name]) if text is None else (received("?2"), [name, text])
            if merging:
                yield f"UPDATE {SEQUENCES} SET seq = {value} WHERE name = ?1 AND seq < {value}", parameters
            yield (
                f"INSERT INTO {SEQUENCES} (name, seq) SELECT ?1, {value} "
                f"WHERE NOT EXISTS (SELECT 1 FROM {SEQUENCES} WHERE name = ?1)",
                parameters,
            )


def _calls(source: sqlite3.Connection, *, virtual: bool) -> Iterator[list[tuple[Table, list[Row]]]]:
    """The rows of ordinary or of virtual tables, in the order in which they can be written, cut into calls."""
    waiting: list[tuple[Table, Row]] = []
    names: set[str] = set()
    size = 0

    def taken() -> list[tuple[Table, list[Row]]]:
        by_table = groupby(sorted(waiting, key=lambda each: each[0].name), key=lambda each: each[0].name)
        found = [list(group) for _, group in by_table]
        return [(group[0][0], [row for _, row in group]) for group in found]

    for table, row, together in ordered(source):
        if table.is_virtual is not virtual:
            continue
        is_full = len(waiting) >= _ROWS_A_CALL or size + weight(row) > _WEIGHT_A_CALL
        if waiting and not together and (is_full or len(names | {table.name}) > _TABLES_A_CALL):
            yield taken()
            waiting, size, names = [], 0, set()
        names.add(table.name)
        waiting.append((table, row))
        size += weight(row)
    if waiting:
        yield taken()
