"""What the account holds, in one SQLite file: each object as a JSON document of a kind, with an id and a unique name.

Documents rather than a table for each service: a service reads and writes whole objects, and the real API's fields
change more often than this file should. SQLite in WAL mode gives what counts here: a write is there whole or not at
all after the process was killed, a restart finds everything, and a reader can look at the state as of before the last
write, which is how a stale read is told (see faults).

One process, one event loop, one writer: calls are synchronous and never wait for anything but the disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, id),
    UNIQUE (kind, name)
)
"""


class Store:
    """Documents by kind and id, listed in order of creation. `name` is unique within a kind and may be left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _connect(path)
        self._connection.execute(_SCHEMA)
        self._in_transaction = False
        self._previous: Store | None = None

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        row = self._connection.execute("SELECT value FROM document WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return json.loads(row[0]) if row else None

    def name(self, kind: str, id: str) -> str | None:
        """The unique name of a document."""
        row = self._connection.execute("SELECT name FROM document WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return row[0] if row else None

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """The document of a unique name."""
        row = self._connection.execute(
            "SELECT value FROM document WHERE kind = ? AND name = ?", (kind, name)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, *, id_prefix: str = "", containing: str = "") -> list[dict[str, Any]]:
        """The documents of a kind: those whose id begins with `id_prefix` and whose JSON contains a text."""
        return [json.loads(text) for text in self.texts(kind, id_prefix=id_prefix, containing=containing)]

    def texts(self, kind: str, *, id_prefix: str = "", containing: str = "") -> list[str]:
        """The same as JSON, for who has parsed most of it before."""
        rows = self._connection.execute(
            "SELECT value FROM document WHERE kind = ? AND substr(id, 1, ?) = ? AND instr(value, ?) > 0 ORDER BY rowid",
            (kind, len(id_prefix), id_prefix, containing),
        )
        return [text for (text,) in rows]

    def ids(self, kind: str) -> list[str]:
        """The ids of the documents of a kind."""
        return [id for (id,) in self._connection.execute("SELECT id FROM document WHERE kind = ?", (kind,))]

    def put(self, kind: str, id: str, value: dict[str, Any], name: str | None = None) -> None:
        """Insert or replace; a replaced document keeps its place in the order."""
        self._write(
            "INSERT INTO document (kind, id, name, value) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, value = excluded.value",
            (kind, id, name, json.dumps(value, separators=(",", ":"))),
        )

    def delete(self, kind: str, id: str) -> None:
        self._write("DELETE FROM document WHERE kind = ? AND id = ?", (kind, id))

    def clear(self) -> None:
        self._write("DELETE FROM document", ())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within are made together or not at all. Nothing may be awaited inside."""
        self._pin_previous()
        self._connection.execute("BEGIN IMMEDIATE")
        self._in_transaction = True
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        else:
            self._connection.execute("COMMIT")
        finally:
            self._in_transaction = False

    @property
    def keeps_previous(self) -> bool:
        return self._previous is not None

    @keeps_previous.setter
    def keeps_previous(self, wanted: bool) -> None:
        """From the next write on, keep the state as of before the last write. Off by default: it pins SQLite's log."""
        if wanted and self._previous is None:
            self._previous = Store(self._path)
            self._pin_previous()
        elif not wanted and self._previous is not None:
            self._previous.close()
            self._previous = None

    def previous(self) -> Store:
        """The documents as of before the last write, to read only; the present ones where none are kept."""
        return self._previous or self

    def close(self) -> None:
        self.keeps_previous = False
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        if not self._in_transaction:
            self._pin_previous()
        self._connection.execute(statement, values)

    def _pin_previous(self) -> None:
        """Move the other reader to the state before the write that comes now: its transaction begins with a read."""
        if self._previous is not None:
            reader = self._previous._connection
            if reader.in_transaction:
                reader.execute("COMMIT")
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM document")


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "PRAGMA synchronous = NORMAL"
    )  # what a killed process wrote is kept; only a power cut may lose it
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection
