"""Which autopilot gets a task, and why: the twin of `router/src/routing/decide.ts`.

Pure: what may change (health, registrations, missing infrastructure) is passed in, and so is the random number. Both
twins are run against `tests/twins/decisions.json`; a rule that has no case there does not exist. The rules, in
the order in which they narrow the choice:

1. a name that is no task is taken as the name of a capability; what is `once` as a task stays so under that name;
2. declared autopilots, and registered ones only where no declared one has the capability, so that a registration at
   run time can neither take a declared name nor declared traffic, and a declared route costs no storage read;
3. those whose infrastructure is there (if none: 503);
4. those whose last health is not `fail` (if all are: all of them, for the last one is never left out);
5. those whose circuit is not open (`orchestrator/dispatch/circuit.py`; if all are: all of them, again);
6. the highest priority;
7. by weight, in name order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.nearest import nearest_names
from orchestrator.routing.problem import NOT_READY, Problem, unsupported
from orchestrator.routing.table import Route, RoutingTable, TaskRule

HealthStatus = Literal["pass", "warn", "fail", "unknown"]
RETRY_AFTER_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that an autopilot needs and that is not there; `kind` is `kvNamespace`, `r2Bucket` and the like."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class RoutingState:
    """What is known at the moment of the decision, by autopilot name; an autopilot not named here is well."""

    statuses: Mapping[str, HealthStatus] = field(default_factory=dict)
    registered: tuple[Route, ...] = ()
    missing: Mapping[str, Sequence[Missing]] = field(default_factory=dict)
    paused: Collection[str] = ()  # failed several times in a row, and left alone for a while


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`task` goes to `route`, over its service binding or over HTTPS; `reasons` are sentences for a person."""

    task: str
    capability: str
    route: Route
    rule: TaskRule
    reasons: tuple[str, ...]

    @property
    def transport(self) -> Literal["service", "https"]:
        return "service" if self.route.binding else "https"

    def to_object(self) -> dict[str, Any]:
        """The answer of `?explain=1`."""
        return {
            "task": self.task,
            "capability": self.capability,
            "autopilot": self.route.name,
            "transport": self.transport,
            "rule": self.rule.to_object(),
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Nobody can do the task now: `problem` is the answer, `reasons` says how it came to that."""

    problem: Problem
    reasons: tuple[str, ...]


def decide(table: RoutingTable, task: str, state: RoutingState, random: float) -> Decision | Refusal:
    """Choose the autopilot for `task`, a task's or a capability's name; `random` is in [0, 1)."""
    rule = table.rule_of(task)
    capability = rule.capability
    reasons = [
        f"The task {task} needs the capability {capability}."
        if task in table.tasks
        else f"{task} is no task: it is taken as the name of a capability."
    ]
    candidates = _able(table, capability, state, reasons)
    if not candidates:
        return Refusal(problem=_unsupported(table, capability, state), reasons=tuple(reasons))
    ready = _ready(candidates, state, reasons)
    if not ready:
        return Refusal(problem=_not_ready(candidates, capability, state), reasons=tuple(reasons))
    well = _rested(_healthy(ready, state, reasons), state, reasons)
    route = _weighted(_first(well, reasons), random, reasons)
    return Decision(task=task, capability=capability, route=route, rule=rule, reasons=tuple(reasons))


def _able(table: RoutingTable, capability: str, state: RoutingState, reasons: list[str]) -> list[Route]:
    """Rule 2: who has the capability."""
    declared = _having(table.autopilots, capability)
    names = {route.name for route in table.autopilots}
    candidates = list(declared)
    for route in _having(state.registered, capability):
        if route.name in names:
            reasons.append(f"{route.name}, registered at run time, is left out: autopilots.yaml declares that name.")
        elif declared:
            reasons.append(f"{route.name}, registered at run time, is left out: a declared autopilot can do this.")
        else:
            candidates.append(route)
    if not candidates:
        reasons.append(f"No autopilot has the capability {capability}.")
    return candidates


def _having(routes: Sequence[Route], capability: str) -> list[Route]:
    return sorted((route for route in routes if capability in route.capabilities), key=lambda route: route.name)


def _ready(candidates: Sequence[Route], state: RoutingState, reasons: list[str]) -> list[Route]:
    """Rule 3: whose infrastructure is there."""
    for route in candidates:
        if missing := state.missing.get(route.name):
            names = ", ".join(f"{each.kind} {each.name}" for each in missing)
            reasons.append(f"{route.name} is left out: it needs what is missing ({names}).")
    return [route for route in candidates if not state.missing.get(route.name)]


def _healthy(candidates: Sequence[Route], state: RoutingState, reasons: list[str]) -> Sequence[Route]:
    """Rule 4: who is not known to fail, or everybody."""
    healthy = [route for route in candidates if state.statuses.get(route.name) != "fail"]
    for route in candidates:
        status = state.statuses.get(route.name)
        if status == "warn":
            reasons.append(f"{route.name} stays in: its last health check warned, and a warning still routes.")
        elif status == "fail" and healthy:
            reasons.append(f"{route.name} is left out: its last health check failed.")
        elif status == "fail":
            reasons.append(f"{route.name} stays in although its last health check failed: no other one is healthy.")
    return healthy or candidates


def _rested(candidates: Sequence[Route], state: RoutingState, reasons: list[str]) -> Sequence[Route]:
    """Rule 5: who is not left alone after failing again and again, or everybody."""
    left = [route for route in candidates if route.name not in state.paused]
    for route in candidates:
        if route.name in state.paused:
            reasons.append(
                f"{route.name} is left out: it failed several times in a row and is left alone for a while."
                if left
                else f"{route.name} stays in although it failed several times in a row: no other one is left."
            )
    return left or candidates


def _first(candidates: Sequence[Route], reasons: list[str]) -> list[Route]:
    """Rule 6: the highest priority."""
    highest = max(route.priority for route in candidates)
    for route in candidates:
        if route.priority < highest:
            reasons.append(f"{route.name} is left out: its priority {route.priority} is below {highest}.")
    return [route for route in candidates if route.priority == highest]


def _weighted(candidates: Sequence[Route], random: float, reasons: list[str]) -> Route:
    """Rule 7: the first one, in name order, whose cumulative weight exceeds `random` times the total."""
    total = sum(route.weight for route in candidates)
    chosen, cumulative = candidates[-1], 0
    for route in candidates:
        cumulative += route.weight
        if cumulative > random * total:
            chosen = route
            break
    if len(candidates) == 1:
        reasons.append(f"{chosen.name} is chosen: it is the only one left.")
    else:
        shares = ", ".join(f"{route.name} {route.weight}" for route in candidates)
        reasons.append(f"{chosen.name} is chosen at random, by weight: {shares}.")
    return chosen


def _unsupported(table: RoutingTable, capability: str, state: RoutingState) -> Problem:
    declared = {route.name for route in table.autopilots}
    routes = (*table.autopilots, *(route for route in state.registered if route.name not in declared))
    available = dict.fromkeys(name for route in routes for name in route.capabilities)
    tasks = (name for name, rule in table.tasks.items() if rule.capability in available)
    known = nearest_names(capability, (*tasks, *available))
    nearest = f" The nearest names are: {', '.join(known)}." if known else ""
    return Problem(
        status=404,
        title=unsupported(capability),
        slug="unsupported-capability",
        detail=f"{capability} is neither a task nor a capability of any autopilot.{nearest}",
        members={"capability": capability, "known": known},
    )


def _not_ready(candidates: Sequence[Route], capability: str, state: RoutingState) -> Problem:
    missing = {(each.kind, each.name) for route in candidates for each in state.missing.get(route.name, ())}
    names = ", ".join(route.name for route in candidates)
    return Problem(
        status=503,
        title=NOT_READY,
        detail=f"{capability} is what {names} can do, but what is needed for it is missing.",
        members={
            "capability": capability,
            "missing": [{"kind": kind, "name": name} for kind, name in sorted(missing)],
            "hint": "Declare it under `needs` in autopilots.yaml, if it is not there yet, "
            "then run `python -m orchestrator heal`.",
        },
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
