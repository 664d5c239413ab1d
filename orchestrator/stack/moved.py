"""Which data Workers would lose sight of: where the file or the configuration names another store than before.

A store is a KV namespace, R2 bucket or D1 database. Its key is its name in the file. A namespace of another title keeps
its id and its data; a bucket or database of another name, or a bucket in another jurisdiction, is another one.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from orchestrator.desired.derive import Desired
from orchestrator.desired.ownership import Bindings
from orchestrator.desired.resources import Binding, D1Binding, KvBinding, R2Binding
from orchestrator.kinds import Kind
from orchestrator.named_store import Store, StoreKind
from orchestrator.stack.state import State, StateResource

StorePlace = tuple[StoreKind, str]
"""A store's kind and key."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """`old`, as the stack's state knows it, gives way to `new`, whose id is empty where the state does not have it.

    `keys` has both keys; `workers`: the Workers in the account that would see `new`.
    """

    old: Store
    new: Store
    keys: tuple[str, str]
    workers: tuple[str, ...]


def moves(desired: Desired, state: State) -> tuple[Move, ...]:
    """Each store that a Worker has, or the stack knows, with each of the same kind that would come in its place.

    A Worker of a new name may be one of those that leave, so it takes their place: nobody knows which was meant. What
    other Workers go on with is not out of sight, and does not count there.
    """
    before, after = _known(state), _declared(desired, state)
    found = {(place, place): set[str]() for place in before.keys() & after.keys() if before[place] != after[place]}
    urns = {each.urn: place for place, each in _resources(state).items()}
    scripts = state.of_kind(Kind.WORKER)
    wanted = {
        worker.key: {place for binding in worker.bindings if (place := _place(binding))} for worker in desired.workers
    }
    in_use = {place for places in wanted.values() for place in places}
    left = [script for key, script in scripts.items() if key not in wanted]
    for worker in desired.workers:
        is_new = worker.key not in scripts
        before_it = left if is_new else [scripts[worker.key]]
        had = {urns[urn] for script in before_it for urn in script.dependencies if urn in urns}
        if is_new:
            had -= in_use - wanted[worker.key]
        lost = {place for place in had if place not in wanted[worker.key] or before[place] != after[place]}
        gained = {place for place in wanted[worker.key] if place not in had or before[place] != after[place]}
        for old, new in _pairs(lost, gained):
            found.setdefault((old, new), set()).add(worker.name)
    return tuple(
        Move(old=before[old], new=after[new], keys=(old[1], new[1]), workers=tuple(sorted(workers)))
        for (old, new), workers in sorted(found.items())
    )


def moves_of_live(
    desired: Desired, state: State, stores: Collection[Store], live: Mapping[str, Bindings]
) -> tuple[Move, ...]:
    """Each store that a Worker is bound to in the account, whoever did that, with each that would come in its place.

    `stores`: all of the account; `live`: the bindings of Workers as the API lists them, by name.
    """
    after = _declared(desired, state)
    found = []
    for worker in desired.workers:
        bound = tuple(live.get(worker.name, ()))
        had = [store for store in stores if any(store.is_bound_by(binding) for binding in bound)]
        wanted = {place: after[place] for binding in worker.bindings if (place := _place(binding))}
        found += [
            Move(old=old, new=new, keys=(old.name, key), workers=(worker.name,))
            for old in had
            for (_, key), new in sorted(wanted.items())
            if old.kind == new.kind
            and not any(_is_one(old, store) for store in wanted.values())
            and not any(_is_one(new, store) for store in had)
        ]
    return tuple(found)


def _is_one(one: Store, other: Store) -> bool:
    """Whether they are one store: a namespace may have another title than it is to have, a lost one another id."""
    same = one.id == other.id or one.name == other.name
    return same and (one.kind, one.jurisdiction) == (other.kind, other.jurisdiction)


def made_prefix(state: State) -> str:
    """What stands before the names of the data that the stack has: its `namePrefix`, as long as they are to be kept."""
    named = ((store.name, key) for (_, key), store in _known(state).items())
    return next((name.removesuffix(key) for name, key in named if name.endswith(key)), "")


def _pairs(lost: set[StorePlace], gained: set[StorePlace]) -> Iterator[tuple[StorePlace, StorePlace]]:
    """What kept its key gives way to itself; of the rest each to each of its kind: nobody knows which was meant."""
    yield from ((place, place) for place in lost & gained)
    for old in lost - gained:
        yield from ((old, new) for new in gained - lost if new[0] == old[0])


def _resources(state: State) -> dict[StorePlace, StateResource]:
    kept = [(each.kind, each) for each in state.resources if each.kind and each.kind.holds_data]
    return {(cast("StoreKind", kind.short), each.name): each for kind, each in kept}


def _known(state: State) -> dict[StorePlace, Store]:
    return {place: _store(place[0], each) for place, each in _resources(state).items()}


def _store(kind: StoreKind, known: StateResource) -> Store:
    name = str(known.outputs.get("title" if kind == "kv" else "name") or known.name)
    jurisdiction = str(known.outputs.get("jurisdiction") or "default") if kind == "r2" else "default"
    return Store(kind=kind, name=name, id=name if kind == "r2" else known.id, jurisdiction=jurisdiction)


def _declared(desired: Desired, state: State) -> dict[StorePlace, Store]:
    """With the id of what the state knows under the same name."""
    known = _known(state)
    found: dict[StorePlace, Store] = {}
    for kv in desired.kv_namespaces:  # renamed in place
        found["kv", kv.key] = known.get(("kv", kv.key)) or Store(kind="kv", name=kv.title, id="")
    for bucket in desired.r2_buckets:
        found["r2", bucket.key] = Store(kind="r2", name=bucket.name, id=bucket.name, jurisdiction=bucket.jurisdiction)
    for database in desired.d1_databases:
        old = known.get(("d1", database.key))
        id = old.id if old and old.name == database.name else ""
        found["d1", database.key] = Store(kind="d1", name=database.name, id=id)
    return found


def _place(binding: Binding) -> StorePlace | None:
    match binding:
        case KvBinding():
            return "kv", binding.namespace
        case R2Binding():
            return "r2", binding.bucket
        case D1Binding():
            return "d1", binding.database
    return None
