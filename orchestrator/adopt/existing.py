"""Which of the wanted things the account has, whose they are, and how they differ from what is declared.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.adopt.wanted import Wanted
from orchestrator.cloudflare.account import Account
from orchestrator.data import d1, kv, r2
from orchestrator.data.store import Store
from orchestrator.desired.ownership import is_ours
from orchestrator.drift.findings import Difference, Finding
from orchestrator.drift.storage import UNMANAGED
from orchestrator.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A wanted thing that is in the account. `id`: Cloudflare's; `ours`: of a Worker, whether the stack uploaded it."""

    wanted: Wanted
    id: str
    ours: bool = True
    differences: tuple[Difference, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.wanted.kind.word} {self.wanted.name}"

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.wanted.kind,
            "key": self.wanted.key,
            "name": self.wanted.name,
            "id": self.id,
            "ours": self.ours,
            "differences": [
                {"path": each.path, "desired": each.desired, "live": each.live} for each in self.differences
            ],
        }


def find(account: Account, wanted: Sequence[Wanted], stack: str) -> tuple[Existing, ...]:
    """Those of `wanted` that are there: a list call for each kind, and one call for each Worker."""
    ids: dict[str, Mapping[str, str]] = {}
    kinds = {each.kind for each in wanted}
    if Kind.KV_NAMESPACE in kinds:
        ids[Kind.KV_NAMESPACE] = account.kv_namespaces()
    if Kind.D1_DATABASE in kinds:
        ids[Kind.D1_DATABASE] = account.d1_databases()
    for jurisdiction in {each.jurisdiction for each in wanted if each.kind is Kind.R2_BUCKET}:
        ids[f"{Kind.R2_BUCKET} {jurisdiction}"] = {name: name for name in account.r2_buckets(jurisdiction)}
    if not all(kind.holds_data for kind in kinds):
        ids[Kind.WORKER] = {name: name for name in account.workers()}
    found = []
    for each in wanted:
        place = f"{Kind.R2_BUCKET} {each.jurisdiction}" if each.kind is Kind.R2_BUCKET else each.kind
        if (id := ids[place if each.kind.holds_data else Kind.WORKER].get(each.name)) is not None:
            ours = each.kind is not Kind.WORKER or is_ours(_bindings(account, each.name), stack)
            found.append(Existing(wanted=each, id=id, ours=ours))
    return tuple(sorted(found, key=lambda each: (each.wanted.kind.rank, each.wanted.name)))


def with_differences(existing: Iterable[Existing], findings: Iterable[Finding]) -> tuple[Existing, ...]:
    """The same, with what a drift check has found of each."""
    known = {
        (finding.kind, finding.name): tuple(each for each in finding.differences if each != UNMANAGED)
        for finding in findings
    }
    return tuple(
        Existing(
            wanted=each.wanted,
            id=each.id,
            ours=each.ours,
            differences=known.get((each.wanted.kind, each.wanted.name), ()),
        )
        for each in existing
    )


def is_harmless(account: Account, existing: Existing) -> bool:
    """Whether nothing of anybody's would be taken with it: data with nothing in it, or what the stack itself put."""
    if not existing.wanted.kind.holds_data:
        return existing.ours
    match existing.wanted.kind:
        case Kind.KV_NAMESPACE:
            return kv.is_empty(account, Store(kind="kv", name=existing.wanted.name, id=existing.id))
        case Kind.D1_DATABASE:
            return d1.is_empty(account, Store(kind="d1", name=existing.wanted.name, id=existing.id))
        case _:
            bucket = Store(
                kind="r2", name=existing.wanted.name, id=existing.id, jurisdiction=existing.wanted.jurisdiction
            )
            return r2.is_empty(account, bucket)


def _bindings(account: Account, worker: str) -> Sequence[Mapping[str, Any]]:
    return account.call("GET", f"/workers/scripts/{worker}/settings")["result"].get("bindings") or ()
