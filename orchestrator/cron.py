"""Cron expressions in the dialect of Cloudflare's Cron Triggers.

Five fields: minute, hour, day of month, month, day of week. Cloudflare's dialect is close to Quartz's and differs from
crontab(5) where it hurts: days of the week are 1 to 7 and **1 is Sunday**, ranges may wrap (`22-2`, `FRI-MON`), and `L`
(last), `W` (nearest working day) and `#` (nth) exist. As in crontab, where both day fields are restricted, a day fits
when *either* does. Source of the rules: `saffron`, the parser that Cloudflare published, and the page "Cron Triggers".

Pure: no clock; the moment is given. The manifest refuses what `parse` refuses; the local Cloudflare fires by `matches`.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Protocol

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_DAYS_IN_WEEK, _MOST_WEEKS = 7, 5
_SATURDAY, _SUNDAY = 5, 6  # as datetime.date.weekday() counts
_LONGEST = {month: calendar.monthrange(2024, month)[1] for month in range(1, 13)}  # days, in a leap year

_FIRST_DAY, _SPAN_DAYS = date(2024, 1, 1), 8 * 365 + 2


_FIELDS = "minute, hour, day of month, month, day of week"


@dataclass(frozen=True, kw_only=True)
class _Field:
    """What one of the five fields may hold; `label` is how messages call it."""

    label: str
    low: int
    high: int
    names: dict[str, int]
    special: str = ""


_MINUTE = _Field(label="minute", low=0, high=59, names={})
_HOUR = _Field(label="hour", low=0, high=23, names={})
_DAY = _Field(label="day of month", low=1, high=31, names={}, special=", L, LW, L-3, 15W")
_MONTH = _Field(label="month", low=1, high=12, names=_MONTHS)
_WEEKDAY = _Field(label="day of week", low=1, high=7, names=_WEEKDAYS, special=", 6L, 2#1")


def number_of(word: str) -> int:
    """The number that a month's or a weekday's name stands for, or that it is."""
    upper = word.upper()
    return {**_MONTHS, **_WEEKDAYS}.get(upper) or int(word)


class _DayRule(Protocol):
    """What a day field says; the other fields are plain sets of numbers."""

    def fits(self, day: date) -> bool: ...


@dataclass(frozen=True)
class _MonthDays:
    days: frozenset[int]

    @property
    def first(self) -> int:
        return min(self.days)

    def fits(self, day: date) -> bool:
        return day.day in self.days


@dataclass(frozen=True)
class _LastDay:
    """`L`, `L-3`: so many days before the last of the month; `LW`, `L-3W`: the working day nearest to that."""

    before: int
    working: bool

    @property
    def first(self) -> int:
        return self.before + 1

    def fits(self, day: date) -> bool:
        wanted = _days_in_month(day) - self.before
        return day.day == (_nearest_working_day(day, wanted) if self.working else wanted)


@dataclass(frozen=True)
class _NearestWorkingDay:
    """`15W`: the working day of the month nearest to that day."""

    first: int

    def fits(self, day: date) -> bool:
        return day.day == _nearest_working_day(day, self.first)


@dataclass(frozen=True)
class _Weekdays:
    weekdays: frozenset[int]

    def fits(self, day: date) -> bool:
        return _weekday(day) in self.weekdays


@dataclass(frozen=True)
class _NthWeekday:
    """`2#1`: the first Monday of the month; `6L`: the last Friday (`nth` is None)."""

    weekday: int
    nth: int | None

    def fits(self, day: date) -> bool:
        if _weekday(day) != self.weekday:
            return False
        if self.nth is None:
            return day.day + _DAYS_IN_WEEK > _days_in_month(day)
        return (day.day - 1) // _DAYS_IN_WEEK + 1 == self.nth


@dataclass(frozen=True, kw_only=True)
class Cron:
    """A parsed expression. A day field is None where it was `*`."""

    expression: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: _MonthDays | _LastDay | _NearestWorkingDay | None
    months: frozenset[int]
    weekdays: _Weekdays | _NthWeekday | None

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of `moment` (an aware one is turned to UTC, a naive one is taken as UTC)."""
        utc = moment.astimezone(UTC) if moment.tzinfo else moment
        return (
            utc.minute in self.minutes
            and utc.hour in self.hours
            and utc.month in self.months
            and self._fits_day(utc.date())
        )

    @property
    def ever_fires(self) -> bool:
        """Whether any moment matches: `0 0 31 2 *` (31 February) is well-formed and never fires."""
        if self.days is None or self.weekdays is not None:
            return True
        return self.days.first <= max(_LONGEST[month] for month in self.months)

    @property
    def longest_pause(self) -> timedelta:
        """The longest time between one run and the next. Rare days are looked for in eight years from 2024 on, which
        hold two leap years; an expression with fewer than two runs in them pauses for as long."""
        times = sorted(timedelta(hours=hour, minutes=minute) for hour in self.hours for minute in self.minutes)
        within = max((later - earlier for earlier, later in pairwise(times)), default=timedelta())
        return max(within, self._longest_pause_of_days - times[-1] + times[0])

    @property
    def _longest_pause_of_days(self) -> timedelta:
        if self.days is None and self.weekdays is None and len(self.months) == len(_LONGEST):
            return timedelta(days=1)  # by far the most common, and known without a calendar
        span = (_FIRST_DAY + timedelta(days=offset) for offset in range(_SPAN_DAYS))
        days = [day for day in span if day.month in self.months and self._fits_day(day)]
        return max((later - earlier for earlier, later in pairwise(days)), default=timedelta(days=_SPAN_DAYS))

    def _fits_day(self, day: date) -> bool:
        rules: list[_DayRule] = [rule for rule in (self.days, self.weekdays) if rule is not None]
        return not rules or any(rule.fits(day) for rule in rules)


def parse(expression: str) -> Cron:
    """Parse five fields separated by spaces. Raises ValueError saying which field is wrong and what it may hold."""
    fields = re.split("[ \t]+", expression)
    if not expression.strip():
        raise ValueError(f"is empty, and must have five fields: {_FIELDS}")
    if expression.strip() != expression:
        raise ValueError("must not begin or end with a space or line break")
    if len(fields) != 5:
        raise ValueError(f"has {len(fields)} field{'s'[len(fields) == 1 :]}, and must have five: {_FIELDS}")
    minute, hour, day, month, weekday = fields
    return Cron(
        expression=expression,
        minutes=_values(minute, _MINUTE),
        hours=_values(hour, _HOUR),
        days=_days(day),
        months=_values(month, _MONTH),
        weekdays=_weekdays(weekday),
    )


def _days(text: str) -> _MonthDays | _LastDay | _NearestWorkingDay | None:
    if text == "*":
        return None
    if last := re.fullmatch(r"L(?:-(\d{1,2}))?(W?)", text):
        before = int(last[1] or 0)
        if last[1] and not 1 <= before <= 30:
            raise ValueError(f"day of month `{text}`: what is taken from L must be 1 to 30")
        return _LastDay(before=before, working=bool(last[2]))
    if near := re.fullmatch(r"(\d+)W", text):
        return _NearestWorkingDay(_value(near[1], text, _DAY))
    return _MonthDays(_values(text, _DAY))


def _weekdays(text: str) -> _Weekdays | _NthWeekday | None:
    if text == "*":
        return None
    if text == "L":  # the last day of the week
        return _Weekdays(frozenset({_WEEKDAYS["SAT"]}))
    if last := re.fullmatch(r"(\d+|[A-Za-z]{3})L", text):
        return _NthWeekday(weekday=_value(last[1], text, _WEEKDAY), nth=None)
    if nth := re.fullmatch(r"([^#]+)#(\d+)", text):
        number = int(nth[2]) if len(nth[2]) == 1 else 0
        if not 1 <= number <= _MOST_WEEKS:
            raise ValueError(f"day of week `{text}`: the number after # must be 1 to 5")
        return _NthWeekday(weekday=_value(nth[1], text, _WEEKDAY), nth=number)
    return _Weekdays(_values(text, _WEEKDAY))


def _values(text: str, field: _Field) -> frozenset[int]:
    """The set that `*`, a list, ranges and steps stand for."""
    if text == "*":
        return frozenset(range(field.low, field.high + 1))
    return frozenset(value for part in text.split(",") for value in _part(part, text, field))


def _part(part: str, text: str, field: _Field) -> list[int]:
    span, slash, step_text = part.partition("/")
    step = _step(step_text, text, field) if slash else 1
    if span == "*" and slash:
        first, last = field.low, field.high
    elif "-" in span:
        first_text, _, last_text = span.partition("-")
        first, last = _value(first_text, text, field), _value(last_text, text, field)
    else:
        first = _value(span, text, field)
        last = field.high if slash else first
    if first <= last:
        return list(range(first, last + 1, step))
    return [*range(first, field.high + 1), *range(field.low, last + 1)][::step]  # `22-2` wraps around


def _step(step: str, text: str, field: _Field) -> int:
    most = field.high - field.low
    if not (re.fullmatch(r"\d{1,2}", step) and step.isascii() and 1 <= int(step) <= most):
        raise ValueError(f"{field.label} `{text}`: the step after / must be 1 to {most}")
    return int(step)


def _value(value: str, text: str, field: _Field) -> int:
    if value.upper() in field.names:
        return field.names[value.upper()]
    if re.fullmatch(r"[0-9]{1,3}", value) and field.low <= int(value) <= field.high:
        return int(value)
    names = f" or {next(iter(field.names))}-{list(field.names)[-1]}" if field.names else ""
    note = " (1 is Sunday)" if field is _WEEKDAY else ""
    values = f"{field.low}-{field.high}{names}{note}"
    raise ValueError(f"{field.label} `{text}`: must be {values}, * alone, a list, a range or a step{field.special}")


def _weekday(day: date) -> int:
    """Cloudflare's number of the day: 1 is Sunday."""
    return day.isoweekday() % _DAYS_IN_WEEK + 1


def _days_in_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_working_day(month: date, wanted: int) -> int | None:
    """The Monday to Friday nearest to day `wanted`, never in another month; None where the month has no such day."""
    last = _days_in_month(month)
    if not 1 <= wanted <= last:
        return None
    weekday = month.replace(day=wanted).weekday()
    if weekday == _SATURDAY:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == _SUNDAY:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted
