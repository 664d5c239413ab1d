"""The Workers that a manifest implies: the routing Worker and those of the autopilots, each with its bindings.

Pure. A Worker sees what its autopilots need and nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from orchestrator import names
from orchestrator.desired.resources import (
    AiBinding,
    AssetsBinding,
    Binding,
    D1Binding,
    KvBinding,
    Limits,
    Logging,
    QueueBinding,
    R2Binding,
    SecretBinding,
    SendEmailBinding,
    ServiceBinding,
    TextBinding,
    Worker,
)
from orchestrator.desired.stores import database_key
from orchestrator.manifest import Autopilot, KvNamespaceNeed, Manifest, Needs, WorkerScript
from orchestrator.names import binding_name

ROUTER_SOURCE = "router/src/index.ts"
# Without the second a fetch to another Worker of the account fails with error 1042; it also closes requests into our
# own zones. The first says that a caller has gone away.
ROUTER_FLAGS = ("enable_request_signal", "global_fetch_strictly_public")


def _queue_bindings(manifest: Manifest) -> list[Binding]:
    """The router's."""
    if not manifest.does_later:
        return []
    return [
        QueueBinding(name=names.TASK_QUEUE_BINDING, queue=names.TASK_QUEUE),
        QueueBinding(name=names.DEAD_LETTER_BINDING, queue=names.DEAD_LETTER_QUEUE),
    ]


def router(manifest: Manifest, prefix: str, stage: str) -> Worker:
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
                D1Binding(name=names.DATABASE, database=database_key(manifest)),
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
                    for name in (
                        names.CLOUDFLARE_API_TOKEN,
                        names.CLOUDFLARE_ANALYTICS_TOKEN,
                        names.HEAL,
                        names.ALERT_URL,
                    )
                ),
            ]
        ),
        crons=(settings.cron,),
        compatibility_flags=ROUTER_FLAGS,
        public=True,
    )


def autopilot_workers(manifest: Manifest, prefix: str, stage: str) -> list[Worker]:
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
