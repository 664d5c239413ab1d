"""What is right, what is not, and what could not be found out: the findings of `doctor` and `diagnose`, and how they
look.

Three states, since a check that could not be made is neither good nor bad news. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

CheckState = Literal["ok", "problem", "unknown"]
COLUMNS = ("CHECK", "STATE", "DETAIL")


@dataclass(frozen=True, kw_only=True)
class Check:
    """`name` is stable, for scripts; `detail` says what was found, `fix` what to do where something is to be done."""

    name: str
    state: CheckState
    detail: str
    fix: str = ""


def exit_code(checks: Sequence[Check]) -> int:
    """2 where the user can put something right, 1 where something could not be checked, 0 where all is well."""
    states = {check.state for check in checks}
    return 2 if "problem" in states else 1 if "unknown" in states else 0


def outcome(checks: Sequence[Check]) -> CheckState:
    """The worst of the states."""
    return ("ok", "unknown", "problem")[exit_code(checks)]


def rows(checks: Sequence[Check]) -> list[list[str]]:
    """A row per check, for COLUMNS."""
    return [[check.name, check.state, check.detail] for check in checks]


def fixes(checks: Sequence[Check]) -> list[str]:
    """A line for each thing to do, the same one only once."""
    return list(dict.fromkeys(f"{check.name}: {check.fix}" for check in checks if check.fix))


def to_objects(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """As in JSON: `{name, state, detail, fix}`."""
    return [asdict(check) for check in checks]
