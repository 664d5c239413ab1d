"""What goes to an autopilot, held against the catalogue's entry of the capability, where it has one: the twin of
router/src/catalog/checks.ts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.catalog.schema import mistakes_of
from orchestrator.routing.decision import Decision, Refusal
from orchestrator.routing.problem import Problem


def check_meta(decided: Decision | Refusal, schema: Mapping[str, Any] | None, meta: object) -> Decision | Refusal:
    """The decision, or the refusal (422) where `meta` does not fit its capability's `schema`; None: it has none."""
    if isinstance(decided, Refusal) or schema is None or not (errors := mistakes_of(schema, meta, "/meta")):
        return decided
    problem = Problem(
        status=422,
        title="Invalid meta",
        detail="; ".join(f"{each['pointer']} {each['message']}" for each in errors) + ".",
        members={
            "capability": decided.capability,
            "errors": errors,
            "outcome": "rejected",
            "retrySafe": True,
            "hint": f"GET /autopilot/capabilities/{decided.capability} says what it takes.",
        },
    )
    why = "Its meta does not fit the catalogue's entry, so it goes to nobody."
    return Refusal(problem=problem, reasons=(*decided.reasons, why))
