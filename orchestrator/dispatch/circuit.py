"""A circuit breaker for each autopilot (https://martinfowler.com/bliki/CircuitBreaker.html): one that has failed five
times in a row is left alone for a while, then asked by one task alone. The twin of `router/src/forward/circuit.ts`.

The clock is passed in, in seconds; whoever guards calls decides what they touch.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.dispatch.failure import Failure, paused_failure
from orchestrator.dispatch.forward import Answer, NotForwarded

FAILURES = 5
FIRST_PAUSE = 30.0  # seconds; each pause that follows is twice as long
LONGEST_PAUSE = 16 * FIRST_PAUSE


class Circuit:
    """Failures in a row, and the pause that follows from them."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._paused_until = 0.0

    def guard(self, send: Callable[[], Answer], clock: Callable[[], float]) -> Answer | Failure:
        """What comes of `send`; a failure without calling it while the autopilot is left alone."""
        sent_at = clock()
        if wait := self.wait(sent_at):
            return paused_failure(wait)
        try:
            answer = send()
        except NotForwarded as error:
            if error.reason.has_answered:
                self.succeeded()
            else:
                self.failed(sent_at, clock())
            return error.reason
        if answer.status >= 500:
            self.failed(sent_at, clock())
        else:
            self.succeeded()
        return answer

    def is_paused(self, now: float) -> bool:
        """Whether a task that is sent now would have to wait."""
        return self._failures >= FAILURES and now < self._paused_until

    def wait(self, now: float) -> float:
        """How long no task may be sent; 0: this one may, and `succeeded` or `failed` says what became of it."""
        if self._failures < FAILURES:
            return 0.0
        if self.is_paused(now):
            return self._paused_until - now
        self._paused_until = now + self._pause  # this task tries it out; the others wait for what becomes of it
        return 0.0

    def succeeded(self) -> None:
        """The autopilot has answered."""
        self._failures, self._pause = 0, FIRST_PAUSE

    def failed(self, sent_at: float, now: float) -> None:
        """A task failed; of those sent before the last pause began, nothing new is learnt."""
        if self._failures >= FAILURES and sent_at < self._paused_until - self._pause:
            return
        self._failures += 1
        if self._failures < FAILURES:
            return
        if self._failures > FAILURES:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._paused_until = now + self._pause
