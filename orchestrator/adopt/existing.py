"""Which of the wanted things the account has, whose they are, and how they differ from what is declared.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.adopt.wanted import Wanted
from orchestrator.cloudflare.account import Account
from orchestrator.data import kv
from orchestrator.data.d1 import contents as d1
from orchestrator.data.r2 import contents as r2
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
    ids = {place: account.names(*place) for place in dict.fromkeys(map(_listed_in, wanted))}
    found = []
    for each in wanted:
        if (id := ids[_listed_in(each)].get(each.name)) is not None:
            ours = each.kind is not Kind.WORKER or is_ours(account.worker_bindings(each.name), stack)
            found.append(Existing(wanted=each, id=id, ours=ours))
    return tuple(sorted(found, key=lambda each: (each.wanted.kind.rank, each.wanted.name)))


def _listed_in(wanted: Wanted) -> tuple[Kind, str]:
    """The list that would have it: the kind, and the jurisdiction of a bucket."""
    return wanted.kind if wanted.kind.holds_data else Kind.WORKER, wanted.jurisdiction


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
