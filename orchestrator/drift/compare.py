"""The live account against the desired state: one pure function from what was read to what was found.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Binding
from orchestrator.drift.addresses import compare_domains
from orchestrator.drift.findings import Finding, ordered
from orchestrator.drift.live import Live
from orchestrator.drift.queues import compare_queues
from orchestrator.drift.scripts import compare_workers
from orchestrator.drift.storage import compare_storage, ids_by_key
from orchestrator.stack.state import State


def find_drift(
    desired: Desired,
    live: Live,
    *,
    bound: Mapping[str, tuple[Binding, ...]],
    modules: Mapping[str, str],
    state: State,
) -> tuple[Finding, ...]:
    """Every difference, and what nobody declared, in a stable order.

    `bound`: the bindings of each Worker by key, as `orchestrator.desired.bindings` works them out; `modules`: the
    SHA-256 in hex of each Worker's module, by key; `state`: what the stack's state knows, for ids.
    """
    ids = ids_by_key(desired, state, live)
    return ordered(
        [
            *compare_storage(desired, state, live),
            *compare_queues(desired, state, live),
            *compare_workers(desired, bound, modules, ids, state, live),
            *compare_domains(desired, state, live),
        ]
    )
