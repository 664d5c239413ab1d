"""A heal in words and as JSON, whose keys are part of the contract.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.drift.findings import Finding

if TYPE_CHECKING:
    from orchestrator.heal.heal import Healing
    from orchestrator.heal.plan import HealPlan

HealStatus = Literal["clean", "would-heal", "healed", "lost", "failed"]


def status(healing: Healing) -> HealStatus:
    """How it ended: `failed` where an update failed or something differs still, then `lost` where data is gone."""
    if healing.failure or healing.left or healing.unsettled:
        return "failed"
    if healing.lost:
        return "lost"
    if healing.updated:
        return "healed"
    return "would-heal" if healing.plan.does_something else "clean"


def as_json(healing: Healing, *, stack: str) -> dict[str, Any]:
    return {
        "stack": stack,
        "status": status(healing),
        "updated": healing.updated,
        "repaired": [finding.as_json() for finding in healing.plan.repaired],
        "unfinished": list(healing.plan.unfinished),
        "recreated": [finding.as_json() for finding in healing.plan.recreated],
        "held": [finding.as_json() for finding in healing.plan.held],
        "lost": [each.as_json() for each in healing.lost],
        "left": [finding.as_json() for finding in healing.left],
        "failure": healing.failure,
        "apiCalls": healing.calls,
    }


def sentences(plan: HealPlan) -> Iterator[str]:
    """What is about to be done, a line each."""
    for finding in plan.repaired:
        yield f"Will be repaired: {words(finding)}"
    for key in plan.unfinished:
        yield f"Will be finished, because an earlier repair has not ended: Worker {key}"
    for finding in plan.recreated:
        yield f"Will be recreated, empty: {words(finding)}"
    for finding in plan.held:
        yield f"Waits, because it depends on lost data: {words(finding)}"


def words(finding: Finding) -> str:
    """A finding in one line: `cron triggers of efh-agent: changed (crons)`."""
    paths = ", ".join(_unique(each.path for each in finding.differences))
    name = f"{finding.kind.word}{' of' if finding.kind.of_worker else ''} {finding.name}"
    return f"{name}: {finding.change}{f' ({paths})' if paths else ''}"


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
