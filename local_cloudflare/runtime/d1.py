"""D1 databases: the protocol of workerd's D1 binding."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from local_cloudflare.runtime.errors import QueryError
from local_cloudflare.runtime.gateway import Gateway
from local_cloudflare.runtime.models import D1Result

Statement = tuple[str, Sequence[Any]]

_OWN_TABLES = "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
_COMMENT = re.compile(r"--[^\n]*|/\*.*?(\*/|\Z)", re.DOTALL)


class D1:
    """Databases by id. Each method may raise QueryError with SQLite's message."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def query(self, database: str, sql: str, params: Sequence[Any]) -> list[D1Result]:
        parts = statements(sql)
        if len(parts) > 1 and params:
            raise QueryError("Wrong number of parameter bindings for SQL query.")
        return await self.batch(database, [(part, params) for part in parts])

    async def batch(self, database: str, batch: Sequence[Statement]) -> list[D1Result]:
        content = json.dumps([{"sql": sql, "params": [_param(param) for param in params]} for sql, params in batch])
        response = await self._gateway.send(
            "d1",
            database,
            "POST",
            "/query?resultsFormat=ROWS_AND_COLUMNS",
            headers={"content-type": "application/json"},
            content=content.encode(),
        )
        try:
            answer = response.json()
        except ValueError as error:
            raise QueryError(response.text) from error
        if isinstance(answer, dict):
            raise QueryError(answer["error"])
        return [_result(item) for item in answer]

    async def size(self, database: str) -> int:
        [result] = await self.query(database, "SELECT 1", ())
        return int(result.meta["size_after"])

    async def num_tables(self, database: str) -> int:
        sql = f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND {_OWN_TABLES}"  # noqa: S608
        [result] = await self.query(database, sql, ())
        return int(result.rows[0][0])

    async def purge(self, database: str) -> None:
        sql = f"SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table') AND {_OWN_TABLES}"  # noqa: S608
        [found] = await self.query(database, sql, ())
        quoted = [(type, name.replace('"', '""')) for type, name in found.rows]
        drops = [(f'DROP {type} IF EXISTS "{name}"', ()) for type, name in quoted]
        if drops:
            await self.batch(database, [("PRAGMA defer_foreign_keys = TRUE", ()), *drops])


def statements(sql: str) -> list[str]:
    """The statements of `sql`, ended by semicolons (not those in a string, a comment or a trigger), and the rest."""
    found, start = [], 0
    for end in (match.end() for match in re.finditer(";", sql)):
        if sqlite3.complete_statement(sql[start:end]):
            found.append(sql[start:end])
            start = end
    found.append(sql[start:])
    return [part.strip() for part in found if _COMMENT.sub("", part).strip(" \t\r\n;")] or [sql]


def _param(param: Any) -> Any:
    return int(param) if isinstance(param, bool) else param


def _result(item: dict[str, Any]) -> D1Result:
    results = item["results"]
    return D1Result(
        columns=tuple(results["columns"]), rows=tuple(tuple(row) for row in results["rows"]), meta=item["meta"]
    )
