"""D1 databases: the protocol of workerd's D1 binding."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from local_cloudflare.runtime.d1_files import D1Files
from local_cloudflare.runtime.errors import QueryError
from local_cloudflare.runtime.gateway import Send
from local_cloudflare.runtime.models import D1Result
from local_cloudflare.runtime.sql import quoted, statements

Statement = tuple[str, Sequence[Any]]

_OWN_TABLES = "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
_VIRTUAL = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'"
_EXPORT = "PRAGMA miniflare_d1_export(?,?,?);"  # how miniflare's D1 is asked for its port of the real export
_AT_COMMIT = "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"


class D1:
    """Databases by id. Each method may raise QueryError with SQLite's message."""

    def __init__(self, send: Send, files: D1Files) -> None:
        """`files`: where they are kept."""
        self._send = send
        self.files = files

    async def query(self, database: str, sql: str, params: Sequence[Any] = ()) -> list[D1Result]:
        """Run the statements of `sql`, one result each, all or nothing. `params` only for a single statement."""
        parts = statements(sql)
        if len(parts) > 1 and params:
            raise QueryError("Wrong number of parameter bindings for SQL query.")
        return await self.batch(database, [(part, params) for part in parts])

    async def batch(self, database: str, batch: Sequence[Statement]) -> list[D1Result]:
        """Run statements with their parameters in one transaction, one result each."""
        content = json.dumps([{"sql": sql, "params": [_param(param) for param in params]} for sql, params in batch])
        answer = await self._ask(database, content)
        if isinstance(answer, dict):
            raise QueryError(answer.get("error") or "not authorized: SQLITE_AUTH")
        return [_result(item) for item in answer]

    async def dump(
        self, database: str, *, no_schema: bool = False, no_data: bool = False, tables: Sequence[str] = ()
    ) -> str:
        """The SQL of an export, as the real algorithm writes it: also where that loses something."""
        virtual = {name for (name,) in (await self.query(database, _VIRTUAL))[0].rows}
        if virtual & {*tables} or (virtual and not tables):
            raise QueryError("D1 Export error: cannot export databases with Virtual Tables (fts5)")
        content = json.dumps({"sql": _EXPORT, "params": [int(no_schema), int(no_data), *tables]})
        answer = await self._ask(database, content)
        if not answer.get("success"):
            raise QueryError(answer["error"])
        return "\n".join(answer["results"][0])

    async def _ask(self, database: str, content: str) -> Any:
        response = await self._send(
            "d1",
            database,
            "POST",
            "/query?resultsFormat=ROWS_AND_COLUMNS",
            headers={"content-type": "application/json"},
            content=content.encode(),
        )
        try:
            return response.json()
        except ValueError as error:
            # Rules that are held at the end alone fail outside of what miniflare turns into an answer.
            words = _AT_COMMIT if response.text == "Internal Server Error" else response.text
            raise QueryError(words) from error

    async def size(self, database: str) -> int:
        """The size of the database's file in bytes."""
        [result] = await self.query(database, "SELECT 1")
        return int(result.meta["size_after"])

    async def num_tables(self, database: str) -> int:
        """How many tables the user made."""
        sql = f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND {_OWN_TABLES}"  # noqa: S608
        [result] = await self.query(database, sql)
        return int(result.rows[0][0])

    async def purge(self, database: str) -> None:
        """Drop every table and view.

        Virtual tables first, since nobody may drop a table with a name like one of theirs; and then SQLite is made to
        read the schema anew, or it would still take that table for theirs.
        """
        sql = f"SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table') AND {_OWN_TABLES}"  # noqa: S608
        found, virtual = await self.query(database, f"{sql}; {_VIRTUAL}")
        virtual_names = {name for (name,) in virtual.rows}
        drops = {name: f"DROP {type} IF EXISTS {quoted(name)}" for type, name in found.rows}
        first = [drops[name] for name in virtual_names]
        if first:
            made = quoted(secrets.token_hex(8))
            first += [f"CREATE TABLE {made} (a)", f"ALTER TABLE {made} ADD b", f"DROP TABLE {made}"]
        last = [drop for name, drop in drops.items() if name not in virtual_names]
        if drops:
            batch = ["PRAGMA defer_foreign_keys = TRUE", *first, *last]
            await self.batch(database, [(statement, ()) for statement in batch])


def _param(param: Any) -> Any:
    return int(param) if isinstance(param, bool) else param


def _result(item: dict[str, Any]) -> D1Result:
    results = item["results"]
    return D1Result(
        columns=tuple(results["columns"]), rows=tuple(tuple(row) for row in results["rows"]), meta=item["meta"]
    )
