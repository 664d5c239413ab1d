"""A moment as people give it, as the router takes it."""

from __future__ import annotations

import pytest

from orchestrator.moments import moment

NOW = 1_795_680_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", NOW - 900),
        ("24h", NOW - 86_400),
        ("7d", NOW - 7 * 86_400),
        ("30s", NOW - 30),
        ("2026-11-26", 1_795_651_200.0),
        ("2026-11-26T08:00Z", NOW),
        ("2026-11-26T08:00:00.5Z", NOW + 0.5),
        ("2026-11-26T10:00:00+02:00", NOW),
    ],
)
def test_a_time_a_date_or_an_age(text: str, seconds: float) -> None:
    assert moment(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "24", "24 h", "1y", "2026-13-01", "2026-11-26T08:00", "٢٤h"])
def test_nothing_else_is_one(text: str) -> None:
    assert moment(text, NOW) is None
