"""What is used of the limits, in words: the table, what to do about each that is near or over, and JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orchestrator.errors import LimitError
from orchestrator.limits.plans import CRONS, Limit, Plan
from orchestrator.limits.use import NEAR, Share, Use

COLUMNS = ("LIMIT", "PER", "USED", "OF", "SHARE", "NOTE")
_NAMED = 8  # of a list of names, so that a message stays readable


def rows(uses: Sequence[Use]) -> list[list[str]]:
    """A row per limit, for COLUMNS."""
    return [
        [use.limit.label, use.limit.scope, _used(use), _most(use), _share(use), "; ".join(_notes(use))] for use in uses
    ]


def warnings(uses: Sequence[Use]) -> list[str]:
    """A sentence for each limit that is near, or over where Cloudflare does not refuse that."""
    return [_sentence(use) for use in uses if use.state in ("near", "over") and not use.is_refused]


def refusal(uses: Sequence[Use], *, paid_command: str) -> LimitError | None:
    """The error where anything is more than Cloudflare takes, None where nothing is.

    `paid_command` is how one says that the account has the paid plan; it is named where that helps.
    """
    refused = [use for use in uses if use.is_refused]
    if not refused:
        return None
    lines = [f"Cloudflare's {refused[0].plan} plan does not take this:", *(_sentence(use) for use in refused)]
    relieved = [use for use in refused if not Use(limit=use.limit, plan="paid", parts=use.parts).is_refused]
    hint = f"if the account has the paid plan: {paid_command}" if relieved else ""
    return LimitError("\n  - ".join(lines), hint)


def as_json(uses: Sequence[Use], *, plan: Plan, account_read: bool) -> dict[str, Any]:
    """The keys are part of the command's contract; numbers of sizes are bytes."""
    return {
        "plan": plan,
        "account": account_read,
        "limits": [
            {
                "name": use.limit.name,
                "scope": use.limit.scope,
                "used": use.used,
                "limit": use.most,
                "state": use.state,
                "hard": use.plan in use.limit.hard,
                "parts": [{"name": part.name, "count": part.count, "declared": part.declared} for part in use.parts]
                if use.parts is not None
                else None,
                "source": use.limit.source,
            }
            for use in uses
        ],
    }


def _sentence(use: Use) -> str:
    who = _who(use)
    amount = f"{_used(use)} of {_most(use)}{f' ({who})' if who else ''}"
    more = "; Cloudflare raises this limit on request" if use.plan == "paid" and use.limit.scope == "account" else ""
    return f"{use.limit.label} per {use.limit.scope}: {amount}: {use.limit.advice}{more}"


def _who(use: Use) -> str:
    """By what it is used: what can be taken out, or is too large."""
    parts = use.parts or ()
    if use.limit.scope == "Worker":
        most = use.most or 0
        return _counted(
            [part for part in parts if (part.count > most if use.state == "over" else part.count >= NEAR * most)],
            use.limit,
        )
    if use.limit.scope != "account":
        return ""
    declared = [part for part in parts if part.declared]
    others = [part for part in parts if not part.declared]
    if use.limit is CRONS:
        texts = [_counted(declared, use.limit), _counted(others, use.limit)]
    else:
        texts = [f"{len(declared):,} declared", _listed(part.name for part in others)]
    return "; not declared: ".join(text for text in texts if text)


def _counted(parts: Sequence[Share], limit: Limit) -> str:
    return _listed(f"{part.name} {_amount(part.count, limit)}" for part in parts)


def _listed(items: Iterable[str]) -> str:
    listed = list(items)
    more = len(listed) - _NAMED
    return ", ".join([*listed[:_NAMED], *([f"{more:,} more"] if more > 0 else [])])


def _notes(use: Use) -> list[str]:
    parts = use.parts or ()
    others = sum(part.count for part in parts if not part.declared)
    return [
        *(["too many" if not use.limit.is_size else "too large"] if use.state == "over" else []),
        *(["near"] if use.state == "near" else []),
        *([f"{others:,} not declared"] if others else []),
        *([parts[0].name] if use.limit.scope == "Worker" and parts else []),
    ]


def _used(use: Use) -> str:
    return "not known" if use.used is None else _amount(use.used, use.limit)


def _most(use: Use) -> str:
    return "any" if use.most is None else _amount(use.most, use.limit)


def _share(use: Use) -> str:
    return "" if use.used is None or not use.most else f"{use.used / use.most:.0%}"


def _amount(count: int, limit: Limit) -> str:
    if not limit.is_size:
        return f"{count:,}"
    if count < 1024:
        return f"{count} B"
    kib = count / 1024
    return f"{kib:.4g} KiB" if kib < 1024 else f"{kib / 1024:.4g} MiB"
