"""The SQLite files of D1's databases, as workerd keeps them: copied out whole, and put back while it goes on.

SQLite's own backup does both, under SQLite's locks; workerd sees the other content with its next query. Where a file is
follows from miniflare's way to name objects. Touches the files below the data directory.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from contextlib import closing
from pathlib import Path

from local_cloudflare.runtime.sql import quoted

_CLASS = "miniflare-D1DatabaseObject"
_BUSY_SECONDS = 30
_MADE = "SELECT type, name, sql, rootpage > 0 FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"


class D1Files:
    """`directory`: where workerd keeps D1. A database that was never asked anything has no file yet."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / _CLASS

    def path(self, database: str) -> Path:
        key = hashlib.sha256(_CLASS.encode()).digest()
        name = hmac.digest(key, database.encode(), "sha256")[:16]
        return self._directory / f"{(name + hmac.digest(key, name, 'sha256')[:16]).hex()}.sqlite"

    def version(self, database: str) -> str:
        """Another one after each write, and now and then without one."""
        path = self.path(database)
        found = [each.stat() for each in (path, path.with_name(f"{path.name}-wal")) if each.exists()]
        return " ".join(f"{each.st_mtime_ns} {each.st_size}" for each in found)

    def copy_out(self, database: str, target: Path) -> None:
        with closing(_connect(self.path(database), "ro")) as source, closing(_connect(target, "rwc")) as other:
            source.backup(other)

    def put_back(self, database: str, source: Path) -> None:
        """The whole content becomes that of `source`, at once."""
        with closing(_connect(source, "ro")) as other, closing(_connect(self.path(database), "rw")) as target:
            other.backup(target)


def content_sha256(file: Path) -> str:
    """Of what the user has in a copied file: everything that was made, and all rows, without workerd's own table."""
    found = hashlib.sha256()
    with closing(_connect(file, "ro")) as connection:
        connection.text_factory = bytes
        made = connection.execute(_MADE).fetchall()
        for type, name, sql, has_rows in made:
            found.update(repr((type, name, sql)).encode())
            if type == b"table" and has_rows:  # a virtual table's are in the tables that it has made
                for row in connection.execute(f"SELECT * FROM {quoted(name.decode())}"):  # noqa: S608
                    found.update(repr(row).encode())
    return found.hexdigest()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_SECONDS)
