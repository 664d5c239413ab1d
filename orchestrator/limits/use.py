"""What a `Desired` uses of each limit, with what else is in the account where that is known.

Pulumi creates before it deletes, and old and new stand side by side meanwhile: a Worker that has just left the file is
still counted, as one that nobody declared, because Cloudflare counts it too. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from orchestrator import cron
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import AiBinding, SecretBinding, TextBinding, Worker
from orchestrator.limits import plans
from orchestrator.limits.plans import LIMITS, Limit, Plan
from orchestrator.names import ADDED_TO_ROUTER, ADDED_TO_WORKER

UseState = Literal["ok", "near", "over", "unknown"]

_OPERATIONS_A_TASK = 3  # of a queue: write, read, delete
NEAR = 0.8  # of a limit: from here on it is worth a warning


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What is in an account, by name, declared or not. `r2_buckets`: with their jurisdiction, of those that the
    file names; None where they were not read. `crons`: how many each Worker has that nobody declared."""

    workers: frozenset[str] = frozenset()
    kv_namespaces: frozenset[str] = frozenset()
    d1_databases: frozenset[str] = frozenset()
    r2_buckets: frozenset[tuple[str, str]] | None = None
    crons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ModuleSize:
    """Of a Worker's module, in bytes: as it is, and after gzip."""

    raw: int
    compressed: int


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much one thing uses: a Worker, a namespace, …; `declared` is false for what else is in the account."""

    name: str
    count: int
    declared: bool = True


@dataclass(frozen=True, kw_only=True)
class Use:
    """What is used of a limit in `plan`. `parts`: by what, the largest first; None where it cannot be known."""

    limit: Limit
    plan: Plan
    parts: tuple[Share, ...] | None

    @property
    def most(self) -> int | None:
        """What the plan allows; None for any amount."""
        return self.limit.of(self.plan)

    @property
    def used(self) -> int | None:
        """What counts against the limit: all parts together, or the largest where each Worker has its own allowance."""
        if self.parts is None:
            return None
        counts = [part.count for part in self.parts]
        return max(counts, default=0) if self.limit.scope == "Worker" else sum(counts)

    @property
    def state(self) -> UseState:
        """`near` from 80 % of the limit on, and still when all of it is used; `over` beyond."""
        if self.used is None:
            return "unknown"
        if not self.used or self.most is None or self.used < NEAR * self.most:
            return "ok"
        return "over" if self.used > self.most else "near"

    @property
    def is_refused(self) -> bool:
        """Whether it is more than Cloudflare takes."""
        return self.state == "over" and self.plan in self.limit.hard


def usage(
    desired: Desired,
    *,
    plan: Plan,
    module_sizes: Mapping[str, ModuleSize] | None = None,
    account: Inventory | None = None,
) -> tuple[Use, ...]:
    """What `desired` uses of each of LIMITS, in their order.

    `module_sizes`: by the Worker's key; without them the sizes of scripts are unknown. Limits of the whole account
    count what else is in `account`; without it, what is declared alone.
    """
    parts = {
        **_account_parts(desired, account or Inventory()),
        **_worker_parts(desired, module_sizes),
        **_rate_parts(desired),
    }
    return tuple(Use(limit=limit, plan=plan, parts=_largest_first(parts[limit])) for limit in LIMITS)


_Parts = dict[Limit, list[Share] | None]


def _account_parts(desired: Desired, account: Inventory) -> _Parts:
    workers = {worker.name for worker in desired.workers}
    return {
        plans.CRONS: [
            *(Share(name=worker.name, count=len(set(worker.crons))) for worker in desired.workers if worker.crons),
            *(
                Share(name=name, count=count, declared=False)
                for name, count in account.crons.items()
                if count and name not in workers
            ),
        ],
        plans.WORKERS: _each(workers, account.workers),
        plans.KV_NAMESPACES: _each((kv.title for kv in desired.kv_namespaces), account.kv_namespaces),
        plans.D1_DATABASES: _each((database.name for database in desired.d1_databases), account.d1_databases),
    }


def _each(declared: Iterable[str], found: frozenset[str]) -> list[Share]:
    own = frozenset(declared)
    others = (Share(name=name, count=1, declared=False) for name in found - own)
    return [*(Share(name=name, count=1) for name in own), *others]


def _worker_parts(desired: Desired, sizes: Mapping[str, ModuleSize] | None) -> _Parts:
    workers = desired.workers
    return {
        plans.VARIABLES: [Share(name=worker.name, count=_variables(worker, desired)) for worker in workers],
        plans.VARIABLE_SIZE: [Share(name=worker.name, count=_largest_variable(worker)) for worker in workers],
        plans.CPU_MS: [Share(name=each.name, count=each.limits.cpu_ms) for each in workers if each.limits.cpu_ms],
        plans.PAID_SETTINGS: [
            Share(name=each.name, count=count)
            for each in workers
            if (count := sum(map(bool, (each.limits.cpu_ms, each.tail_consumers, each.logpush))))
        ],
        plans.SCRIPT_SIZE: None
        if sizes is None
        else [Share(name=each.name, count=sizes[each.key].raw) for each in workers],
        plans.COMPRESSED_SIZE: None
        if sizes is None
        else [Share(name=each.name, count=sizes[each.key].compressed) for each in workers],
    }


def _variables(worker: Worker, desired: Desired) -> int:
    """Optional secrets count, since they may be set any time, and so does what the program adds when it runs."""
    bound = {binding.name for binding in worker.bindings if isinstance(binding, SecretBinding | TextBinding)}
    added = ADDED_TO_ROUTER if worker.key == desired.router else ADDED_TO_WORKER if worker.public else frozenset()
    return len(bound | added)


def _largest_variable(worker: Worker) -> int:
    texts = (binding.text for binding in worker.bindings if isinstance(binding, TextBinding))
    return max((len(text.encode()) for text in texts), default=0)


def _rate_parts(desired: Desired) -> _Parts:
    router = next(worker for worker in desired.workers if worker.key == desired.router)
    runs, probes = _runs_a_day(router), len(desired.routes.autopilots)
    crons = [Share(name=worker.name, count=_runs_a_day(worker)) for worker in desired.workers if worker.crons]
    thinks = any(isinstance(binding, AiBinding) for worker in desired.workers for binding in worker.bindings)
    return {
        plans.SUBREQUESTS: [Share(name="probes", count=probes), Share(name="the snapshot", count=1)],
        plans.KV_WRITES: [Share(name=router.name, count=runs)],
        plans.REQUESTS: [Share(name="probes", count=runs * probes), *crons],
        plans.QUEUE_OPERATIONS: [
            Share(name=name, count=_OPERATIONS_A_TASK * _fires_a_day([each.every]))
            for name, each in desired.routes.schedules.items()
        ],
        plans.NEURONS: None if thinks else [],
    }


def _runs_a_day(worker: Worker) -> int:
    """How often its crons fire on a day on which each of them does."""
    return _fires_a_day(set(worker.crons))


def _fires_a_day(expressions: Iterable[str]) -> int:
    parsed = [cron.parse(expression) for expression in expressions]
    return sum(len(each.minutes) * len(each.hours) for each in parsed)


def _largest_first(parts: list[Share] | None) -> tuple[Share, ...] | None:
    return None if parts is None else tuple(sorted(parts, key=lambda part: (-part.count, part.name)))
