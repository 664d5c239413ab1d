"""Log lines in groups of the same kind, beside those of the journal. Deterministic, as those are.

Lines are of one group where Worker, level and text agree, without what names one case, and where they are of the same
group of the journal's failures: a line that belongs to a failed task is told with that failure, not as a cause of its
own. A log may hold anything, so more is taken out than of a journal's detail. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.analysis.groups import VARYING, FailureGroup, describe, group_id, key_of, middle_of, without
from orchestrator.analysis.log_lines import LogLine

_MOST = 300  # characters of a line that are told
_NAMING = r"(?i)\b([\w-]*(?:token|secret|password|passwd|api[_-]?key|authorization)[\"']?\s*[=:]\s*[\"']?)"
_LONG = r"(?=[A-Za-z_+=-]*\d)(?=[\d_+=-]*[A-Za-z])(?<![\w<])[\w+=-]{20,}"
_NAME = re.compile(r"[A-Za-z_$][\w$.-]*|<[\w-]+>")
# After ids and before numbers: what follows words that name a secret, tokens, and quoted text that is no single name.
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), r"\1 <secret>"),
    (re.compile(_NAMING + r"(?!<)[^\s\"',;}]+"), r"\1<secret>"),
    (re.compile(_LONG, re.ASCII), "<secret>"),
    (
        re.compile(r"\"[^\"]+\"|“[^”]+”|`[^`]+`"),
        lambda found: found[0] if _NAME.fullmatch(found[0][1:-1]) else '"<text>"',
    ),
)
_LOGGED = (*VARYING[:-1], *_SECRETS, VARYING[-1])


@dataclass(frozen=True, kw_only=True)
class LogGroup(FailureGroup):
    """Lines of one kind: `kind` is log, `outcome` exception, error or warn, `detail` the text. `part_of`: the id of
    the journal's group whose tasks they were written in; `samples`: request ids, or Cloudflare's own of the run."""

    worker: str
    part_of: str | None


def one_line(text: str) -> str:
    """`text` on one line, without what a terminal would not print."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def redacted(text: str) -> str:
    """A log's text on one line, without what names one case, and without what looks like a secret."""
    told = without(one_line(text), _LOGGED)
    return told if len(told) <= _MOST else f"{told[:_MOST]}…"


def group_logs(
    lines: Iterable[LogLine],
    entries: Sequence[Mapping[str, Any]],
    failures: Sequence[FailureGroup],
    owners: Mapping[str, str],
) -> list[LogGroup]:
    """The lines in groups, the most frequent first. `failures`: the groups of `entries`; `owners`: each Worker's
    autopilot."""
    known = {entry["requestId"] for entry in entries}
    ids = {each.id for each in failures}
    failed = {entry["requestId"]: found for entry in entries if (found := group_id(key_of(entry))) in ids}
    by_key: dict[tuple[Any, ...], list[LogLine]] = defaultdict(list)
    in_time = sorted(lines, key=lambda line: (line.at, line.run))
    for line in in_time:
        part_of = next((failed[each] for each in line.request_ids if each in failed), None)
        by_key["log", line.worker, line.level, redacted(line.text), part_of].append(line)
    middle = middle_of([*(entry["at"] for entry in entries), *(line.at for line in in_time)])
    in_order = sorted(by_key.items(), key=lambda item: (-len(item[1]), [str(part) for part in item[0]]))
    return [_group(key, each, middle, known, owners) for key, each in in_order]


def _group(
    key: tuple[Any, ...], lines: list[LogLine], middle: float, known: set[str], owners: Mapping[str, str]
) -> LogGroup:
    _, worker, level, detail, part_of = key
    moments = [(line.at, next((each for each in line.request_ids if each in known), line.run)) for line in lines]
    why = f"the same Worker {worker}, level {level}, and a text like “{detail}”"
    return LogGroup(
        id=group_id(key),
        kind="log",
        autopilot=owners.get(worker),
        capability=None,
        outcome=level,
        status=None,
        detail=detail,
        worker=worker,
        part_of=part_of,
        why=why + (", in tasks of one group of failures" if part_of else ""),
        **describe(moments, middle),
    )
