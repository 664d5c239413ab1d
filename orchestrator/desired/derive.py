"""What must exist in the Cloudflare account, derived from the manifest.

`derive` is the only way from a Manifest to resources: infra/ declares what stands here, `show` prints it, limits and
drift count it. Everything is sorted by key, so the order of the file never shows.

Pure: no network, no Pulumi, no environment, no clock. What is only known when the program runs (secrets' values, the
bundle's hash in BUILD_ID, … : `names.ADDED_TO_ROUTER`) is added there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestrator import names
from orchestrator.desired.resources import (
    AiBinding,
    AssetsBinding,
    Binding,
    Consumer,
    D1Binding,
    D1Database,
    KvBinding,
    KvNamespace,
    Limits,
    Logging,
    Queue,
    QueueBinding,
    R2Binding,
    R2Bucket,
    SecretBinding,
    SendEmailBinding,
    ServiceBinding,
    TextBinding,
    Worker,
)
from orchestrator.errors import SettingsError
from orchestrator.kinds import Kind
from orchestrator.manifest import Autopilot, KvNamespaceNeed, Manifest, Needs, WorkerScript
from orchestrator.names import binding_name
from orchestrator.routing.compile import compile_routes
from orchestrator.routing.table import RoutingTable

ROUTER_SOURCE = "router/src/index.ts"
# Without the second a fetch to another Worker of the account fails with error 1042; it also closes requests into our
# own zones. The first says that a caller has gone away.
ROUTER_FLAGS = ("enable_request_signal", "global_fetch_strictly_public")


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
    router = manifest.orchestrator.worker
    _check_prefix(name_prefix)
    desired = Desired(
        kv_namespaces=_kv_namespaces(manifest, name_prefix),
        r2_buckets=_r2_buckets(manifest, name_prefix),
        d1_databases=_d1_databases(manifest, name_prefix),
        queues=_queues(manifest, name_prefix),
        workers=_by_key([_router(manifest, name_prefix, stage), *_autopilot_workers(manifest, name_prefix, stage)]),
        router=router,
        routes=compile_routes(manifest),
    )
    _check_names(desired, name_prefix)
    if not custom_domains:
        return replace(desired, workers=tuple(replace(each, domains=()) for each in desired.workers))
    return desired


def _database(manifest: Manifest) -> str:
    """The records' name in the file; a name of its own keeps them where the routing Worker is renamed."""
    return manifest.orchestrator.database or manifest.orchestrator.worker


def _kv_namespaces(manifest: Manifest, prefix: str) -> tuple[KvNamespace, ...]:
    owners: dict[str, set[str]] = defaultdict(set)
    for kv in manifest.orchestrator.kv_namespaces:
        owners[kv.title].add(names.ORCHESTRATOR)
    for autopilot in manifest.autopilots:
        for kv in autopilot.needs.kv_namespaces:
            owners[kv.title].add(autopilot.name)
    return tuple(
        KvNamespace(key=title, title=prefix + title, owners=tuple(sorted(owners[title]))) for title in sorted(owners)
    )


def _r2_buckets(manifest: Manifest, prefix: str) -> tuple[R2Bucket, ...]:
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


def _d1_databases(manifest: Manifest, prefix: str) -> tuple[D1Database, ...]:
    """The records, which are nobody else's, and what the autopilots need."""
    records = _database(manifest)
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


def _queues(manifest: Manifest, prefix: str) -> tuple[Queue, ...]:
    """Of tasks that are done later, where the file has any; the router feeds and empties it."""
    if not manifest.does_later:
        return ()
    consumer = Consumer(worker=manifest.orchestrator.worker, dead_letters=names.DEAD_LETTER_QUEUE)
    return (
        Queue(key=names.TASK_QUEUE, name=prefix + names.TASK_QUEUE, consumer=consumer),
        Queue(key=names.DEAD_LETTER_QUEUE, name=prefix + names.DEAD_LETTER_QUEUE),
    )


def _queue_bindings(manifest: Manifest) -> list[Binding]:
    """The router's."""
    if not manifest.does_later:
        return []
    return [
        QueueBinding(name=names.TASK_QUEUE_BINDING, queue=names.TASK_QUEUE),
        QueueBinding(name=names.DEAD_LETTER_BINDING, queue=names.DEAD_LETTER_QUEUE),
    ]


def _router(manifest: Manifest, prefix: str, stage: str) -> Worker:
    settings = manifest.orchestrator
    served = {autopilot.worker for autopilot in manifest.autopilots if autopilot.worker}
    return Worker(
        key=settings.worker,
        name=prefix + settings.worker,
        owner=names.ORCHESTRATOR,
        source=ROUTER_SOURCE,
        bindings=_by_name(
            [
                *(_kv_binding(kv) for kv in settings.kv_namespaces),
                *(ServiceBinding(name=binding_name(worker), worker=worker) for worker in served),
                D1Binding(name=names.DATABASE, database=_database(manifest)),
                AssetsBinding(),
                *_queue_bindings(manifest),
                SecretBinding(name=names.API_TOKEN, secret=names.API_TOKEN),
                *([SecretBinding(name=names.CALLER_TOKENS, secret=names.CALLER_TOKENS)] if manifest.callers else []),
                *([SecretBinding(name=names.ALERT_URLS, secret=names.ALERT_URLS)] if manifest.alerts else []),
                SecretBinding(name=names.WEBHOOK_SECRET, secret=names.WEBHOOK_SECRET),
                TextBinding(name=names.STAGE, text=stage),
                *([TextBinding(name=names.NAME_PREFIX, text=prefix)] if prefix else []),
                *(
                    SecretBinding(name=name, secret=name, optional=True)
                    for name in (names.CLOUDFLARE_API_TOKEN, names.HEAL, names.ALERT_URL)
                ),
            ]
        ),
        crons=(settings.cron,),
        compatibility_flags=ROUTER_FLAGS,
        public=True,
    )


def _autopilot_workers(manifest: Manifest, prefix: str, stage: str) -> list[Worker]:
    """The declared Workers; one that several autopilots declare sees what any of them needs."""
    declared: dict[str, list[tuple[Autopilot, WorkerScript]]] = defaultdict(list)
    for autopilot in sorted(manifest.autopilots, key=lambda each: each.name):
        for script in autopilot.needs.workers:
            declared[script.name].append((autopilot, script))
    workers = []
    for key, uses in declared.items():
        owner, script = uses[0]
        served = tuple(each.name for each in manifest.autopilots if each.worker == key)
        bindings = {
            *_script_bindings(script, stage),
            *_identity_bindings(served or tuple(each.name for each, _ in uses)),
        }.union(*(_need_bindings(each.needs) for each, _ in uses))
        if manifest.does_later and any(names.SCHEDULING_CAPABILITY in each.capabilities for each, _ in uses):
            bindings.add(QueueBinding(name=names.TASK_QUEUE_BINDING, queue=names.TASK_QUEUE))
        workers.append(
            Worker(
                key=key,
                name=prefix + key,
                owner=owner.name,
                source=script.source,
                content=script.content,
                bindings=_by_name(bindings),
                crons=tuple(sorted(script.crons)),
                compatibility_date=script.compatibility_date,
                compatibility_flags=tuple(sorted(script.compatibility_flags)),
                public=script.public,
                observability=Logging(
                    enabled=script.observability.enabled, head_sampling_rate=script.observability.head_sampling_rate
                ),
                placement=script.placement,
                limits=Limits(cpu_ms=script.limits.cpu_ms),
                tail_consumers=tuple(sorted(script.tail_consumers)),
                logpush=script.logpush,
                domains=tuple(sorted(script.domains)),
            )
        )
    return workers


def _need_bindings(needs: Needs) -> set[Binding]:
    return {
        *map(_kv_binding, needs.kv_namespaces),
        *(R2Binding(name=each.binding or binding_name(each.name), bucket=each.name) for each in needs.r2_buckets),
        *(D1Binding(name=each.binding or binding_name(each.name), database=each.name) for each in needs.d1_databases),
    }


def _kv_binding(kv: KvNamespaceNeed) -> KvBinding:
    return KvBinding(name=kv.binding or binding_name(kv.title), namespace=kv.title)


def _script_bindings(script: WorkerScript, stage: str) -> set[Binding]:
    return {
        *(SecretBinding(name=each.name, secret=each.name, optional=each.optional) for each in script.secrets),
        *(TextBinding(name=name, text=text) for name, text in script.vars.items()),
        *([AiBinding()] if script.ai else []),
        *([SendEmailBinding()] if script.send_email else []),
        TextBinding(name=names.STAGE, text=stage),
    }


def _identity_bindings(autopilots: Iterable[str]) -> set[Binding]:
    """Who a Worker is, and the secrets with which it verifies that a task is meant for it."""
    served = tuple(sorted(autopilots))
    return {
        TextBinding(name=names.AUTOPILOTS, text=" ".join(served)),
        SecretBinding(name=names.WEBHOOK_SECRET, secret=names.WEBHOOK_SECRET, autopilots=served),
    }


def _by_name(bindings: Iterable[Binding]) -> tuple[Binding, ...]:
    return tuple(sorted(bindings, key=lambda binding: binding.name))


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
