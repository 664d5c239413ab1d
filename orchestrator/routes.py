"""The routing table: who can do what, and under which rules; compiled from the manifest.

Pure. The same JSON is bundled into the routing Worker (`router/src/table.ts` has its shape) and read by
`orchestrator/dispatch.py`, so that both decide from the same facts (`orchestrator/decision.py` and its twin
`router/src/decide.ts`). Everything in it is known when `pulumi up` runs: a declared route costs no storage read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from orchestrator.names import binding_name

if TYPE_CHECKING:
    from orchestrator.manifest import Manifest

DEFAULT_TIMEOUT_MS = 25_000


@dataclass(frozen=True, kw_only=True)
class Route:
    """One autopilot as the router sees it: reached by the service binding `binding`, else at the URL `endpoint`.

    `worker` is the name in the manifest (no prefix) of the Worker behind the binding. `priority`: higher first;
    `weight`: its share, 1 to 100, among equals.
    """

    name: str
    capabilities: tuple[str, ...]
    priority: int = 0
    weight: int = 1
    endpoint: str | None = None
    worker: str | None = None
    binding: str | None = None

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read one route of the table's JSON."""
        return cls(**{**value, "capabilities": tuple(value["capabilities"])})

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
        }


@dataclass(frozen=True, kw_only=True)
class TaskRule:
    """What a task needs and how it may be forwarded. `once`: never twice for a key; `idempotent`: may be retried."""

    capability: str
    description: str = ""
    once: bool = False
    idempotent: bool = False
    timeout_ms: int = DEFAULT_TIMEOUT_MS

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read one task of the table's JSON."""
        members = dict(value)
        return cls(timeout_ms=members.pop("timeoutMs"), **members)

    def to_object(self) -> dict[str, Any]:
        """This rule as plain values, in the table's key order."""
        return {
            "capability": self.capability,
            "description": self.description,
            "once": self.once,
            "idempotent": self.idempotent,
            "timeoutMs": self.timeout_ms,
        }


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The resources that the file declares, by their names in it, sorted: whether a registration's needs are met."""

    kv_namespaces: tuple[str, ...] = ()
    r2_buckets: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Self:
        """Read this part of the table's JSON."""
        return cls(
            kv_namespaces=tuple(value["kvNamespaces"]),
            r2_buckets=tuple(value["r2Buckets"]),
            workers=tuple(value["workers"]),
        )

    def to_object(self) -> dict[str, list[str]]:
        """As plain values, in the table's key order."""
        return {
            "kvNamespaces": list(self.kv_namespaces),
            "r2Buckets": list(self.r2_buckets),
            "workers": list(self.workers),
        }


@dataclass(frozen=True, kw_only=True)
class RoutingTable:
    """All declared autopilots in name order, all tasks by name, the hosts that endpoints may have (empty: any), and the
    declared resources."""

    autopilots: tuple[Route, ...] = ()
    tasks: Mapping[str, TaskRule] = field(default_factory=dict)
    allowed_hosts: tuple[str, ...] = ()
    declared: Declared = Declared()

    def to_json(self) -> str:
        """The table as JSON: the same table gives the same text, whatever order it was declared in."""
        autopilots = sorted(self.autopilots, key=lambda route: route.name)
        table = {
            "autopilots": [route.to_object() for route in autopilots],
            "tasks": {name: self.tasks[name].to_object() for name in sorted(self.tasks)},
            "allowedHosts": sorted(self.allowed_hosts),
            "declared": self.declared.to_object(),
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
            declared=Declared.from_object(table["declared"]),
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
        )
        for autopilot in sorted(manifest.autopilots, key=lambda each: each.name)
    ]
    tasks = {
        name: TaskRule(
            capability=task.capability,
            description=task.description,
            once=task.once,
            idempotent=task.idempotent,
            timeout_ms=task.timeout * 1000,
        )
        for name, task in sorted(manifest.tasks.items())
    }
    return RoutingTable(
        autopilots=tuple(autopilots),
        tasks=tasks,
        allowed_hosts=tuple(sorted(manifest.orchestrator.allowed_hosts)),
        declared=_declared(manifest),
    )


def _declared(manifest: Manifest) -> Declared:
    needs = [autopilot.needs for autopilot in manifest.autopilots]
    namespaces = (manifest.orchestrator.kv_namespaces, *(each.kv_namespaces for each in needs))
    workers = {manifest.orchestrator.worker, *(worker.name for each in needs for worker in each.workers)}
    return Declared(
        kv_namespaces=tuple(sorted({kv.title for each in namespaces for kv in each})),
        r2_buckets=tuple(sorted({bucket.name for each in needs for bucket in each.r2_buckets})),
        workers=tuple(sorted(workers)),
    )
