"""The conditions and times of `alerts:`, as people write them.

A condition is `health.down`, `drift`, or a figure above a bound: `errorRate > 20%`, `p95 > 5s`, `unknown > 0`,
`queue.age > 10m`, `quota > 80%`. docs/guide/alerts.md says what each counts. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CHANNEL_PATTERN = r"^(slack|discord|webhook)(-[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?)?$"
CHANNEL_RULE = "`slack`, `discord` or `webhook`, and where there are several of one kind a name behind: `slack-oncall`"
CONDITION_RULE = (
    "`health.down`, `drift`, `errorRate > 20%`, `p95 > 5s`, `unknown > 0`, `queue.age > 10m` or `quota > 80%`"
)
DURATION_RULE = "a number of seconds, minutes, hours or days, such as `90s`, `15m`, `2h`; at most 7 days"
DURATION_PATTERN = r"^[0-9]{1,6}(s|m|h|d)$"
_FIGURES = {
    "errorRate": r"(?:100|[0-9]{1,2})%",
    "quota": r"(?:100|[0-9]{1,2})%",
    "p95": r"[0-9]{1,6}(?:ms|s|m)",
    "queue.age": r"[0-9]{1,6}(?:s|m|h|d)",
    "unknown": r"[0-9]{1,6}",
}
_BOUNDS = "|".join(f"{re.escape(name)} *> *{bound}" for name, bound in _FIGURES.items())
CONDITION_PATTERN = rf"^(health\.down|drift|{_BOUNDS})$".replace("?:", "")
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "%": 1, "": 1}
_LONGEST_MS = 7 * _UNITS["d"]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`above`: the bound, in per cent, milliseconds or a count; 0 for what is or is not so."""

    metric: str
    above: int


def parse_condition(text: str) -> Condition:
    """Raises ValueError for what is none."""
    if not re.fullmatch(CONDITION_PATTERN.removesuffix("$"), text):
        raise ValueError(text)
    metric, _, bound = (part.strip() for part in text.partition(">"))
    number = bound.rstrip("%mshd")
    return Condition(metric=metric, above=int(number or 0) * _UNITS[bound.removeprefix(number)])


def parse_duration(text: str) -> int:
    """Milliseconds. Raises ValueError for what is no time, or a longer one than a week."""
    found = re.fullmatch(r"([0-9]{1,6})(s|m|h|d)", text)
    milliseconds = int(found[1]) * _UNITS[found[2]] if found else _LONGEST_MS + 1
    if milliseconds > _LONGEST_MS:
        raise ValueError(text)
    return milliseconds
