"""D1 databases of the account. What is in them is in the runtime."""

from __future__ import annotations

import re
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1 import errors

KIND = "d1_database"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")
_MODES = ("auto", "disabled")


@dataclass(frozen=True, kw_only=True)
class Database:
    uuid: str
    name: str
    created_at: str
    read_replication: str = "disabled"
    jurisdiction: str | None = None


class Databases:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._store = cloud.store

    def all(self, name: str = "") -> list[Database]:
        """The databases whose name contains `name`, newest first as the API lists them."""
        found = [Database(**document) for document in self._store.all(KIND)]
        return [database for database in reversed(found) if name in database.name]

    def get(self, id_or_name: str) -> Database:
        document = self._store.get(KIND, id_or_name) or self._store.find(KIND, id_or_name)
        if document is None:
            raise errors.database_not_found(id_or_name)
        return Database(**document)

    def create(self, body: dict[str, Any]) -> Database:
        name = body.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise errors.malformed("name must be 1 to 63 letters, digits, _ or -, and not begin with -")
        if self._store.find(KIND, name) is not None:
            raise errors.name_exists()
        database = Database(
            uuid=str(uuid.uuid4()),
            name=name,
            created_at=self._cloud.now(),
            read_replication=_mode(body.get("read_replication")) or "disabled",
            jurisdiction=body.get("jurisdiction"),
        )
        return self._save(database)

    def update(self, id: str, body: dict[str, Any]) -> Database:
        """Only the read replication can be changed; a `name` in the body is not looked at."""
        database = self.get(id)
        mode = _mode(body.get("read_replication"))
        return self._save(replace(database, read_replication=mode)) if mode else database

    async def delete(self, id: str) -> None:
        database = self.get(id)
        self._store.delete(KIND, database.uuid)
        await self._cloud.runtime.d1.purge(database.uuid)

    def _save(self, database: Database) -> Database:
        self._store.put(KIND, database.uuid, asdict(database), name=database.name)
        return database


def _mode(read_replication: Any) -> str | None:
    if read_replication is None:
        return None
    if not isinstance(read_replication, dict) or read_replication.get("mode") not in _MODES:
        raise errors.malformed(f"read_replication.mode must be one of {', '.join(_MODES)}")
    return str(read_replication["mode"])
