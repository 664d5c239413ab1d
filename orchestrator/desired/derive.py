"""What must exist in the Cloudflare account, derived from the manifest.

`derive` is the only way from a Manifest to resources: infra/ declares what stands here, `show` prints it, limits and
drift count it. Everything is sorted by key, so the order of the file never shows.

Pure: no network, no Pulumi, no environment, no clock. What is only known when the program runs (secrets' values, the
bundle's hash in BUILD_ID, … : `names.ADDED_TO_ROUTER`) is added there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestrator import names
from orchestrator.desired.resources import D1Database, KvNamespace, Queue, R2Bucket, Worker
from orchestrator.desired.stores import d1_databases, kv_namespaces, queues, r2_buckets
from orchestrator.desired.workers import autopilot_workers, router
from orchestrator.errors import SettingsError
from orchestrator.kinds import Kind
from orchestrator.manifest import Manifest
from orchestrator.routing.compile import compile_routes
from orchestrator.routing.table import RoutingTable


@dataclass(frozen=True, kw_only=True)
class Desired:
    """All that a manifest implies; `router` is the key of the routing Worker, which is among `workers`."""

    kv_namespaces: tuple[KvNamespace, ...]
    r2_buckets: tuple[R2Bucket, ...]
    d1_databases: tuple[D1Database, ...]
    queues: tuple[Queue, ...] = ()
    workers: tuple[Worker, ...]
    router: str
    routes: RoutingTable

    @property
    def records(self) -> D1Database:
        """The orchestrator's own database."""
        return next(each for each in self.d1_databases if names.ORCHESTRATOR in each.owners)


def derive(manifest: Manifest, *, name_prefix: str = "", stage: str = "local", custom_domains: bool = True) -> Desired:
    """What a checked manifest implies in the stage (stack) `stage`; `name_prefix` stands before every real name.

    `custom_domains`: whether Workers get theirs. A host is there once, and takes no prefix.

    Raises SettingsError where the prefix makes a name that Cloudflare does not take.
    """
    _check_prefix(name_prefix)
    desired = Desired(
        kv_namespaces=kv_namespaces(manifest, name_prefix),
        r2_buckets=r2_buckets(manifest, name_prefix),
        d1_databases=d1_databases(manifest, name_prefix),
        queues=queues(manifest, name_prefix),
        workers=_by_key([router(manifest, name_prefix, stage), *autopilot_workers(manifest, name_prefix, stage)]),
        router=manifest.orchestrator.worker,
        routes=compile_routes(manifest),
    )
    _check_names(desired, name_prefix)
    if not custom_domains:
        return replace(desired, workers=tuple(replace(each, domains=()) for each in desired.workers))
    return desired


def _by_key(workers: Iterable[Worker]) -> tuple[Worker, ...]:
    return tuple(sorted(workers, key=lambda worker: worker.key))


def _check_prefix(prefix: str) -> None:
    if prefix and not re.fullmatch(names.PREFIX_PATTERN, prefix):
        raise SettingsError(f"namePrefix `{prefix}` is not valid", f"use {names.PREFIX_RULE}, for example `pr-7-`")


def _check_names(desired: Desired, prefix: str) -> None:
    """A prefix can make a valid name too long."""
    checked = [
        *(("Worker", worker.name, names.WORKER_PATTERN, names.WORKER_RULE) for worker in desired.workers),
        *(("bucket", bucket.name, names.BUCKET_PATTERN, names.BUCKET_RULE) for bucket in desired.r2_buckets),
        *(("database", each.name, names.DATABASE_PATTERN, names.DATABASE_RULE) for each in desired.d1_databases),
        *((Kind.QUEUE.word, each.name, names.QUEUE_PATTERN, names.QUEUE_RULE) for each in desired.queues),
        *(("KV title", kv.title, names.KV_TITLE_PATTERN, names.KV_TITLE_RULE) for kv in desired.kv_namespaces),
    ]
    wrong = [(kind, name, rule) for kind, name, pattern, rule in checked if not re.fullmatch(pattern, name)]
    if wrong:
        made = [f"the {kind} `{name}`, which is not valid: {rule}" for kind, name, rule in wrong]
        raise SettingsError(f"namePrefix `{prefix}` makes {'; '.join(made)}", "use a shorter prefix")
