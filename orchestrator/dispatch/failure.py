"""What is told about a task that could not be forwarded: the twin of `router/src/forward/failure.ts`.

Pure. Three things are told apart, because what the caller may do next depends on them: `not-sent` (certain that the
autopilot did not get it), `rejected` (it got it and did not do it) and `unknown` (it may have done it). Nothing of the
exception itself is told: it may name what is internal.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from orchestrator.routing.decision import Decision
from orchestrator.routing.problem import FORWARD_FAILED, Problem

_LOOK_AT_LOGS = "Look at the autopilot's logs under the same request id before you send it again."
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Failure:
    """`why` is the end of a sentence that begins with the autopilot's name; `hint` is what to do.

    `is_passing`: it may be over in a moment, so a second try makes sense where it is safe. `has_answered`: the
    autopilot itself answered, though not as it should, so it is not down. `retry_after`: when to try again, in seconds.
    """

    outcome: Literal["not-sent", "rejected", "unknown"]
    why: str
    hint: str
    timed_out: bool = False
    is_passing: bool = False
    has_answered: bool = False
    retry_after: int | None = None


# Answers of Cloudflare's edge in the autopilot's place: a body `error code: …`.
_EDGE = {
    1016: Failure(
        outcome="not-sent",
        why="has an endpoint whose host name does not resolve (Cloudflare error 1016)",
        hint="Check the host of `endpoint` in autopilots.yaml.",
    ),
    1019: Failure(
        outcome="unknown",
        why="leads back to itself (Cloudflare error 1019)",
        hint="Check that the autopilot does not forward to the orchestrator.",
    ),
    1027: Failure(
        outcome="not-sent",
        why="is on an account that has used up its daily requests (Cloudflare error 1027)",
        hint="Wait until 00:00 UTC, or put the account on the paid plan.",
    ),
    1042: Failure(
        outcome="not-sent",
        why="is a Worker of the same account, which cannot be fetched over its workers.dev address "
        "(Cloudflare error 1042)",
        hint="Name its Worker under `worker:` in autopilots.yaml, so that it gets a service binding, "
        "then run `pulumi up`.",
    ),
    521: Failure(
        outcome="not-sent",
        why="refused the connection (Cloudflare error 521)",
        hint="Check that it runs.",
        is_passing=True,
    ),
    523: Failure(
        outcome="not-sent",
        why="could not be reached (Cloudflare error 523)",
        hint="Check its DNS record.",
        is_passing=True,
    ),
    525: Failure(
        outcome="not-sent",
        why="did not complete the TLS handshake (Cloudflare error 525)",
        hint="Check its certificate.",
    ),
    526: Failure(
        outcome="not-sent",
        why="has a TLS certificate that is not valid (Cloudflare error 526)",
        hint="Renew its certificate.",
    ),
}


def edge_failure(status: int, body: bytes) -> Failure | None:
    """The failure that Cloudflare's edge reports by an answer of its own, if this body is one."""
    match = re.fullmatch(rb"error code: ([0-9]{3,4})\s*", body[:64])
    if status < 400 or not match:
        return None
    code = int(match[1])
    return _EDGE.get(code) or Failure(
        outcome="unknown",
        why=f"could not be asked: Cloudflare answered error {code} in its place",
        hint=f"Look up error {code} in Cloudflare's documentation.",
        is_passing=True,
    )


def redirect_failure(status: int) -> Failure:
    """It answered with a redirect; following it could send the task to a host that nobody allowed."""
    return Failure(
        outcome="rejected" if status in (307, 308) else "unknown",
        why=f"answered with a redirect ({status}), which is not followed",
        hint="Register the address that really answers, without a redirect.",
        has_answered=True,
    )


def timeout_failure(timeout_ms: int) -> Failure:
    """It was sent, and no whole answer came in time."""
    return Failure(
        outcome="unknown",
        why=f"did not answer within {timeout_ms / 1000:g} s",
        hint=f"{_LOOK_AT_LOGS} If it needs longer, raise `timeout` of the task in autopilots.yaml.",
        timed_out=True,
    )


def broken_failure() -> Failure:
    """The connection ended before the answer did."""
    return Failure(
        outcome="unknown",
        why="could not be reached, or broke the connection off before it had answered",
        hint=_LOOK_AT_LOGS,
        is_passing=True,
    )


def unreachable_failure(*, timed_out: bool = False) -> Failure:
    """No connection came about, so nothing was sent; a Worker cannot know that, Python can."""
    return Failure(
        outcome="not-sent",
        why="could not be reached: no connection was made",
        hint="Check that it runs, that its host name resolves to a public address, and its certificate.",
        timed_out=timed_out,
        is_passing=True,
    )


def oversize_failure(limit: int) -> Failure:
    """Its answer is longer than `limit` bytes."""
    return Failure(
        outcome="unknown",
        why=f"answered with more than {limit} bytes ({limit // _MIB} MiB)",
        hint="Let it store large results, for example in R2, and answer where they are.",
        has_answered=True,
    )


def odd_status_failure(status: int) -> Failure:
    """It answered with a status that is none of RFC 9110, and that no answer of ours could have."""
    return Failure(
        outcome="unknown",
        why=f"answered with status {status}, which is no final status of HTTP",
        hint=_LOOK_AT_LOGS,
        has_answered=True,
    )


def unaddressed_failure(worker: str | None) -> Failure:
    """Nothing says at which URL its Worker answers."""
    return Failure(
        outcome="not-sent",
        why=f"is the Worker {worker}, whose URL is not known",
        hint="Ask the routing Worker (--url), which is bound to it. Without it only a Worker that has an address is "
        "reached: `public: true` gives it one, which the stack's output `workerUrls` or AUTOPILOT_WORKER_URLS names.",
    )


def endpoint_failure(reason: str) -> Failure:
    """Its endpoint breaks the rules of `orchestrator/urls.py`."""
    return Failure(
        outcome="not-sent", why=f"has an endpoint that is not allowed: {reason}", hint="Correct its `endpoint`."
    )


def paused_failure(wait: float) -> Failure:
    """It failed again and again, so it is left alone for `wait` seconds."""
    retry_after = math.ceil(wait)
    return Failure(
        outcome="not-sent",
        why=f"failed several times in a row, so it is not asked for another {retry_after} s",
        hint="Look at its logs and its /health; the first answer after the pause ends it.",
        retry_after=retry_after,
    )


def forward_problem(decision: Decision, failure: Failure) -> Problem:
    """The problem document's content for a task that was not forwarded as `decision` said."""
    return Problem(
        status=504 if failure.timed_out else 502,
        title=FORWARD_FAILED,
        detail=f"{decision.task} was not completed: {decision.route.name} {failure.why}.",
        members={
            "autopilot": decision.route.name,
            "outcome": failure.outcome,
            "retrySafe": failure.outcome != "unknown" or decision.rule.idempotent,
            "hint": failure.hint,
        },
        headers={} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)},
    )
