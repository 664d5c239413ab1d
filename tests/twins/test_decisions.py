"""Every rule of the decision: the corpus `decisions.json`, run in Python and, in workerd, in TypeScript."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.routing.decision import Decision, Missing, RoutingState, decide
from orchestrator.routing.table import Route, RoutingTable

CORPUS = json.loads(Path(__file__).with_name("decisions.json").read_text())
NOTHING: dict[str, list[str]] = {
    "kvNamespaces": [],
    "r2Buckets": [],
    "d1Databases": [],
    "workers": [],
}  # no decision depends on it
each_case = pytest.mark.parametrize("case", CORPUS["cases"], ids=lambda case: case["case"])


def values(case: dict[str, Any]) -> dict[str, Any]:
    """The decision's arguments that a case stands for."""
    table = case["table"]
    state = {"statuses": {}, "registered": [], "missing": {}, "paused": []} | case.get("state", {})
    return {
        "table": whole(CORPUS["tables"][table] if isinstance(table, str) else table),
        "task": case["task"],
        "state": state | {"registered": routes(state["registered"])},
        "random": case.get("random", 0),
    }


def whole(table: dict[str, Any]) -> dict[str, Any]:
    """The table with what no decision depends on."""
    beside = {
        "declared": NOTHING,
        "cronPeriodMs": 0,
        "allowedOrigins": [],
        "callers": {},
        "schedules": {},
        "alerts": {},
    }
    return {**table, "autopilots": routes(table["autopilots"]), **beside}


def routes(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**route, "needs": NOTHING} for route in listed]


def in_python(case: dict[str, Any]) -> dict[str, Any]:
    given = values(case)
    state = RoutingState(
        statuses=given["state"]["statuses"],
        registered=tuple(Route.from_object(route) for route in given["state"]["registered"]),
        missing={name: [Missing(**each) for each in missing] for name, missing in given["state"]["missing"].items()},
        paused=given["state"]["paused"],
    )
    outcome = decide(RoutingTable.from_json(json.dumps(given["table"])), given["task"], state, given["random"])
    if isinstance(outcome, Decision):
        return outcome.to_object()
    problem = {**outcome.problem.to_object(), "headers": dict(outcome.problem.headers)}
    return {"problem": problem, "reasons": list(outcome.reasons)}


def assert_answers(outcome: dict[str, Any], expected: dict[str, Any]) -> None:
    """Everything that the case names is as it says."""
    for name, value in expected.items():
        if name == "problem":
            assert_answers(outcome["problem"], value)
        else:
            assert outcome.get(name) == value, name


@each_case
def test_python_decides_as_the_case_says(case: dict[str, Any]) -> None:
    assert_answers(in_python(case), case["expect"])


@each_case
def test_the_worker_decides_as_the_case_says(case: dict[str, Any], client: Callable[[str], httpx.Client]) -> None:
    answer = client("corpus").post("/decide", json=values(case)).json()

    assert_answers(answer, case["expect"])
    assert answer == in_python(case)  # every other member, and every word of the reasons


def test_each_case_has_a_name_of_its_own() -> None:
    names = [case["case"] for case in CORPUS["cases"]]

    assert len(names) == len(set(names))
