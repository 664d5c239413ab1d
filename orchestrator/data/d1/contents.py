"""What is in a D1 database: counted, saved as a SQLite file that is compared with it, put back, and tried out.

A backup reads the database twice. What was read the second time is what was read the first time: so it was there, all
at once, in between. One that is written to meanwhile is read again, a few times.

Touches the network, by the Account that it is given, and the files that it is told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cloudflare import contents
from orchestrator.cloudflare.account import Account
from orchestrator.data.d1 import copy
from orchestrator.data.d1.restoring import Restoring
from orchestrator.data.d1.schema import MARKS, Table, objects, tables, without_shadows
from orchestrator.data.d1.scratch import Scratch
from orchestrator.data.d1.source import D1
from orchestrator.data.d1.values import Row, Sum
from orchestrator.data.store import Progress, Store
from orchestrator.errors import OrchestratorError, UserError

FILE = "database.sqlite"
_READINGS = 3
_TOLD_EVERY = 1000
_ANYTHING = (  # `sqlite_sequence` stays when the last table with AUTOINCREMENT is gone
    "SELECT 1 FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\' "
    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' LIMIT 1"
)


@dataclass(frozen=True, kw_only=True)
class TableSum:
    """How many rows a table has, and the checksum of all of them (`values.Sum`)."""

    rows: int
    checksum: str


def size(account: Account, store: Store) -> tuple[int, int]:
    """The number of its tables, and the bytes of its file."""
    details = contents.d1_details(account, store.id)
    return int(details.get("num_tables") or 0), int(details.get("file_size") or 0)


def is_empty(account: Account, store: Store) -> bool:
    """Whether nothing was made in it, and no restore was begun."""
    return not D1(account, store.id).query(_ANYTHING)


def save(account: Account, store: Store, folder: Path, progress: Progress) -> dict[str, TableSum]:
    """Write a copy of it into `folder`; the sum of each table. Raises UserError where it does not hold still."""
    database = D1(account, store.id)
    if database.query("SELECT 1 FROM sqlite_master WHERE name = ? COLLATE NOCASE", MARKS):
        raise UserError(
            f"{store.title}: a restore into it is not done yet",
            f"end it first: `restore DIR --merge`; `DROP TABLE {MARKS}` gives it up",
        )
    for reading in range(_READINGS):
        told = _Told(progress, f"{store.title}: reading it again, since it was written to" if reading else store.title)
        made = database.objects()
        with closing(copy.make(folder / FILE, made)) as connection:
            for table in tables(connection).values():
                copy.fill(connection, table, told.rows(table, database))
            copy.finish(connection, made, database.sequences())
            difference = _difference(connection, database, _Told(progress, f"{store.title}: comparing"))
            if not difference:
                return _sums(connection)
    raise UserError(
        f"{store.title} was not the same when it was read again, {_READINGS} times in a row: {difference}",
        "stop what writes to it, or try at a quieter time",
    )


def check(folder: Path, sums: Mapping[str, TableSum]) -> None:
    """Raise UserError where the copy in `folder` does not have the rows of `sums`."""
    with _opened(folder) as connection:
        if (found := _sums(connection)) != sums:
            wrong = ", ".join(sorted(name for name in {*found, *sums} if found.get(name) != sums.get(name)))
            raise UserError(f"the backup in {folder} is broken: these tables are not as written: {wrong}", "take one")


def rows_to_write(folder: Path, sums: Mapping[str, TableSum]) -> int:
    """How many rows D1 counts as written by a restore: each row, and once more in each index of its table."""
    with _opened(folder) as connection:
        return sum(sums[name].rows * (1 + table.indexes) for name, table in tables(connection).items())


def put_back(account: Account, store: Store, folder: Path, backup: str, progress: Progress) -> tuple[int, int]:
    """Restore the copy in `folder`, known as `backup`, and compare. How many rows were written, and how many were not
    since their keys were taken in a database that was not empty.
    """
    with _opened(folder) as connection:
        try:
            return _restore_and_compare(connection, D1(account, store.id), backup, _Told(progress, store.title))
        except UserError as error:
            raise UserError(f"{store.title}: {error.message}", error.hint) from error


def rehearse(folder: Path, progress: Progress) -> None:
    """Restore the copy in `folder` into an empty database on this machine, and compare. Raises as a restore does."""
    with _opened(folder) as connection, closing(Scratch()) as scratch:
        _restore_and_compare(connection, scratch, "rehearsal", _Told(progress, "trying the restore"))


def is_unchanged(account: Account, store: Store, folder: Path, progress: Progress) -> bool:
    """Whether the database has exactly what the copy in `folder` has."""
    with _opened(folder) as connection:
        return not _difference(connection, D1(account, store.id), _Told(progress, f"{store.title}: comparing"))


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The copy in `folder`. Raises UserError where it cannot be read, or wants more than a copy may (`guard`)."""
    with closing(copy.connect(folder / FILE, read_only=True)) as connection:
        try:
            yield connection
        except sqlite3.Error as error:
            raise UserError(f"the database in {folder} cannot be read: {error}", "take another backup") from error


def _restore_and_compare(source: sqlite3.Connection, target: D1 | Scratch, backup: str, told: _Told) -> tuple[int, int]:
    restoring = Restoring(source, target, backup, told)
    if not restoring.is_begun() and not _difference(source, target, told):
        return 0, 0  # all of it is there: a restore was broken off when nothing but its marks was left
    written, was_merged = restoring.run()
    left = sum(each.rows for each in _sums(source).values()) - written
    if not was_merged:
        if difference := _difference(source, target, told):
            raise OrchestratorError(
                f"what came back is not what the backup has: {difference}",
                "if nothing else writes to the database, empty it and restore again",
            )
        left = 0
    restoring.end()
    return written, left


def _difference(source: sqlite3.Connection, other: D1 | Scratch, told: _Told) -> str:
    """The first thing in which the two differ, for a person; "" where they hold the same."""
    mine, others = objects(source), without_shadows(source, other.objects())
    if odd := sorted(f"the {each.type} {each.name}" for each in {*mine} ^ {*others}):
        return odd[0]
    if copy.sequences(source) != other.sequences():
        return "the last AUTOINCREMENT of a table"
    for name, table in tables(source).items():
        here, there = Sum(copy.rows(source, table)), Sum(told.rows(table, other))
        if (here.rows, here.checksum) != (there.rows, there.checksum):
            return f"the table {name} ({here.rows:,} and {there.rows:,} rows)"
    return ""


def _sums(connection: sqlite3.Connection) -> dict[str, TableSum]:
    return {name: TableSum(rows=each.rows, checksum=each.checksum) for name, each in copy.sums(connection).items()}


class _Told:
    """Progress of work whose name is `what`."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._what = what

    def __call__(self, text: str) -> None:
        self._progress(f"{self._what}: {text}")

    def rows(self, table: Table, database: D1 | Scratch) -> Iterator[Row]:
        for number, row in enumerate(database.rows(table), 1):
            if number % _TOLD_EVERY == 1:
                self(f"{table.name}, row {number:,}")
            yield row
