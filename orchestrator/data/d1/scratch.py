"""A database on this machine that takes and refuses what D1 does, to try a restore on before anything is deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.data.d1 import copy
from orchestrator.data.d1.guard import Shadows
from orchestrator.data.d1.schema import SchemaObject, Table, objects
from orchestrator.data.d1.source import Statement
from orchestrator.data.d1.values import Row, Text, Value
from orchestrator.errors import CloudflareError

_LIMITS = {  # as workerd sets them for D1
    sqlite3.SQLITE_LIMIT_LENGTH: 2_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 32,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}


class Scratch:
    """An empty one, in memory or, with "", in a temporary file. Close it."""

    def __init__(self, file: str = "") -> None:
        self._connection = copy.connect(file, cached_statements=0)
        self._connection.execute("PRAGMA foreign_keys = ON")
        for limit, value in _LIMITS.items():
            self._connection.setlimit(limit, value)
        self._shadows = Shadows(self._connection)

    def close(self) -> None:
        self._connection.close()

    def run(self, statements: Sequence[Statement]) -> list[list[list[Any]]]:
        """As `D1.run`."""
        self._connection.execute("BEGIN")
        try:
            found = [self._shadows.execute(sql, parameters) for sql, parameters in statements]
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise CloudflareError(str(error)) from error
        return [[[_plain(cell) for cell in row] for row in rows] for rows in found]

    def objects(self) -> list[SchemaObject]:
        return objects(self._connection)

    def sequences(self) -> dict[str, Value]:
        return copy.sequences(self._connection)

    def rows(self, table: Table) -> Iterator[Row]:
        return copy.rows(self._connection, table)


def _plain(cell: Value) -> Any:
    return cell.decode() if isinstance(cell, Text) else cell
