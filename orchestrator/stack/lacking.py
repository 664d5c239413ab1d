"""What a stack's next update creates: what the file has and the state has not, or has as another thing. And what it
does not create, though it is gone: an update looks at the state, not at the account.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.desired.derive import Desired
from orchestrator.kinds import Kind
from orchestrator.limits import Inventory
from orchestrator.stack.state import State, StateResource

Inputs = Mapping[str, Any]


def lacking(desired: Desired, state: State) -> Iterator[tuple[Kind, str, Inputs]]:
    """Kind, name in the account, and those inputs that tell one of a kind and name from another, as Pulumi has them."""
    for kind, name, inputs, known in _both(desired, state):
        if known is None:
            yield kind, name, inputs


def gone(desired: Desired, state: State, account: Inventory) -> list[str]:
    """What file and state have and the account has not, by kind and name; a list that was not read tells nothing."""
    there = {
        Kind.KV_NAMESPACE: account.kv_namespaces,
        Kind.D1_DATABASE: account.d1_databases,
        Kind.WORKER: account.workers,
        Kind.R2_BUCKET: account.r2_buckets,
    }
    return [
        f"{kind.word} {name}"
        for kind, name, inputs, known in _both(desired, state)
        if known
        and kind.name_in(known.inputs or known.outputs) == name
        and (names := there.get(kind)) is not None
        and ((name, inputs["jurisdiction"]) if kind is Kind.R2_BUCKET else name) not in names
    ]


def _both(desired: Desired, state: State) -> Iterator[tuple[Kind, str, Inputs, StateResource | None]]:
    """What is declared, each with what the state has of it; None where it has nothing, or another thing."""
    resources = {(each.kind, each.name): each for each in state.resources}
    for kind, key, name, inputs in _declared(desired):
        known = resources.get((kind, key))
        yield kind, name, inputs, None if known is None or _is_another(kind, name, inputs, known) else known


def _declared(desired: Desired) -> Iterator[tuple[Kind, str, str, Inputs]]:
    yield from ((Kind.KV_NAMESPACE, each.key, each.title, {}) for each in desired.kv_namespaces)
    for bucket in desired.r2_buckets:
        yield Kind.R2_BUCKET, bucket.key, bucket.name, {"jurisdiction": bucket.jurisdiction}
    yield from ((Kind.D1_DATABASE, each.key, each.name, {}) for each in desired.d1_databases)
    yield from ((Kind.QUEUE, each.key, each.name, {}) for each in desired.queues)
    for worker in desired.workers:
        yield Kind.WORKER, worker.key, worker.name, {}
        yield from ((Kind.CUSTOM_DOMAIN, host, host, {"service": worker.name}) for host in worker.domains)


def _is_another(kind: Kind, name: str, inputs: Inputs, known: StateResource) -> bool:
    """Of another name, or a bucket in another jurisdiction. A namespace of another title is renamed in place."""
    if kind is Kind.KV_NAMESPACE:
        return False
    told = known.inputs or known.outputs
    there = str(told.get("jurisdiction") or "default")
    return kind.name_in(told) != name or (kind is Kind.R2_BUCKET and there != inputs["jurisdiction"])
