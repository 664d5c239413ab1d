"""The Python side of the runtime. (Interface; the body follows.)

`async with Runtime(data=…) as runtime:` spawns Node with runtime.mjs and talks to it over loopback.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

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


class Runtime:
    """Workers and their data on this machine. An async context manager; use it on one event loop.

    It remembers the Workers it was given: should its process die, it starts another and gives them to it again.
    Every method may raise RuntimeFault; data of an unknown namespace, bucket or database is simply empty.
    """

    workers_port: int
    """Where Workers answer: http://<name>.localhost:<workers_port>"""

    def __init__(self, *, data: Path, workers_port: int = 0, restarts: int = 1) -> None: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...

    def url(self, name: str) -> str:
        """The URL of a Worker."""
        ...

    # Workers

    async def check(self, config: WorkerConfig) -> Startup:
        """Evaluate a Worker's code by itself, without its bindings. Raises StartupError with the script's own error."""
        ...

    async def put_worker(self, config: WorkerConfig) -> None:
        """Add or replace a Worker. Returns at once; it is loaded when it is called or when uploads have been quiet."""
        ...

    async def delete_worker(self, name: str) -> None: ...

    async def set_workers_dev(self, name: str, enabled: bool) -> None:
        """Make a Worker reachable by its URL, or not. Costs no reload."""
        ...

    async def set_crons(self, name: str, crons: Sequence[str]) -> None:
        """A Worker with crons is kept loaded; the caller fires them by `scheduled`. Costs no reload."""
        ...

    async def scheduled(self, name: str, cron: str, scheduled_time: int) -> ScheduledResult:
        """Run a Worker's `scheduled` handler; `scheduled_time` in ms since 1970. Waits for its end, waitUntil too."""
        ...

    # KV

    async def kv_get(self, namespace: str, key: str) -> KvValue | None: ...

    async def kv_put(
        self,
        namespace: str,
        key: str,
        value: bytes,
        *,
        expiration: int | None = None,
        expiration_ttl: int | None = None,
        metadata: Any = None,
    ) -> None: ...

    async def kv_delete(self, namespace: str, key: str) -> None: ...

    async def kv_list(
        self, namespace: str, *, prefix: str = "", limit: int = 1000, cursor: str | None = None
    ) -> KvPage: ...

    async def kv_purge(self, namespace: str) -> None:
        """Remove everything in a namespace."""
        ...

    # R2: the same bucket name in another jurisdiction is another bucket ("default", "eu", "fedramp")

    async def r2_get(
        self, bucket: str, key: str, *, jurisdiction: str = "default", range_header: str | None = None
    ) -> R2Body | None: ...

    async def r2_head(self, bucket: str, key: str, *, jurisdiction: str = "default") -> R2Object | None: ...

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
    ) -> R2Object: ...

    async def r2_delete(self, bucket: str, keys: Sequence[str], *, jurisdiction: str = "default") -> None: ...

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
    ) -> R2Page: ...

    async def r2_is_empty(self, bucket: str, *, jurisdiction: str = "default") -> bool: ...

    async def r2_purge(self, bucket: str, *, jurisdiction: str = "default") -> None: ...

    # D1

    async def d1_query(self, database: str, sql: str, params: Sequence[Any] = ()) -> list[D1Result]:
        """Run the statements of `sql`, one result each, all or nothing. `params` only for a single statement.

        Raises QueryError with SQLite's message.
        """
        ...

    async def d1_batch(self, database: str, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[D1Result]:
        """Run statements with their parameters in one transaction, one result each. Raises QueryError."""
        ...

    async def d1_size(self, database: str) -> int:
        """The size of the database's file in bytes."""
        ...

    async def d1_num_tables(self, database: str) -> int: ...

    async def d1_purge(self, database: str) -> None: ...

    # What went on

    def logs(self, worker: str | None = None, *, since: int = 0, follow: bool = False) -> AsyncIterator[LogLine]:
        """Lines with `seq` greater than `since`, oldest first; with `follow`, new ones as they come."""
        ...

    async def state(self) -> dict[str, Any]:
        """For debugging: known and loaded Workers, generation, reload count, last reload's duration."""
        ...
