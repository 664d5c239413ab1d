"""The routing table: who can do what, and under which rules.

Pure. The same JSON is bundled into the routing Worker (`router/src/routing/table.ts` has its shape) and read by
`orchestrator/dispatch/dispatcher.py`, so that both decide from the same facts (`orchestrator/routing/decision.py` and
its twin `router/src/routing/decide.ts`). Everything in it is known when `pulumi up` runs: a declared route costs no
storage read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

DEFAULT_TIMEOUT_MS = 25_000
DEFAULT_CRON_PERIOD_MS = 900_000


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Resources by their names in the file, sorted."""

    kv_namespaces: tuple[str, ...] = ()
    r2_buckets: tuple[str, ...] = ()
    d1_databases: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read this part of the table's JSON."""
        return cls(
            kv_namespaces=tuple(value["kvNamespaces"]),
            r2_buckets=tuple(value["r2Buckets"]),
            d1_databases=tuple(value.get("d1Databases", ())),  # an older record of a registration has none
            workers=tuple(value["workers"]),
        )

    def to_object(self) -> dict[str, list[str]]:
        """As plain values, in the table's key order."""
        return {
            "kvNamespaces": list(self.kv_namespaces),
            "r2Buckets": list(self.r2_buckets),
            "d1Databases": list(self.d1_databases),
            "workers": list(self.workers),
        }


@dataclass(frozen=True, kw_only=True)
class Route:
    """One autopilot as the router sees it: reached by the service binding `binding`, else at the URL `endpoint`.

    `worker` is the name in the manifest (no prefix) of the Worker behind the binding. `priority`: higher first;
    `weight`: its share, 1 to 100, among equals. Without what it `needs` it cannot work.
    """

    name: str
    capabilities: tuple[str, ...]
    priority: int = 0
    weight: int = 1
    endpoint: str | None = None
    worker: str | None = None
    binding: str | None = None
    needs: Resources = Resources()

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read one route of the table's JSON."""
        needs = Resources.from_object(value["needs"])
        return cls(**{**value, "capabilities": tuple(value["capabilities"]), "needs": needs})

    def to_object(self) -> dict[str, Any]:
        """This route as plain values, in the table's key order."""
        return {
            "name": self.name,
            "capabilities": list(self.capabilities),
            "priority": self.priority,
            "weight": self.weight,
            "endpoint": self.endpoint,
            "worker": self.worker,
            "binding": self.binding,
            "needs": self.needs.to_object(),
        }


@dataclass(frozen=True, kw_only=True)
class AsyncRule:
    """How a task is done that nobody waits for: `max_concurrency` None for any number, `callback` an https URL."""

    retries: int
    backoff_ms: int
    max_concurrency: int | None = None
    callback: str | None = None

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read this part of the table's JSON."""
        return cls(
            retries=value["retries"],
            backoff_ms=value["backoffMs"],
            max_concurrency=value["maxConcurrency"],
            callback=value["callback"],
        )

    def to_object(self) -> dict[str, Any]:
        """As plain values, in the table's key order."""
        return {
            "retries": self.retries,
            "backoffMs": self.backoff_ms,
            "maxConcurrency": self.max_concurrency,
            "callback": self.callback,
        }


@dataclass(frozen=True, kw_only=True)
class ScheduleRule:
    """A task that the platform itself asks for: `every` is a cron expression in `timezone`."""

    task: str
    every: str
    timezone: str = "UTC"
    meta: Mapping[str, Any] = field(default_factory=dict)

    def to_object(self) -> dict[str, Any]:
        """As plain values, in the table's key order."""
        return {"task": self.task, "every": self.every, "timezone": self.timezone, "meta": dict(self.meta)}


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """What people are told of: `metric` above `above` (per cent, milliseconds, a count), as `when` says it."""

    when: str
    metric: str
    above: int
    to: tuple[str, ...]
    for_ms: int = 0
    resolve_ms: int = 0

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read this part of the table's JSON."""
        own = {key: value[key] for key in ("when", "metric", "above")}
        return cls(**own, to=tuple(value["to"]), for_ms=value["forMs"], resolve_ms=value["resolveMs"])

    def to_object(self) -> dict[str, Any]:
        """As plain values, in the table's key order."""
        return {
            "when": self.when,
            "metric": self.metric,
            "above": self.above,
            "to": list(self.to),
            "forMs": self.for_ms,
            "resolveMs": self.resolve_ms,
        }


@dataclass(frozen=True, kw_only=True)
class TaskRule:
    """What a task needs and how it may be forwarded. `once`: never twice for a key; `idempotent`: may be retried;
    `stream`: the answer is passed on as it comes; `later`: it is never waited for."""

    capability: str
    description: str = ""
    once: bool = False
    idempotent: bool = False
    stream: bool = False
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    later: AsyncRule | None = None

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read one task of the table's JSON."""
        members = dict(value)
        later = members.pop("async", None)
        return cls(
            timeout_ms=members.pop("timeoutMs"), later=AsyncRule.from_object(later) if later else None, **members
        )

    def to_object(self) -> dict[str, Any]:
        """This rule as plain values, in the table's key order."""
        return {
            "capability": self.capability,
            "description": self.description,
            "once": self.once,
            "idempotent": self.idempotent,
            "stream": self.stream,
            "timeoutMs": self.timeout_ms,
            **({"async": self.later.to_object()} if self.later else {}),
        }


@dataclass(frozen=True, kw_only=True)
class CallerRule:
    """What a caller may do, and which tasks it may ask for: all where `tasks` is empty."""

    may: tuple[str, ...]
    tasks: tuple[str, ...] = ()

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read one caller of the table's JSON."""
        return cls(may=tuple(value["may"]), tasks=tuple(value["tasks"]))

    def to_object(self) -> dict[str, list[str]]:
        """This rule as plain values, in the table's key order."""
        return {"may": sorted(self.may), "tasks": sorted(self.tasks)}


@dataclass(frozen=True, kw_only=True)
class RoutingTable:
    """All declared autopilots in name order, all tasks by name, the hosts that endpoints may have (empty: any), the
    origins of web pages that may call, the declared resources (whether a registration's needs are met), and the longest
    time between two runs of the orchestrator's cron (whether it is late)."""

    autopilots: tuple[Route, ...] = ()
    tasks: Mapping[str, TaskRule] = field(default_factory=dict)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    declared: Resources = Resources()
    cron_period_ms: int = DEFAULT_CRON_PERIOD_MS
    callers: Mapping[str, CallerRule] = field(default_factory=dict)
    schedules: Mapping[str, ScheduleRule] = field(default_factory=dict)
    alerts: Mapping[str, AlertRule] = field(default_factory=dict)

    def rule_of(self, name: str) -> TaskRule:
        """The rule of a task. A name that is no task is taken as that of a capability: what is never done twice as a
        task is not done twice under that name either."""
        once = any(rule.once and rule.capability == name for rule in self.tasks.values())
        return self.tasks.get(name) or TaskRule(capability=name, once=once)

    def to_json(self) -> str:
        """The table as JSON: the same table gives the same text, whatever order it was declared in."""
        autopilots = sorted(self.autopilots, key=lambda route: route.name)
        table = {
            "autopilots": [route.to_object() for route in autopilots],
            "tasks": {name: self.tasks[name].to_object() for name in sorted(self.tasks)},
            "allowedHosts": sorted(self.allowed_hosts),
            "allowedOrigins": sorted(self.allowed_origins),
            "declared": self.declared.to_object(),
            "cronPeriodMs": self.cron_period_ms,
            "callers": {name: self.callers[name].to_object() for name in sorted(self.callers)},
            "schedules": {name: self.schedules[name].to_object() for name in sorted(self.schedules)},
            "alerts": {name: self.alerts[name].to_object() for name in sorted(self.alerts)},
        }
        return json.dumps(table, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises KeyError or TypeError for anything else: people do not write this file."""
        table = json.loads(text)
        return cls(
            autopilots=tuple(Route.from_object(route) for route in table["autopilots"]),
            tasks={name: TaskRule.from_object(rule) for name, rule in table["tasks"].items()},
            allowed_hosts=tuple(table["allowedHosts"]),
            allowed_origins=tuple(table["allowedOrigins"]),
            declared=Resources.from_object(table["declared"]),
            cron_period_ms=table["cronPeriodMs"],
            callers={name: CallerRule.from_object(rule) for name, rule in table["callers"].items()},
            schedules={name: ScheduleRule(**rule) for name, rule in table["schedules"].items()},
            alerts={name: AlertRule.from_object(rule) for name, rule in table["alerts"].items()},
        )
