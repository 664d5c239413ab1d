"""What a heal does about a drift: what it repairs, what it makes again empty because it was told to, what it leaves.

Lost data is never recreated by itself, and neither is anything touched that cannot be put right without it: an upload
of a Worker that is bound to a lost namespace would be refused. All else is repaired, so that one deleted bucket does
not keep the other Workers broken.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Binding, D1Binding, KvBinding, R2Binding, ServiceBinding
from orchestrator.drift.findings import Drift, Finding
from orchestrator.errors import UserError
from orchestrator.heal.truth import told_of
from orchestrator.kinds import Kind
from orchestrator.stack.state import State


@dataclass(frozen=True, kw_only=True)
class HealPlan:
    """`repaired`, `recreated` and `lost` are findings; `held`: those that wait until the lost ones are settled.

    `exclude`: what the update leaves alone, as URNs or patterns of URNs. `unfinished`: the Workers, by key, of which
    the state still has what a repair that did not end has told it.
    """

    repaired: tuple[Finding, ...] = ()
    recreated: tuple[Finding, ...] = ()
    lost: tuple[Finding, ...] = ()
    held: tuple[Finding, ...] = ()
    exclude: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def rebound(self) -> tuple[str, ...]:
        """The Workers in the account of which a repair would change what they are bound to."""
        return tuple(
            finding.name
            for finding in self.repaired
            if finding.kind is Kind.WORKER and any(each.path.startswith("bindings.") for each in finding.differences)
        )

    @property
    def does_something(self) -> bool:
        return bool(self.repaired or self.recreated or self.unfinished)


def plan_heal(drift: Drift, desired: Desired, state: State, *, stack: str, recreate: Collection[str] = ()) -> HealPlan:
    """What to do about `drift` of the stack. `recreate`: names of lost things that may be recreated, empty.

    Raises UserError for a name in `recreate` that is not declared, or that somebody has recreated already.
    """
    _check_names(drift, desired, recreate, stack)
    recreated = tuple(finding for finding in drift.lost if _is_named(finding, recreate))
    lost = tuple(finding for finding in drift.lost if finding not in recreated)
    missing = {finding.key for finding in drift.drifted if finding.kind is Kind.WORKER and finding.change == "missing"}
    held_workers = _held_workers(lost, desired, missing)
    rest = [finding for finding in drift.drifted if not finding.lost]
    held = tuple(finding for finding in rest if finding.kind is Kind.WORKER and finding.key in held_workers)
    return HealPlan(
        repaired=tuple(finding for finding in rest if finding not in held),
        recreated=recreated,
        lost=lost,
        held=held,
        exclude=(
            *_storage_urns(lost, state),
            *_worker_patterns(held_workers, missing),
            *_domains(held_workers, missing, desired),
        ),
        unfinished=tuple(sorted(told_of(state) & {worker.key for worker in desired.workers} - held_workers)),
    )


def _check_names(drift: Drift, desired: Desired, names: Collection[str], stack: str) -> None:
    """What is declared and not lost may be named: then an earlier heal has made it again."""
    data = {
        *((each.key, each.title) for each in desired.kv_namespaces),
        *((each.key, each.name) for each in desired.r2_buckets),
        *((each.key, each.name) for each in desired.d1_databases),
    }
    for name in names:
        if not any(name in each for each in data):
            lost = ", ".join(finding.name for finding in drift.lost) or "nothing"
            raise UserError(f"no namespace, bucket or database {name} is declared", f"lost is: {lost}")
        if any(finding.change != "missing" for finding in drift.lost if _is_named(finding, [name])):
            raise UserError(
                f"{name} is lost, and somebody has created another one with that name",
                f"to take that one over: python -m orchestrator adopt -s {stack}",
            )


def _is_named(finding: Finding, names: Collection[str]) -> bool:
    return finding.key in names or finding.name in names


def _held_workers(lost: Iterable[Finding], desired: Desired, missing: Collection[str]) -> set[str]:
    """The keys of the Workers that cannot be uploaded: bound to what is lost, or to a Worker that will stay missing."""
    gone = {(finding.kind, finding.key) for finding in lost}
    held: set[str] = set()
    while True:
        more = {
            worker.key
            for worker in desired.workers
            if worker.key not in held and any(_target(binding) in gone for binding in worker.bindings)
        }
        if not more:
            return held
        held |= more
        gone |= {(Kind.WORKER, key) for key in more if key in missing}


def _target(binding: Binding) -> tuple[Kind, str] | None:
    match binding:
        case KvBinding():
            return Kind.KV_NAMESPACE, binding.namespace
        case R2Binding():
            return Kind.R2_BUCKET, binding.bucket
        case D1Binding():
            return Kind.D1_DATABASE, binding.database
        case ServiceBinding():
            return Kind.WORKER, binding.worker
    return None


def _storage_urns(lost: Iterable[Finding], state: State) -> list[str]:
    return [state.of_kind(finding.kind)[finding.key].urn for finding in lost]


def _domains(held: Collection[str], missing: Collection[str], desired: Desired) -> list[str]:
    """The custom domains of Workers that will stay missing: there is nothing that they could lead to."""
    gone = [worker for worker in desired.workers if worker.key in held and worker.key in missing]
    return [f"**:{Kind.CUSTOM_DOMAIN.type_name}::{host}" for worker in gone for host in worker.domains]


def _worker_patterns(held: Iterable[str], missing: Collection[str]) -> list[str]:
    """A Worker that is not there has no switch and no cron triggers to put either."""
    kinds = {
        key: (Kind.WORKER, Kind.SUBDOMAIN, Kind.SCHEDULES) if key in missing else (Kind.WORKER,) for key in sorted(held)
    }
    return [f"**:{kind.type_name}::{key}" for key, each in kinds.items() for kind in each]
