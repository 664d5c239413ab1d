"""What the file cannot say of the ways to a Worker: custom domains, routes of zones, gradual deployments.

Nobody declares them, so they are told and left alone. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.desired.resources import Worker
from orchestrator.drift.findings import Difference
from orchestrator.drift.live import Live

GRADUAL = "gradual deployment"


def undeclared(worker: Worker, live: Live) -> Iterator[Difference]:
    """Of a Worker that is in the account."""
    for domain in live.domains:
        if domain.worker == worker.name:
            yield _found(f"custom domain {domain.host}", "it answers there")
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
