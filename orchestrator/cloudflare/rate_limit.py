"""How fast the Cloudflare API may be called: so many calls in a window of time, and not while it asks for a pause.

Cloudflare takes 1,200 calls in five minutes of a token, then refuses all for five minutes. Other tools share the token,
so the limit here is lower, with room for the first check of a thousand Workers: calls go out at once as long as the
window has room, and wait for room after that. Several threads may use one Pace.

Touches nothing but the clock and the sleep that it is given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock

CALLS = 1_100
WINDOW_S = 300.0


class Pace:
    """`clock` and `sleep` in seconds; `report` gets a line before each wait that a person would notice."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        report: Callable[[str], None],
        calls: int = CALLS,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._report = report
        self._calls = calls
        self._made: deque[float] = deque()
        self._not_before = 0.0
        self._lock = Lock()
        self.count = 0

    def take(self) -> None:
        """Return when a call may be made, and count it."""
        told = False
        while True:
            with self._lock:
                now = self._clock()
                while self._made and self._made[0] <= now - WINDOW_S:
                    self._made.popleft()
                room_at = self._made[0] + WINDOW_S if len(self._made) >= self._calls else now
                wait = max(room_at, self._not_before) - now
                if wait <= 0:
                    self._made.append(now)
                    self.count += 1
                    return
                by_limit = room_at > self._not_before
            if by_limit and not told:
                self._report(f"{self._calls} calls in {WINDOW_S:.0f} s; waiting {wait:.0f} s to stay below the limit")
                told = True
            self._sleep(wait)

    def pause(self, seconds: float) -> bool:
        """Let no call go out for so long; whether that is a longer pause than was asked for already."""
        with self._lock:
            until = self._clock() + seconds
            longer = until > self._not_before + 1
            self._not_before = max(self._not_before, until)
            return longer
