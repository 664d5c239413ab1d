"""Failures in groups: what is of one group, how it is told, and what to do about it."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.analysis.groups import group, normalised
from orchestrator.analysis.rules import advice_for
from orchestrator.cli import make_parser


def entry(number: int = 0, **more: Any) -> dict[str, Any]:
    """One of a failure at minute `number` of a day."""
    return {
        "at": f"2026-11-26T{number // 60:02}:{number % 60:02}:00.000Z",
        "requestId": f"request-{number}",
        "kind": "plan",
        "caller": "shop",
        "task": "pay",
        "capability": "payouts.batch.run",
        "autopilot": "payout-batch",
        "outcome": "unknown",
        "status": 504,
        "durationMs": 25_000,
        "detail": None,
        **more,
    }


def test_what_differs_in_one_case_only_is_one_group() -> None:
    details = ["run 8c2f6f0e-93a1-4bd1-9a51-1f0a8f2b6c11 of ada@example.com", "run 0d7a4c52a9ee4f of bob@example.com"]
    found = group([entry(index, detail=detail) for index, detail in enumerate(details)])

    assert [(each.count, each.detail) for each in found] == [(2, "run <id> of <e-mail>")]
    assert found[0].samples == ("request-1", "request-0")
    assert (found[0].first_seen, found[0].last_seen) == ("2026-11-26T00:00:00.000Z", "2026-11-26T00:01:00.000Z")


@pytest.mark.parametrize("difference", [{"autopilot": "other"}, {"status": 500}, {"outcome": "partly"}])
def test_what_differs_in_kind_is_another_group(difference: dict[str, Any]) -> None:
    assert len(group([entry(), entry(1, **difference)])) == 2


def test_what_went_well_is_in_no_group() -> None:
    assert group([entry(outcome=outcome) for outcome in ("done", "repeated", "pass", "requested")]) == []


@pytest.mark.parametrize(
    ("minutes", "trend"),
    [
        ([55], "new"),
        ([1], "over"),
        ([1, 40, 50, 55], "rising"),
        ([1, 2, 3, 50], "falling"),
        ([1, 2, 50, 51, 52], "steady"),
    ],
)
def test_the_trend_compares_the_two_halves_of_the_time(minutes: list[int], trend: str) -> None:
    around = [entry(0, outcome="done"), entry(60, outcome="done")]
    [found] = group([*around, *(entry(minute) for minute in minutes)])

    assert found.trend == trend


def test_of_less_than_an_hour_there_is_no_trend() -> None:
    [found] = group([entry(0), entry(59, outcome="done")])

    assert found.trend == "new"


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_entries_does_not_matter(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - an order, no secret
    entries = [entry(index, outcome=rng.choice(["rejected", "unknown", "fault"])) for index in range(20)]

    assert group(rng.sample(entries, len(entries))) == group(entries)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_a_normalised_text_is_its_own(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert once is not None
    assert not re.search(r"\d", once)


@pytest.mark.parametrize(
    ("known", "command"),
    [
        ({}, "python -m orchestrator runs --status unknown"),
        ({"outcome": "rejected", "status": 401}, "python -m orchestrator secret payout-batch"),
        (
            {"outcome": "rejected", "status": 422},
            "python -m orchestrator journal --outcome rejected --autopilot payout-batch",
        ),
        (
            {"outcome": "rejected", "status": 422, "autopilot": None},
            "python -m orchestrator journal --outcome rejected",
        ),
        ({"outcome": "not-ready", "status": 503}, "python -m orchestrator heal --dry-run"),
        ({"outcome": "invalid", "status": 422}, "python -m orchestrator journal --outcome invalid"),
    ],
)
def test_each_cause_has_a_command_that_there_is(known: dict[str, Any], command: str) -> None:
    [found] = group([entry(**known)])
    advice = advice_for(found)

    assert advice.command == command
    words = command.split()[3:]
    assert make_parser(words).parse_args(words), "as it is printed"


def test_what_the_router_refused_by_the_catalogue_is_not_told_as_an_autopilots_refusal() -> None:
    [found] = group([entry(outcome="rejected", status=422, autopilot=None)])

    assert advice_for(found).cause == "The catalogue's schema does not take the task's meta, so it went to nobody."
