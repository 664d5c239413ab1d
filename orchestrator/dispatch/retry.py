"""Whether a task is sent a second time, and after how long. The twin of `router/src/forward/retry.ts`.

Only where it cannot be done twice by that: nothing was sent, or the task is `idempotent` and not `once`. Touches
nothing.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from orchestrator.dispatch.failure import Failure
from orchestrator.dispatch.forward import Answer
from orchestrator.routing.table import TaskRule

MAX_TRIES = 2
_MOST_JITTER = 1.0  # seconds
_BUSY = {429, 502, 503, 504}  # answers that ask for another try: RFC 6585 and RFC 9110


def retry_delay(outcome: Answer | Failure, rule: TaskRule, random: float, now: float) -> float | None:
    """Seconds to wait before the second try, or None where there is none; `random` is in [0, 1), `now` since 1970.

    Full jitter, so that many tasks that failed together do not come back together; not before the autopilot's own
    Retry-After.
    """
    jitter = random * _MOST_JITTER
    may_repeat = rule.idempotent and not rule.once
    if isinstance(outcome, Failure):
        is_safe = outcome.outcome == "not-sent" or may_repeat
        return jitter if is_safe and outcome.is_passing else None
    if not may_repeat or outcome.status not in _BUSY:
        return None
    return max(jitter, _retry_after(outcome.headers.get("retry-after"), now))


def of_both(first: Answer | Failure, second: Answer | Failure) -> Answer | Failure:
    """What is told after another try: that nothing came of the second does not undo what may have come of the first."""
    may_be_done = isinstance(first, Answer) or first.outcome == "unknown"
    return first if may_be_done and isinstance(second, Failure) and second.outcome != "unknown" else second


def _retry_after(value: str | None, now: float) -> float:
    """Seconds, or a date: RFC 9110, section 10.2.3."""
    if value is None:
        return 0.0
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
