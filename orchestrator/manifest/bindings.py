"""Whether the names under which Workers see their resources are free and different.

A Worker's bindings come from several places of the file (an autopilot's namespaces and buckets, the Worker's secrets
and variables) and from the orchestrator itself; a name that is not chosen is made by `names.binding_name`. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from orchestrator import names
from orchestrator.manifest.place import Mistake, Place

# What is bound, as messages call it ("R2 bucket `efh-private`"), and where it stands.
Bound = tuple[str, Place]


def worker_bindings(root: Place) -> Iterator[Mistake]:
    """The bindings of each declared Worker; one that several autopilots declare has the needs of all of them."""
    bound: dict[str, dict[str, list[Bound]]] = defaultdict(lambda: defaultdict(list))
    for autopilot in root["autopilots"].items():
        for worker in autopilot["needs"]["workers"].items():
            for name, what in [*_needs(autopilot["needs"]), *_variables(worker)]:
                bound[worker.named() or str(worker.path)][name].append(what)
    for worker_name, by_name in bound.items():
        yield from _collisions(worker_name, by_name, names.RESERVED_ON_AUTOPILOT)


def router_bindings(root: Place) -> Iterator[Mistake]:
    """The routing Worker's: its KV namespaces, and a service binding for each Worker that answers for an autopilot."""
    by_name: dict[str, list[Bound]] = defaultdict(list)
    for name, what in _listed(root["orchestrator"]["kvNamespaces"], "title", "KV namespace"):
        by_name[name].append(what)
    for autopilot in root["autopilots"].items():
        worker = autopilot["worker"]
        if worker.text:
            by_name[names.binding_name(worker.text)].append((f"Worker `{worker.text}`", worker))
    router = root["orchestrator"]["worker"].text or "orchestrator"
    yield from _collisions(router, by_name, names.RESERVED_ON_ROUTER)


def _collisions(worker: str, by_name: dict[str, list[Bound]], reserved: Collection[str]) -> Iterator[Mistake]:
    for name, bound in by_name.items():
        what, place = bound[0]
        written = what.startswith(("secret", "variable")) or place["binding"].text  # those are the models' business
        if name in reserved and not (written and name in names.RESERVED_VARIABLES):
            yield Mistake(
                path=place.path,
                code="reserved-binding",
                message=f"the {what} would be bound as `{name}`, which the orchestrator itself binds",
                hint="choose another name",
            )
        others = {other: place for other, place in bound if other != what}
        for other, place in others.items():
            yield Mistake(
                path=place.path,
                code="binding-collision",
                message=f"in the Worker `{worker}`, the {what} (line {bound[0][1].line}) and the {other} "
                f"would both be bound as `{name}`",
                hint="rename one of them",
            )


def _needs(needs: Place) -> Iterator[tuple[str, Bound]]:
    yield from _listed(needs["kvNamespaces"], "title", "KV namespace")
    yield from _listed(needs["r2Buckets"], "name", "R2 bucket")
    yield from _listed(needs["d1Databases"], "name", "D1 database")


def _listed(listed: Place, key: str, kind: str) -> Iterator[tuple[str, Bound]]:
    for item in listed.items():
        if name := item.named(key):
            yield bound_as(item, key), (f"{kind} `{name}`", item)


def bound_as(need: Place, key: str) -> str:
    """The name under which Workers see a need: chosen, or made of its own, which is under `key`."""
    return need["binding"].text or names.binding_name(need.named(key) or "")


def _variables(worker: Place) -> Iterator[tuple[str, Bound]]:
    for item in worker["secrets"].items():
        if name := item.named():
            yield name, (f"secret `{name}`", item)
    for name, place in worker["vars"].entries():
        yield name, (f"variable `{name}`", place)
