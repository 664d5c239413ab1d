"""Cloudflare's cron dialect: what is taken, and when it fires. 1 January 2026 is a Thursday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from orchestrator.cron import parse


def days_of(expression: str, year: int = 2026, month: int = 1) -> list[int]:
    """The days of a month on which an expression for midnight fires."""
    cron = parse(expression)
    first = date(year, month, 1)
    days = (first + timedelta(days=offset) for offset in range(31))
    return [
        day.day
        for day in days
        if day.month == month and cron.matches(datetime(day.year, day.month, day.day, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    ("field", "minutes"),
    [
        ("5", [5]),
        ("5,10", [5, 10]),
        ("5-8", [5, 6, 7, 8]),
        ("*/20", [0, 20, 40]),
        ("50/4", [50, 54, 58]),
        ("10-20/5", [10, 15, 20]),
        ("58-1", [0, 1, 58, 59]),
        ("50-10/10", [0, 10, 50]),
        ("1,*/30", [0, 1, 30]),
        ("*", list(range(60))),
    ],
)
def test_lists_ranges_and_steps(field: str, minutes: list[int]) -> None:
    cron = parse(f"{field} * * * *")

    assert [minute for minute in range(60) if cron.matches(datetime(2026, 1, 1, 12, minute, tzinfo=UTC))] == minutes


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 0 1,15 * *", [1, 15]),
        ("0 0 L * *", [31]),
        ("0 0 L-3 * *", [28]),
        ("0 0 LW * *", [30]),
        ("0 0 3W * *", [2]),  # a Saturday: the Friday before
        ("0 0 4W * *", [5]),  # a Sunday: the Monday after
        ("0 0 31W * *", [30]),
        ("0 0 * * 1", [4, 11, 18, 25]),  # 1 is Sunday
        ("0 0 * * SUN", [4, 11, 18, 25]),
        ("0 0 * * 7", [3, 10, 17, 24, 31]),
        ("0 0 * * L", [3, 10, 17, 24, 31]),  # the last day of the week
        ("0 0 * * mon-wed", [5, 6, 7, 12, 13, 14, 19, 20, 21, 26, 27, 28]),
        ("0 0 * * SAT-SUN", [3, 4, 10, 11, 17, 18, 24, 25, 31]),
        ("0 0 * * 6L", [30]),
        ("0 0 * * friL", [30]),
        ("0 0 * * 2#1", [5]),
        ("0 0 * * THU#5", [29]),
        ("0 0 * * MON#5", []),
        ("0 0 13 * FRI", [2, 9, 13, 16, 23, 30]),  # both day fields: either
        ("0 0 13 * *", [13]),
        ("0 0 * FEB *", []),
        ("0 0 * 12-1 SUN", [4, 11, 18, 25]),
    ],
)
def test_days_of_january_2026(expression: str, days: list[int]) -> None:
    assert days_of(expression) == days


@pytest.mark.parametrize(
    ("expression", "year", "month", "days"),
    [
        ("0 0 L * *", 2028, 2, [29]),
        ("0 0 1W * *", 2026, 8, [3]),  # Saturday the 1st: not in July, so the Monday after
        ("0 0 31W * *", 2026, 5, [29]),  # Sunday the 31st: not in June, so the Friday before
        ("0 0 LW * *", 2026, 5, [29]),
        ("0 0 30W * *", 2026, 2, []),
        ("0 0 L-30 * *", 2026, 4, []),
        ("0 0 L-30W * *", 2026, 8, [3]),
    ],
)
def test_working_days_stay_in_their_month(expression: str, year: int, month: int, days: list[int]) -> None:
    assert days_of(expression, year, month) == days


def test_times_are_utc() -> None:
    cron = parse("30 22 31 12 *")

    assert cron.matches(datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))))
    assert cron.matches(datetime(2026, 12, 31, 22, 30, 59, tzinfo=UTC))
    assert not cron.matches(datetime(2026, 12, 31, 22, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "is empty, and must have five fields: minute, hour, day of month, month, day of week"),
        ("*", "has 1 field, and must have five"),
        ("* * * * * *", "has 6 fields, and must have five"),
        (" * * * * *", "must not begin or end with a space"),
        ("* * * * *\n", "must not begin or end with a space or line break"),
        ("60 * * * *", "minute `60`: must be 0-59, * alone, a list, a range or a step"),
        ("* 24 * * *", "hour `24`: must be 0-23"),
        ("* * 0 * *", "day of month `0`: must be 1-31, * alone, a list, a range or a step, L, LW, L-3, 15W"),
        ("* * 32 * *", "day of month `32`"),
        ("* * * 13 *", "month `13`: must be 1-12 or JAN-DEC"),
        ("* * * MAI *", "month `MAI`"),
        ("* * * * 0", "day of week `0`: must be 1-7 or SUN-SAT (1 is Sunday)"),
        ("* * * * 8", "day of week `8`"),
        ("*/0 * * * *", "minute `*/0`: the step after / must be 1 to 59"),
        ("*/60 * * * *", "must be 1 to 59"),
        ("* * * */12 *", "must be 1 to 11"),
        ("*/ * * * *", "the step after /"),
        ("5,* * * * *", "minute `5,*`: must be 0-59, * alone"),
        ("1- * * * *", "minute `1-`"),
        ("1-2-3 * * * *", "minute `1-2-3`"),
        ("-1 * * * *", "minute `-1`"),
        ("L * * * *", "minute `L`"),
        ("* * L,15 * *", "day of month `L,15`"),
        ("* * L-31 * *", "what is taken from L must be 1 to 30"),
        ("* * 32W * *", "day of month `32W`"),
        ("* * * * 2#6", "the number after # must be 1 to 5"),
        ("* * * * 2#0", "the number after # must be 1 to 5"),
        ("* * * * 9#1", "day of week `9#1`"),
        ("* * * * 8L", "day of week `8L`"),
        ("@daily", "has 1 field"),
        ("\u0665 * * * *", "minute `\u0665`"),
        ("? * * * *", "minute `?`"),
    ],
)
def test_what_is_not_taken_says_which_field_and_what_it_may_hold(expression: str, message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is compared below
        parse(expression)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("expression", "fires"),
    [
        ("0 0 31 2 *", False),
        ("0 0 30W 2 *", False),
        ("0 0 L-30 4 *", False),
        ("0 0 29 2 *", True),
        ("0 0 31 2,3 *", True),
        ("0 0 31 2 MON", True),
        ("0 0 L 2 *", True),
        ("* * * * *", True),
    ],
)
def test_an_expression_that_never_fires_is_known(expression: str, fires: bool) -> None:
    assert parse(expression).ever_fires is fires


@pytest.mark.parametrize(
    ("expression", "pause"),
    [
        ("* * * * *", timedelta(minutes=1)),
        ("*/15 * * * *", timedelta(minutes=15)),
        ("7,50 * * * *", timedelta(minutes=43)),
        ("0 6 * * *", timedelta(days=1)),
        ("0 9-17 * * MON-FRI", timedelta(days=2, hours=16)),  # from Friday evening to Monday morning
        ("0 0 L * *", timedelta(days=31)),
        ("0 0 31 * *", timedelta(days=61)),  # July and August have one, September none
        ("0 0 29 2 *", timedelta(days=4 * 365 + 1)),
    ],
)
def test_the_longest_pause_between_two_runs(expression: str, pause: timedelta) -> None:
    assert parse(expression).longest_pause == pause
