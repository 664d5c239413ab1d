"""The ways to a Worker, compared: custom domains; and what the file cannot say, routes of zones, gradual deployments.

What nobody declares is told and left alone: without a custom domain or a route a site is gone. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Worker
from orchestrator.drift.findings import Difference, Finding
from orchestrator.drift.live import Live
from orchestrator.drift.storage import GONE, UNMANAGED
from orchestrator.kinds import Kind
from orchestrator.stack.state import State

GRADUAL = "gradual deployment"


def compare_domains(desired: Desired, state: State, live: Live) -> Iterator[Finding]:
    """What differs, and the custom domains of declared Workers that nobody declared."""
    known = state.of_kind(Kind.CUSTOM_DOMAIN)
    there = {each.host: each for each in live.domains}
    declared = {host: worker.name for worker in desired.workers for host in worker.domains}
    for host, worker in declared.items():
        if host not in there:
            yield Finding(change="missing", kind=Kind.CUSTOM_DOMAIN, key=host, name=host)
            continue
        found = there[host]
        differences = [] if host in known else [UNMANAGED]
        if host in known and known[host].id != found.id:
            differences.append(Difference(path="id", desired=known[host].id, live=found.id))
        if found.worker != worker:
            differences.append(Difference(path="service", desired=worker, live=found.worker))
        if differences:
            yield Finding(
                change="changed", kind=Kind.CUSTOM_DOMAIN, key=host, name=host, differences=tuple(differences)
            )
    for host in known.keys() - declared.keys():
        gone = () if host in there else (GONE,)
        yield Finding(change="left-behind", kind=Kind.CUSTOM_DOMAIN, key=host, name=host, differences=gone)
    workers = {worker.name for worker in desired.workers}
    for host, found in there.items():
        if found.worker in workers and host not in {*declared, *known}:
            yield Finding(
                change="undeclared",
                kind=Kind.CUSTOM_DOMAIN,
                key=host,
                name=host,
                differences=(_found("service", f"leads to {found.worker}"),),
            )


def undeclared(worker: Worker, live: Live) -> Iterator[Difference]:
    """Of a Worker that is in the account."""
    for route in live.routes:
        if route.worker == worker.name:
            yield _found(f"route {route.pattern}", f"of the zone {route.zone}")
    if shares := live.workers[worker.name].version.shares:
        yield _found(GRADUAL, shared(shares))


def shared(shares: Iterable[tuple[str, float]]) -> str:
    """Which version gets how many of the requests."""
    return " and ".join(f"{percent:g} % of the requests to version {id[:8]}" for id, percent in shares)


def _found(path: str, words: str) -> Difference:
    return Difference(path=path, desired=None, live=words)
