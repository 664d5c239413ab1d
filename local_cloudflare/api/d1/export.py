"""The export of a D1 database as SQL: asked for, polled, then downloaded by a URL that is its own permission.

The text is that of miniflare's port of the real algorithm, with what that loses. While an export is not polled to its
end, the database answers no query of the API; one that nobody polls gives up. A file is kept for an hour.

Source: the official SDK's types `DatabaseExportParams` and `DatabaseExportResponse`.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1 import errors
from local_cloudflare.api.d1.models import Database
from local_cloudflare.runtime.errors import QueryError

KEPT_S = 3600
GIVEN_UP_S = 10
_BUSY = "d1_export"
_TOKEN = re.compile(r"[0-9a-f]{32}")


class Exports:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._folder = cloud.data / "exports"

    async def begin(self, database: Database, options: Any) -> str:
        """Make the export; the token under which it can be downloaded. Raises ApiError for options that are none."""
        options = options if options is not None else {}
        tables = options.get("tables") or [] if isinstance(options, dict) else None
        if not isinstance(tables, list) or not all(isinstance(table, str) for table in tables):
            raise errors.malformed("dump_options must have only no_data, no_schema and tables, a list of names")
        self._folder.mkdir(exist_ok=True)
        now = self._now()
        for file in self._folder.glob("*.*"):
            if file.stat().st_mtime < now - KEPT_S:
                file.unlink(missing_ok=True)
        token = secrets.token_hex(16)
        try:
            flags = {"no_schema": bool(options.get("no_schema")), "no_data": bool(options.get("no_data"))}
            text = await self._cloud.runtime.d1.dump(database.uuid, tables=tables, **flags)
            (self._folder / f"{token}.sql").write_text(text, encoding="utf-8", newline="")
        except QueryError as error:
            (self._folder / f"{token}.error").write_text(str(error), encoding="utf-8")
        self._cloud.store.put(_BUSY, database.uuid, {"token": token, "until": now + GIVEN_UP_S})
        return token

    def end(self, database: Database, token: str) -> str | None:
        """The export was polled: queries are answered again. Its error, "" where it has none, None where it is none."""
        busy = self._cloud.store.get(_BUSY, database.uuid)
        if busy and busy["token"] == token:
            self._cloud.store.delete(_BUSY, database.uuid)
        if not _TOKEN.fullmatch(token):
            return None
        error = self._folder / f"{token}.error"
        if error.is_file():
            return error.read_text(encoding="utf-8")
        return "" if self.read(token) is not None else None

    def refuse_queries(self, database: Database) -> None:
        """Raise ApiError while an export is running."""
        busy = self._cloud.store.get(_BUSY, database.uuid)
        if busy and busy["until"] > self._now():
            raise errors.query_failed("Currently processing a long-running export.")

    def read(self, token: str) -> bytes | None:
        file = self._folder / f"{token}.sql"
        return file.read_bytes() if _TOKEN.fullmatch(token) and file.is_file() else None

    def _now(self) -> float:
        return self._cloud.clock().timestamp()
