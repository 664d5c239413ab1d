"""An autopilot that fails again and again is passed over for another one that can do the task, by the routing Worker
and by Python alike; `test_decisions.py` has the rule's cases."""

from __future__ import annotations

from tests.support.planners import PythonPlanner, WorkerPlanner

MOST_FAILURES = 5  # in a row, after which an autopilot is left alone


def test_the_next_one_is_taken_when_the_first_is_left_alone(planner: WorkerPlanner | PythonPlanner) -> None:
    """`shaky` goes first, and nothing listens where it should answer; `spare` is well."""
    first = planner.plan("shared.run", setup="local")
    following = [planner.plan("shared.run", setup="local") for _ in range(MOST_FAILURES)]

    assert (first.status, first.json()["autopilot"]) == (502, "shaky")
    assert (following[-1].status, following[-1].headers["x-autopilot"]) == (200, "spare")
