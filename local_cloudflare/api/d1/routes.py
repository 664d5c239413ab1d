"""D1's calls. `query` answers rows as objects, `raw` as arrays beside the names of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local_cloudflare.api.auth import D1_READ, D1_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.d1 import errors, time_travel
from local_cloudflare.api.d1.export import Exports
from local_cloudflare.api.d1.imports import Imports
from local_cloudflare.api.d1.models import Database, Databases
from local_cloudflare.api.d1.time_travel import TimeTravel
from local_cloudflare.api.envelope import Answer, page
from local_cloudflare.runtime.errors import QueryError
from local_cloudflare.runtime.models import D1Result


async def list_databases(call: Call) -> Answer:
    wanted = call.page(per_page=100, most=10_000, malformed=errors.malformed_parameter)
    return page([_summary(database) for database in Databases(call.cloud).all(call.query.get("name", ""))], wanted)


async def create_database(call: Call) -> Answer:
    return Answer(result=await _details(call, Databases(call.cloud).create(await call.json_object())))


async def get_database(call: Call) -> Answer:
    return Answer(result=await _details(call, Databases(call.cloud).get(call["database_id"])))


async def update_database(call: Call) -> Answer:
    database = Databases(call.cloud).update(call["database_id"], await call.json_object())
    return Answer(result=await _details(call, database))


async def delete_database(call: Call) -> Answer:
    await time_travel.delete(call.cloud, call["database_id"])
    return Answer(result=None)


async def query(call: Call) -> Answer:
    results = await _run(call)
    return Answer(result=[{"results": found.records(), "success": True, "meta": dict(found.meta)} for found in results])


async def raw(call: Call) -> Answer:
    results = await _run(call)
    return Answer(
        result=[
            {"results": {"columns": found.columns, "rows": found.rows}, "success": True, "meta": dict(found.meta)}
            for found in results
        ]
    )


async def export(call: Call) -> Answer:
    """Asked for once, it answers a bookmark; asked again with that, where the SQL is. Made at once, so polled once."""
    body = await call.json_object()
    database = Databases(call.cloud).get(call["database_id"])
    if body.get("output_format") != "polling":
        raise errors.malformed("output_format must be polling")
    exports, bookmark = Exports(call.cloud), body.get("current_bookmark")
    progress = {"success": True, "type": "export", "messages": []}
    if bookmark is None:
        begun = await exports.begin(database, body.get("dump_options"))
        return Answer(result={**progress, "at_bookmark": begun, "status": "active"})
    if (error := exports.end(database, str(bookmark))) != "":
        failed = {"success": False, "status": "error", "error": error or "Not currently exporting anything."}
        return Answer(result={**progress, **failed, "errors": [failed["error"]]})
    url = call.request.url.replace(path=f"/_local/exports/{bookmark}", query="")
    result = {"filename": f"{bookmark}.sql", "signed_url": str(url)}
    return Answer(result={**progress, "at_bookmark": bookmark, "status": "complete", "result": result})


async def import_sql(call: Call) -> Answer:
    body = await call.json_object()
    database = Databases(call.cloud).get(call["database_id"])
    Exports(call.cloud).refuse_queries(database)
    url = call.request.url.replace(path="/_local/imports/", query="")
    return Answer(result=await Imports(call.cloud).act(database, body, str(url)))


async def get_bookmark(call: Call) -> Answer:
    database = Databases(call.cloud).get(call["database_id"])
    return Answer(result={"bookmark": await TimeTravel(call.cloud).bookmark(database, call.query.get("timestamp"))})


async def restore_to_bookmark(call: Call) -> Answer:
    """The body is not looked at, as the real API documents it."""
    database, travel = Databases(call.cloud).get(call["database_id"]), TimeTravel(call.cloud)
    bookmark, timestamp = call.query.get("bookmark"), call.query.get("timestamp")
    if (bookmark is None) == (timestamp is None):
        raise errors.malformed("either bookmark or timestamp must be given")
    return Answer(result=await travel.restore(database, bookmark or await travel.bookmark(database, timestamp)))


async def _run(call: Call) -> Sequence[D1Result]:
    """The body: `{sql, params}`, a list of those, or `{batch: [those]}`."""
    body = await call.json()
    database = Databases(call.cloud).get(call["database_id"])
    Exports(call.cloud).refuse_queries(database)
    batch = body.get("batch") if isinstance(body, dict) else body
    runtime = call.cloud.runtime
    try:
        if batch is None:
            sql, params = _statement(body)
            return await runtime.d1.query(database.uuid, sql, params)
        if not isinstance(batch, list):
            raise errors.malformed("batch must be a list of statements")
        return await runtime.d1.batch(database.uuid, [_statement(statement) for statement in batch])
    except QueryError as error:
        raise errors.query_failed(str(error)) from error


def _statement(statement: Any) -> tuple[str, Sequence[Any]]:
    if not isinstance(statement, dict) or not isinstance(statement.get("sql"), str):
        raise errors.malformed("a statement must have `sql`")
    params = statement.get("params") or []
    if not isinstance(params, list):
        raise errors.malformed("params must be a list")
    return statement["sql"], params


async def _details(call: Call, database: Database) -> dict[str, Any]:
    return {
        **_summary(database),
        "num_tables": await call.cloud.runtime.d1.num_tables(database.uuid),
        "file_size": await call.cloud.runtime.d1.size(database.uuid),
        "read_replication": {"mode": database.read_replication},
    }


def _summary(database: Database) -> dict[str, Any]:
    summary = {
        "uuid": database.uuid,
        "name": database.name,
        "version": "production",
        "created_at": database.created_at,
    }
    return summary if database.jurisdiction is None else {**summary, "jurisdiction": database.jurisdiction}


_DATABASES = "/accounts/{account_id}/d1/database"
_DATABASE = f"{_DATABASES}/{{database_id}}"

ROUTES = (
    Route(method="GET", path=_DATABASES, handler=list_databases, permission=D1_READ),
    Route(method="POST", path=_DATABASES, handler=create_database, permission=D1_WRITE),
    Route(method="GET", path=_DATABASE, handler=get_database, permission=D1_READ),
    Route(method="PUT", path=_DATABASE, handler=update_database, permission=D1_WRITE),
    Route(method="PATCH", path=_DATABASE, handler=update_database, permission=D1_WRITE),
    Route(method="DELETE", path=_DATABASE, handler=delete_database, permission=D1_WRITE),
    Route(method="POST", path=f"{_DATABASE}/query", handler=query, permission=D1_WRITE),
    Route(method="POST", path=f"{_DATABASE}/raw", handler=raw, permission=D1_WRITE),
    Route(method="GET", path=f"{_DATABASE}/time_travel/bookmark", handler=get_bookmark, permission=D1_READ),
    Route(method="POST", path=f"{_DATABASE}/time_travel/restore", handler=restore_to_bookmark, permission=D1_WRITE),
    Route(method="POST", path=f"{_DATABASE}/export", handler=export, permission=D1_WRITE),
    Route(method="POST", path=f"{_DATABASE}/import", handler=import_sql, permission=D1_WRITE),
)
