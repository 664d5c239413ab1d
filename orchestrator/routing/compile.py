"""The routing table that a manifest implies. Pure."""

from __future__ import annotations

from datetime import timedelta

from orchestrator import cron
from orchestrator.conditions import parse_condition, parse_duration
from orchestrator.manifest import Manifest
from orchestrator.manifest.models import Alert, Autopilot, Task
from orchestrator.names import binding_name
from orchestrator.routing.table import (
    AlertRule,
    AsyncRule,
    CallerRule,
    Resources,
    Route,
    RoutingTable,
    ScheduleRule,
    TaskRule,
)


def compile_routes(manifest: Manifest) -> RoutingTable:
    """The routing table that a checked manifest implies."""
    autopilots = [
        Route(
            name=autopilot.name,
            capabilities=tuple(sorted(autopilot.capabilities)),
            priority=autopilot.priority,
            weight=autopilot.weight,
            endpoint=autopilot.endpoint,
            worker=autopilot.worker,
            binding=binding_name(autopilot.worker) if autopilot.worker else None,
            needs=_needs(autopilot),
        )
        for autopilot in sorted(manifest.autopilots, key=lambda each: each.name)
    ]
    tasks = {
        name: TaskRule(
            capability=task.capability,
            description=task.description,
            once=task.once,
            idempotent=task.idempotent,
            stream=task.stream,
            timeout_ms=task.timeout * 1000,
            later=_later(task),
        )
        for name, task in sorted(manifest.tasks.items())
    }
    return RoutingTable(
        autopilots=tuple(autopilots),
        tasks=tasks,
        allowed_hosts=tuple(sorted(manifest.orchestrator.allowed_hosts)),
        allowed_origins=tuple(sorted(manifest.orchestrator.allowed_origins)),
        declared=_declared(manifest),
        cron_period_ms=cron.parse(manifest.orchestrator.cron).longest_pause // timedelta(milliseconds=1),
        callers={
            name: CallerRule(may=tuple(sorted(set(caller.may))), tasks=tuple(sorted(set(caller.tasks))))
            for name, caller in sorted(manifest.callers.items())
        },
        schedules={
            name: ScheduleRule(task=each.task, every=each.every, timezone=each.timezone, meta=each.meta)
            for name, each in sorted(manifest.schedules.items())
        },
        alerts={name: _alert(each) for name, each in sorted(manifest.alerts.items())},
    )


def _alert(alert: Alert) -> AlertRule:
    condition = parse_condition(alert.when)
    return AlertRule(
        when=alert.when,
        metric=condition.metric,
        above=condition.above,
        to=tuple(sorted(set(alert.to))),
        for_ms=parse_duration(alert.hold),
        resolve_ms=parse_duration(alert.resolve),
    )


def _later(task: Task) -> AsyncRule | None:
    wanted = task.later
    if wanted is None:
        return None
    return AsyncRule(
        retries=wanted.retries,
        backoff_ms=wanted.backoff * 1000,
        max_concurrency=wanted.max_concurrency,
        callback=wanted.callback,
    )


def _needs(autopilot: Autopilot) -> Resources:
    needs = autopilot.needs
    return Resources(
        kv_namespaces=tuple(sorted({kv.title for kv in needs.kv_namespaces})),
        r2_buckets=tuple(sorted({bucket.name for bucket in needs.r2_buckets})),
        d1_databases=tuple(sorted({database.name for database in needs.d1_databases})),
        workers=tuple(sorted({*(worker.name for worker in needs.workers), *filter(None, [autopilot.worker])})),
    )


def _declared(manifest: Manifest) -> Resources:
    needs = [autopilot.needs for autopilot in manifest.autopilots]
    namespaces = (manifest.orchestrator.kv_namespaces, *(each.kv_namespaces for each in needs))
    workers = {manifest.orchestrator.worker, *(worker.name for each in needs for worker in each.workers)}
    return Resources(
        kv_namespaces=tuple(sorted({kv.title for each in namespaces for kv in each})),
        r2_buckets=tuple(sorted({bucket.name for each in needs for bucket in each.r2_buckets})),
        d1_databases=tuple(sorted({database.name for each in needs for database in each.d1_databases})),
        workers=tuple(sorted(workers)),
    )
