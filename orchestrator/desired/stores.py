"""What keeps data and what a manifest implies of it: namespaces, buckets, databases, and the queues of later tasks.

Pure. An equal name in two autopilots is one thing with two owners. `prefix` stands before every real name.
"""

from __future__ import annotations

from collections import defaultdict

from orchestrator import names
from orchestrator.desired.resources import Consumer, D1Database, KvNamespace, Queue, R2Bucket
from orchestrator.manifest import Manifest


def database_key(manifest: Manifest) -> str:
    """The records' name in the file; a name of its own keeps them where the routing Worker is renamed."""
    return manifest.orchestrator.database or manifest.orchestrator.worker


def kv_namespaces(manifest: Manifest, prefix: str) -> tuple[KvNamespace, ...]:
    owners: dict[str, set[str]] = defaultdict(set)
    for kv in manifest.orchestrator.kv_namespaces:
        owners[kv.title].add(names.ORCHESTRATOR)
    for autopilot in manifest.autopilots:
        for kv in autopilot.needs.kv_namespaces:
            owners[kv.title].add(autopilot.name)
    return tuple(
        KvNamespace(key=title, title=prefix + title, owners=tuple(sorted(owners[title]))) for title in sorted(owners)
    )


def r2_buckets(manifest: Manifest, prefix: str) -> tuple[R2Bucket, ...]:
    owners: dict[str, set[str]] = defaultdict(set)
    needs = {}  # those of equal name are equal: the manifest is checked
    for autopilot in manifest.autopilots:
        for bucket in autopilot.needs.r2_buckets:
            owners[bucket.name].add(autopilot.name)
            needs[bucket.name] = bucket
    return tuple(
        R2Bucket(
            key=name,
            name=prefix + name,
            location=needs[name].location,
            jurisdiction=needs[name].jurisdiction,
            storage_class=needs[name].storage_class,
            owners=tuple(sorted(owners[name])),
        )
        for name in sorted(needs)
    )


def d1_databases(manifest: Manifest, prefix: str) -> tuple[D1Database, ...]:
    """The records, which are nobody else's, and what the autopilots need."""
    records = database_key(manifest)
    owners: dict[str, set[str]] = defaultdict(set, {records: {names.ORCHESTRATOR}})
    needs = {}
    for autopilot in manifest.autopilots:
        for database in autopilot.needs.d1_databases:
            owners[database.name].add(autopilot.name)
            needs[database.name] = database
    return tuple(
        D1Database(
            key=name,
            name=prefix + name,
            jurisdiction=needs[name].jurisdiction if name in needs else "default",
            owners=tuple(sorted(owners[name])),
        )
        for name in sorted(owners)
    )


def queues(manifest: Manifest, prefix: str) -> tuple[Queue, ...]:
    """Of tasks that are done later, where the file has any; the router feeds and empties it."""
    if not manifest.does_later:
        return ()
    consumer = Consumer(worker=manifest.orchestrator.worker, dead_letters=names.DEAD_LETTER_QUEUE)
    return (
        Queue(key=names.TASK_QUEUE, name=prefix + names.TASK_QUEUE, consumer=consumer),
        Queue(key=names.DEAD_LETTER_QUEUE, name=prefix + names.DEAD_LETTER_QUEUE),
    )
