"""From a group of failures to its cause and the exact command that helps: by the table that the admin page has too.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.analysis.groups import RULES, FailureGroup


@dataclass(frozen=True, kw_only=True)
class Advice:
    """`command` may have been filled in with the group's own names."""

    cause: str
    command: str


def advice_for(group: FailureGroup) -> Advice:
    """The cause as far as the journal tells it, and what to run next."""
    if group.outcome == "rejected":
        rejected = RULES["rejected"]
        status = str(group.status)
        advice = rejected["byStatus"].get(status, rejected["otherwise"])
        if group.autopilot is None:
            advice = rejected["withoutAutopilot"].get(status, advice)
    else:
        advice = RULES["byOutcome"].get(group.outcome, RULES["otherwise"])
    command = advice["command"].format(autopilot=group.autopilot or "NAME", outcome=group.outcome)
    return Advice(cause=advice["cause"], command=command)
