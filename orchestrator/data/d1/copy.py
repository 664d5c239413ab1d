"""The local copy of a database: a SQLite file with the same objects and rows, which is the backup itself.

Touches the file that it is told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from orchestrator.data.d1.functions import add_missing
from orchestrator.data.d1.guard import guard
from orchestrator.data.d1.schema import IN_USE, SEQUENCES, SchemaObject, Table, named, rebuilt, tables
from orchestrator.data.d1.values import Row, Sum, Text, Value, quoted
from orchestrator.data.private import open_bytes
from orchestrator.errors import OrchestratorError, UserError

_ROWS_A_FETCH = 500


def connect(file: Path | str, *, read_only: bool = False, cached_statements: int = 128) -> sqlite3.Connection:
    """A guarded connection with D1's own functions where this SQLite is older; texts come as they are stored."""
    if isinstance(file, Path):
        mode = "ro" if read_only else "rwc"
        name, uri = f"{file.absolute().as_uri()}?mode={mode}", True
    else:
        name, uri = file, False
    connection = sqlite3.connect(name, uri=uri, isolation_level=None, cached_statements=cached_statements)
    connection.text_factory = Text
    add_missing(connection)
    guard(connection)
    return connection


def make(file: Path, made: Iterable[SchemaObject]) -> sqlite3.Connection:
    """A new copy with the tables alone, ready to be filled. Raises UserError where there can be no copy."""
    file.unlink(missing_ok=True)
    open_bytes(file).close()
    connection = connect(file)
    for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON", "synchronous = OFF", "journal_mode = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    _create(connection, [each for each in made if each.type == "table"])
    return connection


def fill(connection: sqlite3.Connection, table: Table, rows: Iterable[Row]) -> Sum:
    """Insert the rows of a table; their sum."""
    found = Sum()
    columns = ", ".join(map(quoted, table.read))
    connection.execute("BEGIN")
    for row in rows:
        places = ", ".join("CAST(? AS TEXT)" if isinstance(value, Text) else "?" for value in row)
        connection.execute(f"INSERT INTO {quoted(table.name)} ({columns}) VALUES ({places})", row)
        found.add(row)
    connection.execute("COMMIT")
    return found


def finish(connection: sqlite3.Connection, made: Iterable[SchemaObject], sequences: Mapping[str, Value]) -> None:
    """What is built on the rows. Raises UserError where a search index has no text to be built again from, or where D1
    would not take the rows of a table again."""
    if named(connection, "SELECT 1 FROM sqlite_master WHERE name = ?", SEQUENCES):
        connection.execute(f"DELETE FROM {SEQUENCES}")
        for name, seq in sequences.items():
            place = "CAST(? AS TEXT)" if isinstance(seq, Text) else "?"
            connection.execute(f"INSERT INTO {SEQUENCES} (name, seq) VALUES (?, {place})", [name, seq])
    _create(connection, [each for kind in ("index", "view") for each in made if each.type == kind])
    _refuse_what_takes_no_rows(connection)
    for index in rebuilt(connection):
        try:
            connection.execute(f"INSERT INTO {quoted(index)} ({quoted(index)}) VALUES ('rebuild')")
        except sqlite3.Error as error:
            raise UserError(
                f"the virtual table {index} keeps no text of its own, so that nothing could bring it back: {error}",
                f"`DROP TABLE {quoted(index)}`, take the backup, and make and fill it again as it was made",
            ) from error
    _create(connection, [each for each in made if each.type == "trigger"])


def _refuse_what_takes_no_rows(connection: sqlite3.Connection) -> None:
    """What a table refers to may have been dropped after its rows were written, and D1 always looks."""
    connection.execute("PRAGMA foreign_keys = ON")
    for name in tables(connection):
        [(has_rows,)] = connection.execute(f"SELECT EXISTS (SELECT 1 FROM {quoted(name)})")
        try:
            connection.execute(f"EXPLAIN INSERT INTO {quoted(name)} DEFAULT VALUES")
        except sqlite3.OperationalError as error:
            if has_rows:
                raise UserError(
                    f"D1 takes no row for the table {name}, so that nothing could bring its rows back: {error}",
                    "make again what it refers to (the table, or its UNIQUE index), or drop the table; then take the "
                    "backup",
                ) from error
    connection.execute("PRAGMA foreign_keys = OFF")


def rows(connection: sqlite3.Connection, table: Table) -> Iterator[Row]:
    """Every row, as `table.read` names its columns, in the order of the key."""
    names, order = (", ".join(map(quoted, columns)) for columns in (table.read, table.key))
    cursor = connection.execute(f"SELECT {names} FROM {quoted(table.name)} ORDER BY {order}")
    while batch := cursor.fetchmany(_ROWS_A_FETCH):
        yield from batch


def sequences(connection: sqlite3.Connection) -> dict[str, Value]:
    """As `D1.sequences`."""
    if not named(connection, "SELECT 1 FROM sqlite_master WHERE name = ?", SEQUENCES):
        return {}
    found = connection.execute(f"SELECT name, seq FROM {SEQUENCES} WHERE {IN_USE}").fetchall()
    return {name.decode(): seq for name, seq in found}


def sums(connection: sqlite3.Connection) -> dict[str, Sum]:
    """The sum of each table."""
    return {name: Sum(rows(connection, table)) for name, table in tables(connection).items()}


def _create(connection: sqlite3.Connection, made: Iterable[SchemaObject]) -> None:
    there = {name for (name,) in named(connection, "SELECT name FROM sqlite_master")}
    for each in made:
        if each.name in there:  # a virtual table has made it for itself
            continue
        try:
            connection.execute(each.sql)
        except sqlite3.Error as error:
            raise OrchestratorError(
                f"this Python's SQLite ({sqlite3.sqlite_version}) cannot make the {each.type} {each.name}: {error}",
                "use a Python whose sqlite3.sqlite_version is newer; nothing was changed",
            ) from error
        there = {name for (name,) in named(connection, "SELECT name FROM sqlite_master")}
