"""Faults as data: which call, which time, what happens.

Pure: rules are given calls one by one and say what is to happen; `app` makes it happen. What a rule may say is in
docs/local-cloudflare.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local_cloudflare.api.camel_case import to_fields, to_json

EFFECTS = {
    "status": "answer with `status` and, if given, Retry-After: `retryAfter` seconds",
    "reset": "cut the connection without an answer",
    "delay": "wait `seconds`, then do as asked",
    "stale": "answer a GET as of before the last write",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A rule. `path` is a pattern of the path below /client/v4, where `*` stands for anything, slashes too.

    It strikes the `nth` call that fits, or each `every`-th, or all; at most `times` times. `when` is "before" the call
    has its effect or "after" it.
    """

    effect: str
    method: str = "*"
    path: str = "*"
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    when: str = "before"
    status: int = 500
    retry_after: int | None = None
    seconds: float = 0.0

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and fnmatchcase(path, self.path)


def parse(rules: Any) -> tuple[Fault, ...]:
    """Rules from JSON: a list of objects with the fields of Fault, in camelCase. Raises ValueError that names the
    wrong one, and why."""
    if not isinstance(rules, list):
        raise ValueError("faults: must be a list of objects")
    return tuple(_fault(number, rule) for number, rule in enumerate(rules))


def _fault(number: int, rule: Any) -> Fault:
    try:
        fault = Fault(**to_fields(rule))
    except (AttributeError, TypeError) as error:
        raise ValueError(f"faults[{number}]: {error}") from None
    problem = _problem(fault)
    if problem:
        raise ValueError(f"faults[{number}]: {problem}")
    return fault


def _problem(fault: Fault) -> str:
    for name in ("nth", "every", "times"):
        value = getattr(fault, name)
        if value is not None and not (isinstance(value, int) and value >= 1):
            return f"{name}: must be a whole number from 1"
    if fault.effect not in EFFECTS:
        return f"effect: must be one of {', '.join(EFFECTS)}"
    if fault.nth is not None and fault.every is not None:
        return "nth, every: only one of them"
    if fault.when not in ("before", "after"):
        return "when: must be before or after"
    if not (isinstance(fault.status, int) and 400 <= fault.status <= 599):
        return "status: must be 400 to 599"
    if not (isinstance(fault.seconds, int | float) and 0 <= fault.seconds <= 600):
        return "seconds: must be 0 to 600"
    return ""


class Faults:
    """The rules that are in force, and how often each was fitted and struck."""

    def __init__(self) -> None:
        self._rules: list[_Counted] = []

    def set(self, rules: Sequence[Fault]) -> None:
        """Replace all rules; counting begins anew."""
        self._rules = [_Counted(rule) for rule in rules]

    @property
    def want_previous(self) -> bool:
        """Whether a rule needs the state as of before the last write."""
        return any(counted.rule.effect == "stale" for counted in self._rules)

    def strike(self, method: str, path: str) -> Fault | None:
        """Count a call; the first rule that strikes it, if any."""
        struck = [counted for counted in self._rules if counted.rule.fits(method, path) and counted.is_due()]
        if not struck:
            return None
        struck[0].struck += 1
        return struck[0].rule

    def report(self) -> list[dict[str, Any]]:
        return [{**to_json(counted.rule), "seen": counted.seen, "struck": counted.struck} for counted in self._rules]


class _Counted:
    def __init__(self, rule: Fault) -> None:
        self.rule = rule
        self.seen = 0
        self.struck = 0

    def is_due(self) -> bool:
        """Count a call that fits; whether this is the one to strike."""
        self.seen += 1
        rule = self.rule
        if rule.times is not None and self.struck >= rule.times:
            return False
        if rule.nth is not None:
            return self.seen == rule.nth
        return rule.every is None or self.seen % rule.every == 0
