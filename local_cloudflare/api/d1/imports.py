"""The import of SQL into a D1 database: a URL to upload to, then the order to run it, all of it or nothing.

Files are known by the database and the MD5 of their bytes, so that the same one is not uploaded twice. Run at once, so
that the first poll finds it done. Source: the official SDK's types `DatabaseImportParams` and `DatabaseImportResponse`,
and what wrangler does with them.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1 import errors
from local_cloudflare.api.d1.models import Database
from local_cloudflare.runtime.errors import QueryError

_ETAG = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"[0-9a-f-]{36}\.([0-9a-f]{32})\.sql")
_DONE = "d1_import"


class Imports:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._folder = cloud.data / "imports"

    async def act(self, database: Database, body: dict[str, Any], upload_url: str) -> dict[str, Any]:
        """What the call answers. `upload_url`: where files go, without their name. Raises ApiError."""
        answer = {"success": True, "type": "import", "messages": []}
        match body.get("action"):
            case "init":
                name = f"{database.uuid}.{_etag(body)}.sql"
                there = (self._folder / name).is_file()
                return {**answer, "filename": name, **({} if there else {"upload_url": f"{upload_url}{name}"})}
            case "ingest":
                return {**answer, **await self._ingest(database, _etag(body), str(body.get("filename")))}
            case "poll":
                done = self._cloud.store.get(_DONE, str(body.get("current_bookmark")))
                if done is None or done["database"] != database.uuid:
                    return {**answer, "success": False, "error": "Not currently importing anything."}
                return {**answer, **done["answer"]}
        raise errors.malformed("action must be init, ingest or poll")

    def upload(self, name: str, content: bytes) -> str | None:
        """Keep a file; its MD5, or None where the name is that of another file."""
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        match = _FILE.fullmatch(name)
        if match is None or match[1] != etag:
            return None
        self._folder.mkdir(exist_ok=True)
        (self._folder / name).write_bytes(content)
        return etag

    async def _ingest(self, database: Database, etag: str, name: str) -> dict[str, Any]:
        file = self._folder / Path(name).name
        if name != f"{database.uuid}.{etag}.sql" or not file.is_file():
            return {"success": False, "error": "The file was not uploaded."}
        bookmark = etag
        try:
            results = await self._cloud.runtime.d1.query(database.uuid, file.read_text(encoding="utf-8"))
        except (QueryError, UnicodeDecodeError) as error:
            answer: dict[str, Any] = {"success": False, "status": "error", "error": str(error), "errors": [str(error)]}
        else:
            meta = {**results[-1].meta, "changes": sum(result.meta["changes"] for result in results)}
            meta |= {
                key: sum(result.meta[key] for result in results) for key in ("rows_read", "rows_written", "duration")
            }
            answer = {
                "status": "complete",
                "result": {"num_queries": len(results), "final_bookmark": bookmark, "meta": meta},
            }
        answer["at_bookmark"] = bookmark
        self._cloud.store.put(_DONE, bookmark, {"database": database.uuid, "answer": answer})
        file.unlink(missing_ok=True)
        return {"at_bookmark": bookmark, "messages": [f"Processed {name}"]}


def _etag(body: dict[str, Any]) -> str:
    etag = body.get("etag")
    if not isinstance(etag, str) or not _ETAG.fullmatch(etag):
        raise errors.malformed("etag must be the MD5 of the file in hex")
    return etag
