"""What SQLite on this machine may do with a schema that somebody else wrote, in a database or in a backup's file.

Rows are read and written with the schema's own rules: CHECKs, generated columns and indexed expressions are somebody
else's code. It may compute, and nothing else: no other file, no function that takes pointers or loads code, no kind of
virtual table that D1 does not have. Source: https://sqlite.org/security.html. Touches the connection that it is given.
"""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Sequence
from typing import Any

_MODULES = ("fts5", "fts5vocab")
_FUNCTIONS = ("load_extension", "fts3_tokenizer", "readfile", "writefile", "edit")
_FILES = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
_WRITES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_DROP_TABLE)


def guard(connection: sqlite3.Connection) -> None:
    """Hold everything that this connection does to the above: sqlite3.DatabaseError for what it may not.

    Not by `trusted_schema = OFF`: before SQLite 3.42 that takes JSON's functions and FTS5 for unsafe.
    """
    connection.execute("PRAGMA cell_size_check = ON")
    connection.set_authorizer(_authorized)


class Shadows:
    """Keeps statements away from the tables that virtual tables have made for themselves, as D1 does by SQLite's
    defensive mode (which Python can set from 3.12 on alone).

    A virtual table compiles its own statements while one that writes to it runs. So the connection must compile each
    statement anew: `cached_statements=0`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._shadows: set[str] = set()
        self._virtual: set[str] = set()
        self._made: set[str] = set()
        self._refused = ""
        self._is_theirs = True
        connection.set_authorizer(self._authorized)

    def execute(self, sql: str, parameters: Sequence[str]) -> list[Any]:
        """Its rows. Raises sqlite3.Error, in SQLite's words."""
        self._look()
        self._made, self._refused, self._is_theirs = set(), "", False
        try:
            rows = self._connection.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError:
            if self._refused:
                raise sqlite3.OperationalError(f"table {self._refused} may not be modified") from None
            raise
        finally:
            self._is_theirs = True  # they write at the end of a transaction too
        if self._made:
            self._look()
        for name in self._made & self._shadows:
            raise sqlite3.OperationalError(f"object name reserved for internal use: {name}")
        return rows

    def _look(self) -> None:
        found = self._connection.execute("SELECT lower(CAST(name AS BLOB)), type FROM pragma_table_list").fetchall()
        self._shadows, self._virtual = (
            {name.decode() for name, type in found if type == kind} for kind in (b"shadow", b"virtual")
        )

    def _authorized(self, action: int, first: str | None, second: str | None, *where: str | None) -> int:
        name = _lower(str(first))
        if action in (sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_DROP_VTABLE):
            self._is_theirs = True
        elif action == sqlite3.SQLITE_CREATE_TABLE and not self._is_theirs:
            self._made.add(name)
        elif action in _WRITES and not self._is_theirs:
            self._is_theirs = name in self._virtual
            if name in self._shadows:
                self._refused = name
                return sqlite3.SQLITE_DENY
        return _authorized(action, first, second, *where)


def _lower(name: str) -> str:
    """As SQLite's own `lower`: ASCII alone."""
    return name.translate({ord(letter): letter.lower() for letter in string.ascii_uppercase})


def _authorized(action: int, first: str | None, second: str | None, *_where: str | None) -> int:
    """SQLite's authorizer: https://sqlite.org/c3ref/c_alter_table.html names what is given for each action."""
    denied = (
        action in _FILES
        or (action == sqlite3.SQLITE_CREATE_VTABLE and str(second).casefold() not in _MODULES)
        or (action == sqlite3.SQLITE_FUNCTION and str(second).casefold() in _FUNCTIONS)
        or (action == sqlite3.SQLITE_PRAGMA and str(first).casefold() == "writable_schema")
    )
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK
