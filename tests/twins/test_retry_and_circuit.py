"""When a task is tried again, and when an autopilot is left alone: TypeScript, in workerd, and Python answer alike."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orchestrator.dispatch.circuit import Circuit
from orchestrator.dispatch.failure import Failure
from orchestrator.dispatch.forward import Answer
from orchestrator.dispatch.retry import retry_delay
from orchestrator.routing.table import TaskRule

Client = Callable[[str], httpx.Client]
NOW = 1_800_000_000  # Fri, 15 Jan 2027 08:00:00 GMT


def failure(outcome: str, *, passing: bool = True) -> dict[str, Any]:
    return {"outcome": outcome, "why": "", "hint": "", "isPassing": passing}


def answer(status: int, retry_after: str | None = None) -> dict[str, Any]:
    return {"status": status, "retryAfter": retry_after}


@pytest.mark.parametrize(
    ("outcome", "idempotent", "seconds"),
    [
        (failure("not-sent"), False, 0.5),
        (failure("not-sent", passing=False), True, None),
        (failure("unknown"), False, None),
        (failure("unknown"), True, 0.5),
        (failure("unknown", passing=False), True, None),
        (failure("rejected"), False, None),
        (answer(200), True, None),
        (answer(500), True, None),
        (answer(503), False, None),
        (answer(503), True, 0.5),
        (answer(429, "0"), True, 0.5),
        (answer(429, "7"), True, 7),
        (answer(502, "Fri, 15 Jan 2027 08:00:09 GMT"), True, 9),
        (answer(504, "Fri, 15 Jan 2027 07:00:00 GMT"), True, 0.5),
        (answer(503, "soon"), True, 0.5),
        (answer(503, "-3"), True, 0.5),
        (answer(503, "1234567890"), True, 0.5),
    ],
)
def test_the_pause_before_a_second_try(
    client: Client, outcome: dict[str, Any], idempotent: bool, seconds: float | None
) -> None:
    rule = TaskRule(capability="x", idempotent=idempotent)
    values = {"outcome": outcome, "rule": rule.to_object(), "random": 0.5, "now": NOW * 1000}

    in_the_worker = client("corpus").post("/retry", json=values).json()["delay"]

    assert in_the_worker == (None if seconds is None else seconds * 1000)
    assert retry_delay(in_python(outcome), rule, 0.5, NOW) == seconds


@pytest.mark.parametrize("outcome", [failure("unknown"), answer(503)], ids=["unknown", "busy"])
def test_what_must_not_be_done_twice_is_not_idempotent_whatever_is_said(
    client: Client, outcome: dict[str, Any]
) -> None:
    rule = TaskRule(capability="x", once=True, idempotent=True)
    values = {"outcome": outcome, "rule": rule.to_object(), "random": 0.5, "now": NOW * 1000}

    assert client("corpus").post("/retry", json=values).json()["delay"] is None
    assert retry_delay(in_python(outcome), rule, 0.5, NOW) is None


def in_python(outcome: dict[str, Any]) -> Answer | Failure:
    if "status" in outcome:
        headers = {"retry-after": outcome["retryAfter"]} if outcome["retryAfter"] is not None else {}
        return Answer(status=outcome["status"], headers=headers, body=b"", autopilot="x")
    return Failure(outcome=outcome["outcome"], why="", hint="", is_passing=outcome["isPassing"])


@pytest.mark.parametrize("seed", range(20))
def test_the_circuits_open_and_close_alike(client: Client, seed: int) -> None:
    """Random histories, mostly failures; `tests/unit/dispatch/test_circuit.py` says what is right."""
    rng, now, events = random.Random(seed), 1000, []  # noqa: S311 - a history, no secret
    for _ in range(200):
        now += rng.choice([0, 1, 5, 30, 100])
        event = rng.choices(["wait", "paused", "failed", "succeeded"], [5, 5, 5, 0.2])[0]
        events.append((event, now, now - rng.choice([0, 0, 2, 50])))

    in_the_worker = client("corpus").post("/circuit", json={"events": [(e, n * 1000, s * 1000) for e, n, s in events]})

    circuit, told = Circuit(), []
    for event, at, sent_at in events:
        if event == "wait":
            told.append(circuit.wait(at) * 1000)
        elif event == "paused":
            told.append(circuit.is_paused(at))
        elif event == "failed":
            circuit.failed(sent_at, at)
        else:
            circuit.succeeded()
    assert [each for each in in_the_worker.json() if each is not None] == told
    assert any(told)
