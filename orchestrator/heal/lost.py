"""What is known of lost data: since when, from Pulumi's state and the router's journal, and the ways out.

Touches the network where ORCHESTRATOR_URL and ORCHESTRATOR_TOKEN name the routing Worker; what it does not answer is
left out, since a lost database may well be why it does not.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from orchestrator.drift.findings import Finding
from orchestrator.errors import LostData, OrchestratorError
from orchestrator.kinds import kind_of_type, read_urn
from orchestrator.router_client.journal import Journal

_TIMEOUT_S = 10
_ENTRIES = 500  # of the journal about infrastructure, the newest


@dataclass(frozen=True, kw_only=True)
class Lost:
    """One namespace, bucket or database that is gone. Times by ISO 8601, None where they are not known.

    `made`: when the stack made it or took it over. `touched`: when the stack last changed what it knows of it, at which
    time it was there. `missing_since`: when a scheduled check of the router first missed it. `instead`:
    whether somebody has made another one of that name.
    """

    finding: Finding
    id: str
    made: str | None
    touched: str | None
    missing_since: str | None
    instead: bool

    def as_json(self) -> dict[str, Any]:
        return {
            **self.finding.as_json(),
            "id": self.id,
            "made": self.made,
            "touched": self.touched,
            "missingSince": self.missing_since,
            "instead": self.instead,
        }


def describe(findings: Iterable[Finding], exported: Mapping[str, Any], missed: Mapping[str, str]) -> tuple[Lost, ...]:
    """What is known of each; `exported`: the stack's state, `missed`: as `read_first_missed` gives it."""
    known = {
        (kind_of_type(each["type"]), read_urn(each["urn"]).name): each
        for each in exported["deployment"]["resources"]
        if not each.get("delete")
    }
    lost = []
    for finding in findings:
        resource = known[finding.kind, finding.key]
        lost.append(
            Lost(
                finding=finding,
                id=resource["id"],
                made=resource.get("created"),
                touched=resource.get("modified"),
                missing_since=missed.get(f"{finding.kind} {finding.key}"),
                instead=finding.change != "missing",
            )
        )
    return tuple(lost)


def read_first_missed(
    environment: Mapping[str, str] = os.environ, transport: httpx.BaseTransport | None = None
) -> dict[str, str]:
    """Since when the router's scheduled checks miss what they miss: times by `<kind> <name in the file>`.

    Empty where the router is not named in the environment, or does not answer.
    """
    url, token = environment.get("ORCHESTRATOR_URL"), environment.get("ORCHESTRATOR_TOKEN")
    if not url or not token:
        return {}
    try:
        with Journal(url, token, transport=transport, timeout=_TIMEOUT_S) as journal:
            entries = list(journal.entries({"kind": "infra"}, _ENTRIES))
    except (OrchestratorError, KeyError):
        return {}
    latest: dict[str, tuple[str, str]] = {}
    for entry in reversed(entries):  # the newest comes first
        latest[entry["detail"] or ""] = entry["outcome"], entry["at"]
    return {name: at for name, (outcome, at) in latest.items() if outcome == "missing"}


def lost_data(lost: tuple[Lost, ...], stack: str) -> LostData:
    """The error that says what is lost, since when, and the two ways out."""
    lines = [f"data of the stack {stack} is lost: it is gone from the account, and nothing was recreated:"]
    lines += [f"  {each.finding.kind.word} {each.finding.name} ({each.id}): {_history(each)}" for each in lost]
    gone = [each for each in lost if not each.instead]
    again = " ".join(f"--recreate {shlex.quote(each.finding.key)}" for each in gone)
    ways = [
        "restore it if you can; until you decide, nothing that depends on it is changed",
        *([f"start again with an empty one: python -m orchestrator heal -s {stack} {again}"] if gone else []),
        f"adopt one that somebody made with the same name: python -m orchestrator adopt -s {stack}",
    ]
    return LostData("\n".join(lines), "\n  ".join(ways))


def _history(lost: Lost) -> str:
    known = [
        f"made {lost.made}" if lost.made else "",
        f"there at {lost.touched}" if lost.touched and lost.touched != lost.made else "",
        f"missed since {lost.missing_since}" if lost.missing_since else "",
        "another one of that name is there" if lost.instead else "",
    ]
    return ", ".join(filter(None, known)) or "unknown since when"
