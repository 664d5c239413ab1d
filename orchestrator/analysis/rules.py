"""From a group of failures to its cause and the exact command that helps: by the table that the admin page has too.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.groups import RULES, FailureGroup
from orchestrator.analysis.logs import LogGroup


@dataclass(frozen=True, kw_only=True)
class Advice:
    """`command` may have been filled in with the group's own names."""

    cause: str
    command: str


def advice_for(group: FailureGroup, *, is_local: bool = False) -> Advice:
    """The cause as far as the journal and the logs tell it, and what to run next; `is_local`: of the stack `local`."""
    if isinstance(group, LogGroup):
        logged = RULES["log"]
        command = logged["command"]["local" if is_local else "account"].format(worker=group.worker)
        return Advice(cause=logged["byLevel"][group.outcome], command=command)
    if group.outcome == "rejected":
        rejected = RULES["rejected"]
        status = str(group.status)
        advice = rejected["byStatus"].get(status, rejected["otherwise"])
        if group.autopilot is None:
            advice = rejected["withoutAutopilot"].get(status, advice)
    else:
        advice = RULES["byOutcome"].get(group.outcome, RULES["otherwise"])
        advice = advice.get("byStatus", {}).get(str(group.status), advice)
    command = advice["command"].format(autopilot=group.autopilot or "NAME", outcome=group.outcome)
    return Advice(cause=advice["cause"], command=command)
