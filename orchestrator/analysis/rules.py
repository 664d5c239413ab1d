"""From a group of failures to its cause and the exact command that helps. The first rule that fits is told.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.analysis.groups import FailureGroup


@dataclass(frozen=True, kw_only=True)
class Advice:
    """`command` may have been filled in with the group's own names."""

    cause: str
    command: str


_MISSING = "Something that the autopilot needs is not in the account."
_BY_OUTCOME: Mapping[str, Advice] = {
    "unknown": Advice(
        cause="The autopilot did not say how it ended: a timeout, a 5xx, or a connection that was lost.",
        command="python -m orchestrator runs --status unknown",
    ),
    "partly": Advice(
        cause="A part of the task was done, and another was not.",
        command="python -m orchestrator journal --outcome partly --autopilot {autopilot}",
    ),
    "not-sent": Advice(
        cause="The autopilot could not be reached, so nothing was sent.",
        command="python -m orchestrator diagnose",
    ),
    "not-ready": Advice(cause=_MISSING, command="python -m orchestrator heal --dry-run"),
    "missing": Advice(cause=_MISSING, command="python -m orchestrator heal --dry-run"),
    "nobody": Advice(
        cause="No autopilot has the capability that was asked for.", command="python -m orchestrator show"
    ),
    "loop": Advice(
        cause="An autopilot sent the task back to the orchestrator.",
        command="python -m orchestrator journal --outcome loop",
    ),
    "fault": Advice(cause="The router itself failed; its log says why.", command="make logs"),
    "not-configured": Advice(
        cause="A secret or binding of the router is absent.", command="python -m orchestrator doctor"
    ),
    "fail": Advice(cause="The autopilot's health check fails.", command="python -m orchestrator diagnose"),
    "failed": Advice(cause="A heal was asked for and could not be started.", command="python -m orchestrator doctor"),
    "dead": Advice(
        cause="It was tried as often as it may be, and never worked.", command="python -m orchestrator runs"
    ),
}
_BY_STATUS: Mapping[int, Advice] = {
    401: Advice(
        cause="The autopilot does not accept the signature: it has another secret than the stack.",
        command="python -m orchestrator secret {autopilot}",
    ),
    404: Advice(
        cause="The autopilot knows no such thing: what was asked for, or its own address.",
        command="python -m orchestrator diagnose",
    ),
    422: Advice(
        cause="The autopilot refused the task's meta.",
        command="python -m orchestrator journal --outcome rejected --autopilot {autopilot}",
    ),
    429: Advice(
        cause="The autopilot, or who is behind it, is asked too often.",
        command="python -m orchestrator journal --stats --since 24h",
    ),
    503: Advice(
        cause="The autopilot is not configured: a secret that it needs has no value.",
        command="python -m orchestrator doctor",
    ),
}
_REJECTED = Advice(
    cause="The autopilot refused the task; certainly nothing was done.",
    command="python -m orchestrator journal --outcome rejected --autopilot {autopilot}",
)
_OTHERWISE = Advice(
    cause="The request was wrong before it reached an autopilot.",
    command="python -m orchestrator journal --outcome {outcome}",
)


def advice_for(group: FailureGroup) -> Advice:
    """The cause as far as the journal tells it, and what to run next."""
    if group.outcome == "rejected":
        advice = _BY_STATUS.get(group.status or 0, _REJECTED)
    else:
        advice = _BY_OUTCOME.get(group.outcome, _OTHERWISE)
    return Advice(
        cause=advice.cause,
        command=advice.command.format(autopilot=group.autopilot or "NAME", outcome=group.outcome),
    )
