"""The journal's failures in groups: deterministic, so that the same entries always give the same groups.

Entries are of one group where kind, autopilot, capability, outcome, status and detail agree; in a detail, whatever
names one case (ids, numbers, times, addresses) counts as the same. VERSION says which way of grouping that is: groups
of different versions are not compared. The admin page groups likewise: admin/src/failures.ts is its twin.

Pure; `failures.json` beside it is read once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

RULES: Mapping[str, Any] = json.loads((Path(__file__).parent / "failures.json").read_text(encoding="utf-8"))
"""Which outcomes are failures, and cause and command of each: what both twins go by."""
VERSION: int = RULES["version"]
_FAILED = frozenset(RULES["failed"])
_SHORTEST = 3_600  # seconds
_SAMPLES = 3
# In this order: a time has numbers in it, and an id may look like one. Spaces and letters are those of ASCII.
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)", re.ASCII), "<time>"),
    (re.compile(r"https?://[^\s\"'<>]+", re.ASCII), "<address>"),
    (re.compile(r"[^\s@<>]+@[^\s@<>]+\.\w+", re.ASCII), "<e-mail>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{12,}\b", re.ASCII), "<id>"),
    (re.compile(r"\d+"), "<n>"),
)
Replacement = str | Callable[[re.Match[str]], str]
Trend = Literal["new", "rising", "steady", "falling", "over"]


@dataclass(frozen=True, kw_only=True)
class FailureGroup:
    """Failures of one kind. Times are RFC 3339; `samples` are request ids, the newest first; `why` says what the
    entries have in common."""

    id: str
    kind: str
    autopilot: str | None
    capability: str | None
    outcome: str
    status: int | None
    detail: str | None
    count: int
    first_seen: str
    last_seen: str
    trend: Trend
    samples: tuple[str, ...]
    why: str


def is_failure(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of the journal tells of something that did not work, or of which nobody knows."""
    return entry["outcome"] in _FAILED


def normalised(text: str | None) -> str | None:
    """A detail without what names one case."""
    return without(text, VARYING) if text else text


def without(text: str, patterns: Iterable[tuple[re.Pattern[str], Replacement]]) -> str:
    """`text` with what each pattern finds replaced, one after the other."""
    for pattern, name in patterns:
        text = pattern.sub(name, text)
    return text


def group(entries: Iterable[Mapping[str, Any]]) -> list[FailureGroup]:
    """The failures among `entries`, in groups: the most frequent first."""
    by_key: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    times = []
    for entry in entries:
        times.append(entry["at"])
        if is_failure(entry):
            by_key[key_of(entry)].append(entry)
    middle = middle_of(times)
    in_order = sorted(by_key.items(), key=lambda item: (-len(item[1]), _text(item[0])))
    return [_group(key, found, middle) for key, found in in_order]


def key_of(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the entries of one group have in common."""
    names = ("kind", "autopilot", "capability", "outcome", "status")
    return (*(entry[name] for name in names), normalised(entry["detail"]))


def group_id(key: tuple[Any, ...]) -> str:
    """The id of the group with that in common."""
    return hashlib.sha256(_text((VERSION, *key)).encode()).hexdigest()[:12]


def _text(key: tuple[Any, ...]) -> str:
    return json.dumps(key, ensure_ascii=False, separators=(",", ":"))


def _group(key: tuple[Any, ...], entries: list[Mapping[str, Any]], middle: float) -> FailureGroup:
    kind, autopilot, capability, outcome, status, detail = key
    same = {"kind": kind, "autopilot": autopilot, "capability": capability, "outcome": outcome, "status": status}
    told = ", ".join(f"{name} {value}" for name, value in same.items() if value is not None)
    return FailureGroup(
        id=group_id(key),
        kind=kind,
        autopilot=autopilot,
        capability=capability,
        outcome=outcome,
        status=status,
        detail=detail,
        why=f"the same {told}" + (f", and a detail like “{detail}”" if detail else ""),
        **describe([(entry["at"], entry["requestId"]) for entry in entries], middle),
    )


def describe(moments: Sequence[tuple[str, str]], middle: float) -> dict[str, Any]:
    """Count, first and last time, trend and samples of a group, by the time and request id of each case."""
    newest_first = sorted(moments, key=lambda moment: moment[0], reverse=True)
    return {
        "count": len(moments),
        "first_seen": newest_first[-1][0],
        "last_seen": newest_first[0][0],
        "trend": _trend([_seconds(at) for at, _ in moments], middle),
        "samples": tuple(request for _, request in newest_first[:_SAMPLES]),
    }


def _trend(times: list[float], middle: float) -> Trend:
    """How the second half of the time that was looked at compares with the first."""
    later = sum(time >= middle for time in times)
    earlier = len(times) - later
    if earlier == 0:
        return "new"
    if later == 0:
        return "over"
    if later >= 2 * earlier:
        return "rising"
    return "falling" if earlier >= 2 * later else "steady"


def middle_of(times: Sequence[str]) -> float:
    """From when on a failure is of the second half; of less than an hour there are no halves: all of it is new."""
    if not times:
        return 0
    first, last = _seconds(min(times)), _seconds(max(times))
    return first if last - first < _SHORTEST else (first + last) / 2


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
