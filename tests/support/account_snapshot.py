"""Everything that the API knows of a local account, put back as it was, in milliseconds and while the server runs.

For tests that change an account in many ways, one after the other: what was deleted comes back with its old id, which
no call could do. Values in namespaces, objects and rows are not part of it.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROWS = "SELECT kind, id, name, value FROM document ORDER BY rowid"


class AccountSnapshot:
    """Taken when it is made; `data` is the local Cloudflare's directory."""

    def __init__(self, data: Path, keep: Path) -> None:
        """`keep` is a folder for the copies."""
        self._data = data
        self._scripts = keep / "scripts"
        shutil.copytree(data / "scripts", self._scripts)
        with _connection(data) as connection:
            self._rows = connection.execute(_ROWS).fetchall()

    def restore(self) -> None:
        shutil.copytree(self._scripts, self._data / "scripts", dirs_exist_ok=True)
        with _connection(self._data) as connection:
            connection.execute("DELETE FROM document")
            connection.executemany("INSERT INTO document (kind, id, name, value) VALUES (?, ?, ?, ?)", self._rows)


@contextmanager
def _connection(data: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(data / "account.sqlite", timeout=5)
    try:
        with connection:
            yield connection
    finally:
        connection.close()
