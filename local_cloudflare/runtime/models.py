"""What goes into the runtime and what comes out of it, as frozen values.

The REST API builds these from uploads and turns results into Cloudflare's envelopes; the runtime knows no HTTP status
of that API. Touches nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

ModuleType = Literal["esm", "cjs", "text", "data", "wasm", "json"]
Outcome = Literal["ok", "exception"]


@dataclass(frozen=True, kw_only=True)
class Module:
    """One uploaded module: the name it is imported by, its type, and the file that holds its bytes."""

    name: str
    type: ModuleType
    path: Path


@dataclass(frozen=True, kw_only=True)
class Assets:
    """Static assets: a directory of files, and `config` as in an upload's `metadata.assets.config`.

    The binding to them, if any, is the one of type `assets` in `WorkerConfig.bindings`.
    """

    directory: Path
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WorkerConfig:
    """A Worker, ready to run.

    `bindings` are dicts as in the upload API: kv_namespace {name, namespace_id}, r2_bucket {name, bucket_name,
    jurisdiction?}, d1 {name, id or database_id}, queue {name, queue_name},
    service {name, service, entrypoint?}, plain_text and secret_text
    {name, text}, json {name, json}, ai {name}, assets {name}. A service whose Worker is not known to the runtime
    answers an error page. `version` names the upload: the same name and version are never loaded twice. `source_maps`
    are files by the name of the module that each is of.
    """

    name: str
    version: str
    modules: tuple[Module, ...]
    main_module: str
    compatibility_date: str
    compatibility_flags: tuple[str, ...] = ()
    bindings: tuple[Mapping[str, Any], ...] = ()
    crons: tuple[str, ...] = ()
    assets: Assets | None = None
    workers_dev: bool = False
    source_maps: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Startup:
    """What an upload's code turned out to be: its handlers (`fetch`, `scheduled`, …) and how long it took to start."""

    handlers: tuple[str, ...]
    startup_time_ms: int


@dataclass(frozen=True, kw_only=True)
class ScheduledResult:
    """How a cron run ended; `detail` is the exception's text where it is known."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class QueuedMessage:
    """A message on its way to a consumer; `sent_at` in ms since 1970, `content_type` text, json, bytes or v8."""

    id: str
    sent_at: int
    attempts: int
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class QueueResult:
    """What a `queue` handler made of a batch.

    `acknowledged`: ids, each by itself. `retried`: ids, each with its delay in seconds, None for the consumer's own;
    `retry_all` and `retry_delay_s` are of the batch.
    """

    outcome: str
    acknowledged: frozenset[str] = frozenset()
    retried: Mapping[str, int | None] = field(default_factory=dict)
    retry_all: bool = False
    retry_delay_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class QueueGateway:
    """Where Workers' queue bindings send: `address` is host:port on loopback, `token` opens it."""

    address: str
    token: str


@dataclass(frozen=True, kw_only=True)
class KvValue:
    """A value as it was put; `expiration` in seconds since 1970, None for never; `metadata` any JSON value."""

    value: bytes
    metadata: Any = None
    expiration: int | None = None


@dataclass(frozen=True, kw_only=True)
class KvKey:
    """A key of a list, without its value."""

    name: str
    metadata: Any = None
    expiration: int | None = None


@dataclass(frozen=True, kw_only=True)
class KvPage:
    """One page of keys in order; `cursor` asks for the next one, None on the last."""

    keys: tuple[KvKey, ...]
    cursor: str | None


@dataclass(frozen=True, kw_only=True)
class R2Range:
    """A part of an object, in bytes."""

    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class R2Object:
    """An object without its bytes. `etag` unquoted hex MD5, `uploaded` RFC 3339 in UTC, `size` in bytes of all of it.

    `http_metadata` has R2's keys: contentType, contentLanguage, contentDisposition, contentEncoding, cacheControl,
    cacheExpiry (RFC 3339). `range` is what was read of it, None where that was not asked.
    """

    key: str
    size: int
    etag: str
    version: str
    uploaded: str
    storage_class: str = "Standard"
    http_metadata: Mapping[str, str] = field(default_factory=dict)
    custom_metadata: Mapping[str, str] = field(default_factory=dict)
    range: R2Range | None = None


@dataclass(frozen=True, kw_only=True)
class R2Body:
    """An object and its bytes as a stream; exhaust `chunks` or call `close()`."""

    object: R2Object
    chunks: AsyncGenerator[bytes, None]
    close: Callable[[], Awaitable[None]]

    async def read(self) -> bytes:
        """All bytes at once."""
        return b"".join([chunk async for chunk in self.chunks])


@dataclass(frozen=True, kw_only=True)
class R2Page:
    """One page of objects in key order; `cursor` asks for the next one, None on the last."""

    objects: tuple[R2Object, ...]
    delimited_prefixes: tuple[str, ...]
    cursor: str | None


@dataclass(frozen=True, kw_only=True)
class D1Result:
    """What one statement gave. `meta` as D1's: served_by, duration (ms), changes, last_row_id, changed_db, size_after,
    rows_read, rows_written.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    meta: Mapping[str, Any]

    def records(self) -> list[dict[str, Any]]:
        """The rows as objects, as the `query` endpoint answers them."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Count:
    """How often something was done on a day of UTC. `kind`: worker, kv, r2 or d1; `name`: of what it was done to."""

    day: str
    kind: str
    name: str
    action: str
    number: int


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line a Worker wrote, or an exception it did not catch. `seq` grows; `time` in ms since 1970.

    `level`: debug, info, log, warn, error, or `exception`. `detail`: the `run` of the Worker that it is of, and the
    `exception` itself; none for the line of a request.
    """

    seq: int
    time: int
    worker: str
    level: str
    text: str
    detail: Mapping[str, Any] | None = None
