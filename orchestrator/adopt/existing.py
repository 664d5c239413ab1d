"""Which of the wanted things the account has, whose they are, and how they differ from what is declared.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from orchestrator.adopt.wanted import Wanted
from orchestrator.cloudflare.account import Account
from orchestrator.data.filled import is_filled
from orchestrator.data.queues import count_messages
from orchestrator.data.store import Store, find_all, worker_bindings
from orchestrator.desired.ownership import Owner, mark_of, other_owner
from orchestrator.drift.findings import Difference, Finding
from orchestrator.drift.storage import UNMANAGED
from orchestrator.kinds import Kind
from orchestrator.named_store import StoreKind


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A wanted thing that is in the account. `id`: Cloudflare's; `ours`: of a Worker, whether the stack uploaded
    it, and of a custom domain, whether it leads to a Worker of it."""

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


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A wanted bucket that is not there, and a full one of its name in another jurisdiction."""

    wanted: Wanted
    store: Store


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """A wanted thing that another platform in the account has."""

    wanted: Wanted
    owner: Owner

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.wanted.kind, "name": self.wanted.name, "worker": self.owner.worker}


def find(
    account: Account, wanted: Sequence[Wanted], mark: str | None
) -> tuple[tuple[Existing, ...], tuple[Theirs, ...]]:
    """Those of `wanted` that are there, and those of them that another platform than that of `mark` has: the lists of
    each kind, and where any is there, one call for each Worker of the account."""
    stores: dict[Kind, list[Store]] = {}
    domains = [each for each in wanted if each.kind is Kind.CUSTOM_DOMAIN]
    wanted = [each for each in wanted if each.kind is not Kind.CUSTOM_DOMAIN]
    workers = {} if all(each.kind.holds_data for each in wanted) else account.scripts()
    there: list[tuple[Wanted, Store | None]] = []
    queues = _queues(account, wanted)
    ids: dict[Wanted, str] = {}
    for each in wanted:
        if each.kind in (Kind.QUEUE, Kind.CONSUMER):
            if each in queues:
                ids[each] = queues[each]
                there.append((each, None))
            continue
        if not each.kind.holds_data:
            there += [(each, None)] if each.name in workers else []
            continue
        if each.kind not in stores:
            stores[each.kind] = find_all(account, cast("StoreKind", each.kind.short))
        named = (store for store in stores[each.kind] if store.name == each.name)
        there += [(each, store) for store in named if store.jurisdiction == each.jurisdiction]
    bindings = worker_bindings(account) if there else {}
    attached = list(_existing_domains(account, domains, mark))
    found: list[Existing] = [each for each in attached if isinstance(each, Existing)]
    theirs: list[Theirs] = [each for each in attached if isinstance(each, Theirs)]
    for each, store in there:
        live = mark_of(bindings.get(each.name, ()))
        owner = other_owner(bindings, store, mark) if store else Owner(each.name, live) if live else None
        if owner and owner.mark != mark:
            theirs += [] if each.kind.of_worker else [Theirs(wanted=each, owner=owner)]
        else:
            ours = each.kind is not Kind.WORKER or (live is not None and live == mark)
            found.append(Existing(wanted=each, id=store.id if store else ids.get(each, each.name), ours=ours))
    return tuple(sorted(found, key=_order)), tuple(sorted(theirs, key=_order))


def _existing_domains(account: Account, wanted: Sequence[Wanted], mark: str | None) -> Iterator[Existing | Theirs]:
    """The custom domains that are attached; one that leads to a Worker without our mark is not ours."""
    there = {each["hostname"]: each for each in account.custom_domains()} if wanted else {}
    for each in wanted:
        if (domain := there.get(each.name)) is None:
            continue
        worker = str(domain["service"])
        live = mark if worker == each.worker else mark_of(account.worker_bindings(worker))
        if live and live != mark:
            yield Theirs(wanted=each, owner=Owner(worker, live))
        else:
            yield Existing(wanted=each, id=str(domain["id"]), ours=worker == each.worker or live is not None)


def _queues(account: Account, wanted: Sequence[Wanted]) -> dict[Wanted, str]:
    """The ids of the queues and consumers of `wanted` that are there; a consumer's follows that of its queue."""
    names = {each.key: each.name for each in wanted if each.kind is Kind.QUEUE}
    if not any(each.kind in (Kind.QUEUE, Kind.CONSUMER) for each in wanted):
        return {}
    queues = account.queues()
    found = {}
    for each in wanted:
        queue = next(
            (told for told in queues if told["queue_id"] == each.queue_id or told["queue_name"] == names.get(each.key)),
            None,
        )
        if each.kind is Kind.QUEUE and queue:
            found[each] = str(queue["queue_id"])
        elif each.kind is Kind.CONSUMER and queue and queue["consumers"]:
            found[each] = f"{queue['queue_id']}/{queue['consumers'][0]['consumer_id']}"
    return found


def find_elsewhere(account: Account, wanted: Sequence[Wanted]) -> tuple[Elsewhere, ...]:
    """The buckets of `wanted` that are full, and not where the file says."""
    names = {each.name: each for each in wanted if each.kind is Kind.R2_BUCKET}
    stores = [store for store in find_all(account, "r2") if store.name in names] if names else []
    there = {store.name for store in stores if store.jurisdiction == names[store.name].jurisdiction}
    return tuple(
        Elsewhere(wanted=names[store.name], store=store)
        for store in stores
        if store.name in names.keys() - there and is_filled(account, store)
    )


def _order(each: Existing | Theirs) -> tuple[int, str]:
    return each.wanted.kind.rank, each.wanted.name


def with_differences(existing: Iterable[Existing], findings: Iterable[Finding]) -> tuple[Existing, ...]:
    """The same, with what a drift check has found of each."""
    known: dict[tuple[str, str], tuple[Difference, ...]] = {}
    for finding in findings:  # of a Worker there may be two: what differs, and what nobody declared
        told = tuple(each for each in finding.differences if each != UNMANAGED)
        known[finding.kind, finding.name] = (*known.get((finding.kind, finding.name), ()), *told)
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
    """Whether nothing of anybody's would be taken with it: data or a queue with nothing in it, a consumer of such a
    queue, or what the stack itself put."""
    if existing.wanted.kind in (Kind.QUEUE, Kind.CONSUMER):
        return count_messages(account, existing.id.partition("/")[0]).messages == 0
    if not existing.wanted.kind.holds_data:
        return existing.ours
    kind = cast("StoreKind", existing.wanted.kind.short)
    place = existing.wanted.jurisdiction
    return not is_filled(account, Store(kind=kind, name=existing.wanted.name, id=existing.id, jurisdiction=place))
