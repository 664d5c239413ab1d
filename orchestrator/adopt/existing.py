"""Which of the wanted things the account has, whose they are, and how they differ from what is declared.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.adopt.wanted import DATA, Wanted
from orchestrator.cloudflare.account import Account
from orchestrator.data import d1, kv, r2
from orchestrator.data.store import Store
from orchestrator.desired.ownership import is_ours
from orchestrator.drift.findings import KINDS, TITLES, Difference, Finding
from orchestrator.drift.storage import UNMANAGED


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A wanted thing that is in the account. `id`: Cloudflare's; `ours`: of a Worker, whether the stack uploaded it."""

    wanted: Wanted
    id: str
    ours: bool = True
    differences: tuple[Difference, ...] = ()

    @property
    def title(self) -> str:
        return f"{TITLES[self.wanted.kind]} {self.wanted.name}"

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
    if "kvNamespace" in kinds:
        ids["kvNamespace"] = account.kv_namespaces()
    if "d1Database" in kinds:
        ids["d1Database"] = account.d1_databases()
    for jurisdiction in {each.jurisdiction for each in wanted if each.kind == "r2Bucket"}:
        ids[f"r2Bucket {jurisdiction}"] = {name: name for name in account.r2_buckets(jurisdiction)}
    if kinds - DATA:
        ids["worker"] = {name: name for name in account.workers()}
    found = []
    for each in wanted:
        place = f"r2Bucket {each.jurisdiction}" if each.kind == "r2Bucket" else each.kind
        if (id := ids[place if each.kind in DATA else "worker"].get(each.name)) is not None:
            ours = each.kind != "worker" or is_ours(_bindings(account, each.name), stack)
            found.append(Existing(wanted=each, id=id, ours=ours))
    return tuple(sorted(found, key=lambda each: (KINDS.index(each.wanted.kind), each.wanted.name)))


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
    if existing.wanted.kind not in DATA:
        return existing.ours
    match existing.wanted.kind:
        case "kvNamespace":
            return kv.is_empty(account, Store(kind="kv", name=existing.wanted.name, id=existing.id))
        case "d1Database":
            return d1.is_empty(account, Store(kind="d1", name=existing.wanted.name, id=existing.id))
        case _:
            bucket = Store(
                kind="r2", name=existing.wanted.name, id=existing.id, jurisdiction=existing.wanted.jurisdiction
            )
            return r2.is_empty(account, bucket)


def _bindings(account: Account, worker: str) -> Sequence[Mapping[str, Any]]:
    return account.call("GET", f"/workers/scripts/{worker}/settings")["result"].get("bindings") or ()
