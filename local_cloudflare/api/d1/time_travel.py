"""Time Travel: a database as it was, by a bookmark or a time.

Cloudflare keeps every write of 30 days. Here a state is kept each minute in which the database changed, and whenever a
bookmark is asked for; the newest hundred of each. A bookmark has the form of the real one, sorts by time as it does,
and names one state. Source: the page "Time Travel and backups", the official SDK's types, and what wrangler calls.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1 import errors
from local_cloudflare.api.d1.models import KIND, Database, Databases
from local_cloudflare.runtime.d1_files import content_sha256
from local_cloudflare.runtime.errors import RuntimeFault

_KEPT = 100
_DAYS = timedelta(days=30)
_EACH_SECONDS = 60
_BOOKMARK = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){2}-[0-9a-f]{32}")
_VERSION = "d1_time_travel"
_log = logging.getLogger(__name__)


class TimeTravel:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._folder = cloud.data / "time_travel"
        self._files = cloud.runtime.d1.files

    async def bookmark(self, database: Database, at: str | None = None) -> str:
        """Of the state now, or of the last one that was kept until `at` (RFC 3339). Raises ApiError."""
        current = await self._keep(database)
        if at is None or (moment := _moment(at)) >= self._cloud.clock():
            return current
        before = [each for each in self._bookmarks(database) if _time(each) <= moment]
        if not before:
            raise errors.no_state_at(at)
        return before[-1]

    async def restore(self, database: Database, bookmark: str) -> dict[str, Any]:
        """What the call answers. Raises ApiError where no state has that bookmark."""
        file = self._file(database, bookmark)
        if not _BOOKMARK.fullmatch(bookmark) or not file.is_file():
            raise errors.no_such_bookmark(bookmark)
        previous = await self._keep(database)
        await asyncio.to_thread(self._files.put_back, database.uuid, file)
        return {
            "bookmark": await self._keep(database),
            "previous_bookmark": previous,
            "message": f"Database restored to bookmark {bookmark}",
        }

    def forget(self, uuid: str) -> None:
        """When the database is gone."""
        shutil.rmtree(self._folder / uuid, ignore_errors=True)
        self._cloud.store.delete(_VERSION, uuid)

    async def _keep(self, database: Database) -> str:
        """Keep the state now, unless it is the last one that was kept; its bookmark."""
        await self._cloud.runtime.d1.query(database.uuid, "SELECT 1")  # so that there is a file
        known = self._bookmarks(database)
        last = self._cloud.store.get(_VERSION, database.uuid)
        version = self._files.version(database.uuid)
        if known and last == {"version": version}:
            return known[-1]
        bookmark = _new(self._cloud.clock())
        file = self._file(database, bookmark)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        await asyncio.to_thread(self._files.copy_out, database.uuid, partial)
        self._cloud.store.put(_VERSION, database.uuid, {"version": version})
        if known and content_sha256(partial) == content_sha256(self._file(database, known[-1])):
            partial.unlink()  # workerd keeps something of its own in each, and SQLite tidies up
            return known[-1]
        partial.replace(file)
        oldest = self._cloud.clock() - _DAYS
        for each in [*known[: len(known) + 1 - _KEPT], *(each for each in known if _time(each) < oldest)]:
            self._file(database, each).unlink(missing_ok=True)
        return bookmark

    async def keep_all(self) -> None:
        """The states of all databases that have changed since they were kept."""
        for document in self._cloud.store.all(KIND):
            database = Database(**document)
            if self._cloud.store.get(_VERSION, database.uuid) != {"version": self._files.version(database.uuid)}:
                await self._keep(database)

    def _bookmarks(self, database: Database) -> list[str]:
        """Oldest first."""
        return sorted(each.stem for each in (self._folder / database.uuid).glob("*.sqlite"))

    def _file(self, database: Database, bookmark: str) -> Path:
        return self._folder / database.uuid / f"{bookmark}.sqlite"


async def keep_forever(cloud: Cloud) -> None:
    """Once a minute."""
    while True:
        await asyncio.sleep(_EACH_SECONDS)
        try:
            await TimeTravel(cloud).keep_all()
        except (RuntimeFault, sqlite3.Error, OSError) as error:
            _log.warning("time travel: the databases' states were not kept: %s", error)


async def delete(cloud: Cloud, id: str) -> None:
    """Delete a database, and its states."""
    uuid = Databases(cloud).get(id).uuid
    await Databases(cloud).delete(uuid)
    TimeTravel(cloud).forget(uuid)


def _new(now: datetime) -> str:
    milliseconds = int(now.timestamp() * 1000)
    return f"{milliseconds >> 32:08x}-{milliseconds & 0xFFFFFFFF:08x}-00000000-{secrets.token_hex(16)}"


def _time(bookmark: str) -> datetime:
    high, low, *_ = bookmark.split("-")
    return datetime.fromtimestamp((int(high, 16) << 32 | int(low, 16)) / 1000, UTC)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise errors.malformed("timestamp must be an ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
