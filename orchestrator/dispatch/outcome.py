"""What became of a task, in one word: the twin of `router/src/forward/outcome.ts`.

`done`, or `partly` (207); `rejected`: it got there and was not done; `not-sent`: certain that it did not get
there; `unknown`: it may have been done.
"""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from orchestrator.dispatch.failure import Failure
from orchestrator.dispatch.forward import Answer
from orchestrator.routing.problem import CONTENT_TYPE

Outcome = Literal["done", "partly", "rejected", "not-sent", "unknown"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def outcome_of(result: Answer | Failure) -> Outcome:
    """Of what an autopilot answered, or of why it did not."""
    if isinstance(result, Failure):
        return result.outcome
    if result.status < 400:
        return "partly" if result.status == 207 else "done"
    said = (problem_of(result) or {}).get("outcome")
    for each in OUTCOMES:
        if each == said:
            return each
    return "unknown" if result.status == 408 or result.status >= 500 else "rejected"


def problem_of(answer: Answer) -> dict[str, Any] | None:
    """The problem document that an answer is, if it is one."""
    if not answer.headers.get("content-type", "").startswith(CONTENT_TYPE):
        return None
    try:
        document = json.loads(answer.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
