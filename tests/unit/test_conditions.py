"""The conditions and times of alerts, as people write them."""

from __future__ import annotations

import re

import pytest

from orchestrator.conditions import CONDITION_PATTERN, Condition, parse_condition, parse_duration


@pytest.mark.parametrize(
    ("text", "metric", "above"),
    [
        ("health.down", "health.down", 0),
        ("drift", "drift", 0),
        ("errorRate > 20%", "errorRate", 20),
        ("errorRate>100%", "errorRate", 100),
        ("quota > 80%", "quota", 80),
        ("p95 > 5s", "p95", 5_000),
        ("p95 > 250ms", "p95", 250),
        ("unknown > 0", "unknown", 0),
        ("queue.age > 10m", "queue.age", 600_000),
        ("queue.age > 2h", "queue.age", 7_200_000),
    ],
)
def test_a_condition_is_a_figure_above_a_bound(text: str, metric: str, above: int) -> None:
    assert parse_condition(text) == Condition(metric=metric, above=above)
    assert re.fullmatch(CONDITION_PATTERN, text), "editors are told the same"


@pytest.mark.parametrize(
    "text",
    ["", "down", "health.down > 1", "errorRate > 101%", "errorRate > 20", "p95 > 5", "p95 < 5s", "unknown > -1",
     "unknown > 1.5", "queue.age > 10", "drift ", "p95 > 5s\n"],
)  # fmt: skip
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is what was given
        parse_condition(text)


def test_a_time_has_a_unit_and_is_a_week_at_most() -> None:
    assert [parse_duration(text) for text in ("0m", "90s", "15m", "7d")] == [0, 90_000, 900_000, 604_800_000]
    for text in ("15", "-1m", "1w", "8d", "1.5h", ""):
        with pytest.raises(ValueError):  # noqa: PT011 - its text is what was given
            parse_duration(text)
