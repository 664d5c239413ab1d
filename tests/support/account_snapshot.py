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

from tests.support.local_cloudflare import LocalCloudflare

_ROWS = "SELECT kind, id, name, value FROM document ORDER BY rowid"


class AccountSnapshot:
    """Taken when it is made."""

    def __init__(self, server: LocalCloudflare, keep: Path) -> None:
        """`keep` is a folder for the copies."""
        self._server, self._data = server, server.data
        self._scripts = keep / "scripts"
        shutil.copytree(self._data / "scripts", self._scripts)
        with _connection(self._data) as connection:
            self._rows = connection.execute(_ROWS).fetchall()

    def restore(self) -> None:
        """A Worker that was deleted meanwhile runs again, too."""
        self._put_back()
        state = self._server.local("GET", "/state")
        deleted = {each["id"] for each in state["workers"]} - set(state["runtime"]["uploaded"])
        for name in deleted:  # to change nothing of it is a version of its own, and uploads it
            nothing = {"settings": (None, "{}", "application/json")}
            self._server.call("PATCH", f"/workers/scripts/{name}/settings", files=nothing).raise_for_status()
        if deleted:
            self._put_back()

    def _put_back(self) -> None:
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
