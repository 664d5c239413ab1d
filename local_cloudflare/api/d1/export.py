"""The export of a D1 database as SQL: asked for, polled, then downloaded by a URL that is its own permission.

The text has the order of the real one: tables with their rows in the order of creation, then what is built on them.
Values are written by SQLite's own `quote`, so that blobs and texts with any character come back as they were. A file is
kept below the data directory for an hour.

Source: the official SDK's types `DatabaseExportParams` and `DatabaseExportResponse`.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1.models import Database

KEPT_S = 3600
_TOKEN = re.compile(r"[0-9a-f]{32}")
_OWN = "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
_SCHEMA = f"SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND {_OWN} ORDER BY rowid"  # noqa: S608


class Exports:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._folder = cloud.data / "exports"

    async def create(self, database: Database) -> str:
        """Write the export; the token under which it can be downloaded."""
        self._folder.mkdir(exist_ok=True)
        now = self._cloud.clock().timestamp()
        for file in self._folder.glob("*.sql"):
            if file.stat().st_mtime < now - KEPT_S:
                file.unlink(missing_ok=True)
        token = secrets.token_hex(16)
        (self._folder / f"{token}.sql").write_text(await self._dump(database.uuid), encoding="utf-8", newline="")
        return token

    def read(self, token: str) -> bytes | None:
        file = self._folder / f"{token}.sql"
        return file.read_bytes() if _TOKEN.fullmatch(token) and file.is_file() else None

    async def _dump(self, database: str) -> str:
        schema = await self._rows(database, _SCHEMA)
        lines = ["PRAGMA defer_foreign_keys=TRUE;"]
        for type, name, sql in schema:
            if type == "table":
                lines += [f"{sql};", *await self._inserts(database, name)]
        lines += [f"{sql};" for type, _, sql in schema if type != "table"]
        return "\n".join(lines) + "\n"

    async def _inserts(self, database: str, table: str) -> list[str]:
        quoted = _identifier(table)
        columns = [row[1] for row in await self._rows(database, f"PRAGMA table_info({quoted})")]
        values = " || ',' || ".join(f"quote({_identifier(column)})" for column in columns)
        names = ",".join(map(_identifier, columns))
        rows = await self._rows(database, f"SELECT {values} FROM {quoted}")  # noqa: S608
        return [f"INSERT INTO {quoted} ({names}) VALUES({row[0]});" for row in rows]

    async def _rows(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        [result] = await self._cloud.runtime.d1_query(database, sql, ())
        return list(result.rows)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
