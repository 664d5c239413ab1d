"""From a group of failures to its cause and the exact command that helps: by the table that the admin page has too.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.groups import RULES, FailureGroup
from orchestrator.analysis.logs import LogGroup

_OF_AUTOPILOT = " --autopilot {autopilot}"


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
        by_status = rejected["withoutAutopilot" if group.autopilot is None else "byStatus"]
        advice = by_status.get(status, by_status["otherwise"])
    else:
        advice = RULES["byOutcome"].get(group.outcome, RULES["otherwise"])
        advice = advice.get("byStatus", {}).get(str(group.status), advice)
    template = advice["command"] if group.autopilot else advice["command"].replace(_OF_AUTOPILOT, "")
    return Advice(cause=advice["cause"], command=template.format(autopilot=group.autopilot, outcome=group.outcome))
