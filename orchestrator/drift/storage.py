"""What holds data, compared: KV namespaces, R2 buckets, D1 databases.

The stack's state knows the id of each thing it made. Where that id is gone, its data is lost, even when somebody has
made another thing of the same name since. A bucket has no id but its name, so there the time of its creation tells.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import R2Bucket
from orchestrator.drift.bucket_settings import undeclared_settings
from orchestrator.drift.findings import Difference, Finding
from orchestrator.drift.live import Bucket, Live
from orchestrator.kinds import Kind
from orchestrator.stack.state import State, StateResource

UNMANAGED = Difference(path="state", desired="managed by this stack", live="not in the stack's state")
GONE = Difference(path="state", desired=None, live="in the stack's state, gone from the account")
_READ_REPLICATION = "disabled"  # as the program declares it
_SAME_MOMENT_S = 1.0  # the API may write the time of a creation in more than one precision


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """The namespaces or the databases: those declared (name by key), in the state, and live (name by id).

    `differences` has what else differs, by id.
    """

    kind: Kind
    declared: Mapping[str, str]
    known: Mapping[str, StateResource]
    live: Mapping[str, str]
    differences: Mapping[str, tuple[Difference, ...]] = field(default_factory=dict)


def compare_storage(desired: Desired, state: State, live: Live) -> Iterator[Finding]:
    """What differs, and what nobody declared."""
    for kept in _kept(desired, state, live):
        yield from _compare(kept)
    yield from _compare_buckets(desired.r2_buckets, state.of_kind(Kind.R2_BUCKET), live.r2_buckets)


def ids_by_key(desired: Desired, state: State, live: Live) -> dict[tuple[Kind, str], str]:
    """The id that a binding to a namespace or database is to have, by kind and key: the state's, or that of the name.

    The state's first, also where it is gone from the account: a Worker that is still bound to it is no finding of its
    own, since it follows when the lost thing is settled.
    """
    ids = {}
    for kept in _kept(desired, state, live):
        by_name = {name: id for id, name in kept.live.items()}
        for key, name in kept.declared.items():
            if found := kept.known[key].id if key in kept.known else by_name.get(name):
                ids[kept.kind, key] = found
    return ids


def _kept(desired: Desired, state: State, live: Live) -> tuple[_Kept, _Kept]:
    return (
        _Kept(
            kind=Kind.KV_NAMESPACE,
            declared={each.key: each.title for each in desired.kv_namespaces},
            known=state.of_kind(Kind.KV_NAMESPACE),
            live={each.id: each.title for each in live.kv_namespaces},
        ),
        _Kept(
            kind=Kind.D1_DATABASE,
            declared={each.key: each.name for each in desired.d1_databases},
            known=state.of_kind(Kind.D1_DATABASE),
            live={each.id: each.name for each in live.d1_databases},
            differences={
                each.id: (Difference(path="read_replication", desired=_READ_REPLICATION, live=each.read_replication),)
                for each in live.d1_databases
                if each.read_replication not in (None, _READ_REPLICATION)
            },
        ),
    )


def _compare(kept: _Kept) -> Iterator[Finding]:
    by_name = {name: id for id, name in kept.live.items()}
    settled = set()
    for key, name in kept.declared.items():
        known, named = kept.known.get(key), by_name.get(name)
        found = known.id if known and known.id in kept.live else named
        settled |= {found}
        if found is None:
            yield Finding(change="missing", kind=kept.kind, key=key, name=name, lost=known is not None)
            continue
        differences = list(kept.differences.get(found, ()))
        if known is None:
            differences.append(UNMANAGED)
        elif known.id != found:
            differences.append(Difference(path="id", desired=known.id, live=found))
        elif kept.live[found] != name:
            differences.append(Difference(path="name", desired=name, live=kept.live[found]))
        if differences:
            lost = known is not None and known.id != found
            yield Finding(
                change="changed", kind=kept.kind, key=key, name=name, differences=tuple(differences), lost=lost
            )
    for key, known in kept.known.items():
        if key not in kept.declared:
            settled |= {known.id}
            gone = () if known.id in kept.live else (GONE,)
            name = kept.live.get(known.id, key)
            yield Finding(change="left-behind", kind=kept.kind, key=key, name=name, differences=gone)
    for id, name in kept.live.items():
        if id not in settled:
            yield Finding(change="undeclared", kind=kept.kind, key=name, name=name)


def _compare_buckets(
    declared: tuple[R2Bucket, ...], known: Mapping[str, StateResource], live: tuple[Bucket, ...]
) -> Iterator[Finding]:
    places: dict[tuple[str, str], Bucket] = {(each.name, each.jurisdiction): each for each in live}
    settled: set[tuple[str, str]] = set()
    for wanted in declared:
        made = known.get(wanted.key)
        # A state of another name is that of another bucket: the file, or the stack's prefix, was edited.
        ours = made if made and made.outputs.get("name") == wanted.name else None
        place: tuple[str, str] = (wanted.name, wanted.jurisdiction)
        if place not in places and ours:
            place = (wanted.name, _jurisdiction(ours))
        settled.add(place)
        if place not in places:
            yield Finding(
                change="missing", kind=Kind.R2_BUCKET, key=wanted.key, name=wanted.name, lost=ours is not None
            )
            continue
        made_again = ours is not None and _made_again(ours, places[place])
        differences = tuple(_bucket_differences(wanted, ours, places[place], made_again=made_again))
        if differences:
            yield Finding(
                change="changed",
                kind=Kind.R2_BUCKET,
                key=wanted.key,
                name=wanted.name,
                differences=differences,
                lost=made_again,
            )
        if settings := tuple(undeclared_settings(places[place].settings)):
            yield Finding(
                change="undeclared", kind=Kind.R2_BUCKET, key=wanted.key, name=wanted.name, differences=settings
            )
    for key, resource in known.items():
        left = (str(resource.outputs.get("name")), _jurisdiction(resource))
        if left not in settled:
            settled.add(left)
            gone = () if left in places else (GONE,)
            yield Finding(change="left-behind", kind=Kind.R2_BUCKET, key=key, name=left[0], differences=gone)
    for name, jurisdiction in places.keys() - settled:
        where = Difference(path="jurisdiction", desired=None, live=jurisdiction)
        differences = (where,) if jurisdiction != "default" else ()
        yield Finding(change="undeclared", kind=Kind.R2_BUCKET, key=name, name=name, differences=differences)


def _bucket_differences(
    wanted: R2Bucket, ours: StateResource | None, live: Bucket, *, made_again: bool
) -> Iterator[Difference]:
    """A location is a hint, answered in Cloudflare's own words: it is not compared."""
    if ours is None:
        yield UNMANAGED
    if made_again and ours is not None:
        yield Difference(path="creation_date", desired=ours.outputs["creationDate"], live=live.created_on)
    if live.jurisdiction != wanted.jurisdiction:
        yield Difference(path="jurisdiction", desired=wanted.jurisdiction, live=live.jurisdiction)
    if live.storage_class not in (None, wanted.storage_class):
        yield Difference(path="storage_class", desired=wanted.storage_class, live=live.storage_class)


def _jurisdiction(made: StateResource) -> str:
    return str(made.outputs.get("jurisdiction") or "default")


def _made_again(made: StateResource, live: Bucket) -> bool:
    """Whether the bucket is another one of the same name than the stack made."""
    try:
        then = datetime.fromisoformat(made.outputs["creationDate"])
        now = datetime.fromisoformat(live.created_on or "")
        return abs((now - then).total_seconds()) > _SAME_MOMENT_S
    except (KeyError, TypeError, ValueError):  # one of them is not known
        return False
