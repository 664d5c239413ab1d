"""The Python side of the runtime: Workers in workerd, and their data.

`async with Runtime(data=…) as runtime:` starts Node with runtime.mjs (see there for the picture), which runs Workers by
miniflare. Workers are given to it over a control port; data is read and written through the gateway, by the protocols
of Workers' own bindings, so that the REST API and a Worker see the same.

Touches: a child process, loopback ports, and files below the data directory (by way of the child). One event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from local_cloudflare.runtime.control import worker_body, worker_path
from local_cloudflare.runtime.d1 import Statement
from local_cloudflare.runtime.errors import StartupError
from local_cloudflare.runtime.models import (
    D1Result,
    KvPage,
    KvValue,
    LogLine,
    R2Body,
    R2Object,
    R2Page,
    ScheduledResult,
    Startup,
    WorkerConfig,
)
from local_cloudflare.runtime.r2 import bucket_name
from local_cloudflare.runtime.supervisor import Connection, Supervisor


class Runtime:
    """Workers and their data on this machine. An async context manager.

    It remembers the Workers it was given: should its process die, it starts another one, on the same port, and gives
    them to it again; after `restarts` times it stays dead, and says so. Every method may raise RuntimeFault. The data
    of a namespace, bucket or database that was never written to is simply empty.
    """

    def __init__(self, *, data: Path, workers_port: int = 0, restarts: int = 1) -> None:
        self._workers: dict[str, WorkerConfig] = {}
        self._supervisor = Supervisor(data=data, workers_port=workers_port, restarts=restarts, restore=self._restore)

    async def __aenter__(self) -> Self:
        await self._supervisor.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._supervisor.stop()

    @property
    def workers_port(self) -> int:
        """Where Workers answer: http://<name>.localhost:<workers_port>"""
        return self._supervisor.workers_port

    def url(self, name: str) -> str:
        """The URL of a Worker."""
        return f"http://{name}.localhost:{self.workers_port}"

    # Workers

    async def check(self, config: WorkerConfig) -> Startup:
        """Evaluate a Worker's code by itself, without its bindings. Raises StartupError with the script's own error."""
        found = await (await self._connected()).control.call("POST", "/check", worker_body(config))
        if "error" in found:
            raise StartupError(found["error"])
        return Startup(handlers=tuple(found["handlers"]), startup_time_ms=found["startupTimeMs"])

    async def put_worker(self, config: WorkerConfig) -> None:
        """Add or replace a Worker. Returns at once; it is loaded when it is called or when uploads have been quiet."""
        self._workers[config.name] = config
        await (await self._connected()).control.call("PUT", worker_path(config.name), worker_body(config))

    async def delete_worker(self, name: str) -> None:
        """Remove a Worker; a name that is not there is no error."""
        self._workers.pop(name, None)
        await (await self._connected()).control.call("DELETE", worker_path(name))

    async def set_workers_dev(self, name: str, enabled: bool) -> None:
        """Make a Worker reachable by its URL, or not. Costs no reload."""
        if name in self._workers:
            self._workers[name] = replace(self._workers[name], workers_dev=enabled)
            await (await self._connected()).control.call("PATCH", worker_path(name), {"workersDev": enabled})

    async def set_crons(self, name: str, crons: Sequence[str]) -> None:
        """A Worker with crons is kept loaded; the caller fires them by `scheduled`. Costs no reload."""
        if name in self._workers:
            self._workers[name] = replace(self._workers[name], crons=tuple(crons))
            await (await self._connected()).control.call("PATCH", worker_path(name), {"crons": list(crons)})

    async def scheduled(self, name: str, cron: str, scheduled_time: int) -> ScheduledResult:
        """Run a Worker's `scheduled` handler; `scheduled_time` in ms since 1970. Waits for its end."""
        body = {"cron": cron, "time": scheduled_time}
        return ScheduledResult(
            **await (await self._connected()).control.call("POST", f"{worker_path(name)}/scheduled", body)
        )

    # KV

    async def kv_get(self, namespace: str, key: str) -> KvValue | None:
        """The value of a key; None where there is none, or it has expired."""
        return await (await self._connected()).kv.get(namespace, key)

    async def kv_put(
        self,
        namespace: str,
        key: str,
        value: bytes,
        *,
        expiration: int | None = None,
        expiration_ttl: int | None = None,
        metadata: Any = None,
    ) -> None:
        """Write a value; `expiration` in seconds since 1970, `expiration_ttl` in seconds, 60 at least.

        Raises DataError.
        """
        await (await self._connected()).kv.put(namespace, key, value, expiration, expiration_ttl, metadata)

    async def kv_delete(self, namespace: str, key: str) -> None:
        """Remove a key; one that is not there is no error."""
        await (await self._connected()).kv.delete(namespace, key)

    async def kv_list(
        self, namespace: str, *, prefix: str = "", limit: int = 1000, cursor: str | None = None
    ) -> KvPage:
        """Keys in order, 1000 a page at most."""
        return await (await self._connected()).kv.list(namespace, prefix, limit, cursor)

    async def kv_purge(self, namespace: str) -> None:
        """Remove everything in a namespace."""
        await (await self._connected()).kv.purge(namespace)

    # R2: the same bucket name in another jurisdiction (default, eu, fedramp) is another bucket

    async def r2_get(
        self, bucket: str, key: str, *, jurisdiction: str = "default", range: str | None = None
    ) -> R2Body | None:
        """An object with its bytes, those of a Range header where there is one; None where there is no object."""
        return await (await self._connected()).r2.get(bucket_name(bucket, jurisdiction), key, range)

    async def r2_head(self, bucket: str, key: str, *, jurisdiction: str = "default") -> R2Object | None:
        """An object without its bytes; None where there is none."""
        return await (await self._connected()).r2.head(bucket_name(bucket, jurisdiction), key)

    async def r2_put(
        self,
        bucket: str,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        jurisdiction: str = "default",
        http_metadata: Mapping[str, str] | None = None,
        custom_metadata: Mapping[str, str] | None = None,
        storage_class: str = "Standard",
        only_if: Mapping[str, Any] | None = None,
        size: int | None = None,
    ) -> R2Object:
        """Write an object. With its `size` the bytes go through; without, they wait in a file until all are there.

        The storage class is only answered: objects on this machine have none. `only_if` as in R2's binding. Raises
        DataError.
        """
        r2 = (await self._connected()).r2
        name = bucket_name(bucket, jurisdiction)
        written = await r2.put(name, key, body, http_metadata or {}, custom_metadata or {}, only_if or {}, size)
        return replace(written, storage_class=storage_class)

    async def r2_delete(self, bucket: str, keys: Sequence[str], *, jurisdiction: str = "default") -> None:
        """Remove objects; a key that is not there is no error."""
        await (await self._connected()).r2.delete(bucket_name(bucket, jurisdiction), keys)

    async def r2_create_upload(
        self,
        bucket: str,
        key: str,
        *,
        jurisdiction: str,
        http_metadata: Mapping[str, str],
        custom_metadata: Mapping[str, str],
    ) -> str:
        """Begin a multipart upload; its id. Raises DataError, as the three calls below do."""
        r2 = (await self._connected()).r2
        return await r2.create_upload(bucket_name(bucket, jurisdiction), key, http_metadata, custom_metadata)

    async def r2_upload_part(
        self,
        bucket: str,
        key: str,
        upload: str,
        number: int,
        body: AsyncIterable[bytes],
        size: int,
        *,
        jurisdiction: str,
    ) -> str:
        """Write one part; its mark, for `r2_complete_upload`."""
        r2 = (await self._connected()).r2
        return await r2.upload_part(bucket_name(bucket, jurisdiction), key, upload, number, body, size)

    async def r2_complete_upload(
        self, bucket: str, key: str, upload: str, parts: Sequence[tuple[int, str]], *, jurisdiction: str
    ) -> R2Object:
        """Make an object of parts: number and mark of each, in order."""
        return await (await self._connected()).r2.complete_upload(bucket_name(bucket, jurisdiction), key, upload, parts)

    async def r2_abort_upload(self, bucket: str, key: str, upload: str, *, jurisdiction: str) -> None:
        """End a multipart upload and forget its parts."""
        await (await self._connected()).r2.abort_upload(bucket_name(bucket, jurisdiction), key, upload)

    async def r2_list(
        self,
        bucket: str,
        *,
        jurisdiction: str = "default",
        prefix: str = "",
        delimiter: str | None = None,
        start_after: str | None = None,
        limit: int = 1000,
        cursor: str | None = None,
        metadata: bool = True,
    ) -> R2Page:
        """Objects in key order, 1000 a page at most, 100 with their metadata."""
        return await (await self._connected()).r2.list(
            bucket_name(bucket, jurisdiction),
            prefix=prefix,
            delimiter=delimiter,
            start_after=start_after,
            limit=limit,
            cursor=cursor,
            metadata=metadata,
        )

    async def r2_is_empty(self, bucket: str, *, jurisdiction: str = "default") -> bool:
        """Whether a bucket has no object."""
        return not (await self.r2_list(bucket, jurisdiction=jurisdiction, limit=1)).objects

    async def r2_purge(self, bucket: str, *, jurisdiction: str = "default") -> None:
        """Remove every object of a bucket."""
        await (await self._connected()).r2.purge(bucket_name(bucket, jurisdiction))

    # D1

    async def d1_query(self, database: str, sql: str, params: Sequence[Any] = ()) -> list[D1Result]:
        """Run the statements of `sql`, one result each, all or nothing. `params` only for a single statement.

        Raises QueryError with SQLite's message.
        """
        return await (await self._connected()).d1.query(database, sql, params)

    async def d1_batch(self, database: str, statements: Sequence[Statement]) -> list[D1Result]:
        """Run statements with their parameters in one transaction, one result each. Raises QueryError."""
        return await (await self._connected()).d1.batch(database, statements)

    async def d1_dump(
        self, database: str, *, no_schema: bool = False, no_data: bool = False, tables: Sequence[str] = ()
    ) -> str:
        """The SQL of an export. Raises QueryError where the real one cannot be made."""
        d1 = (await self._connected()).d1
        return await d1.dump(database, no_schema=no_schema, no_data=no_data, tables=tables)

    async def d1_size(self, database: str) -> int:
        """The size of the database's file in bytes."""
        return await (await self._connected()).d1.size(database)

    async def d1_num_tables(self, database: str) -> int:
        """How many tables the user made."""
        return await (await self._connected()).d1.num_tables(database)

    async def d1_purge(self, database: str) -> None:
        """Drop every table and view."""
        await (await self._connected()).d1.purge(database)

    # What went on

    async def logs(
        self, worker: str | None = None, *, since: int = 0, follow: bool = False
    ) -> AsyncGenerator[LogLine, None]:
        """Lines with `seq` greater than `since`, oldest first; with `follow`, new ones as they come."""
        query = {"since": str(since), "follow": str(follow).lower(), **({"worker": worker} if worker else {})}
        async for line in (await self._connected()).control.log_lines(query):
            yield line

    async def state(self) -> dict[str, Any]:
        """For debugging: Workers uploaded, loaded and broken, generations running, the last load's duration in ms."""
        return await (await self._connected()).control.call("GET", "/state")

    async def _connected(self) -> Connection:
        return await self._supervisor.connected()

    async def _restore(self, connection: Connection) -> None:
        for config in list(self._workers.values()):
            await connection.control.call("PUT", worker_path(config.name), worker_body(config))
