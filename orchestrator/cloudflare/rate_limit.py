"""How fast the Cloudflare API may be called: as its answers say, with room left for others, and not while it asks for a
pause.

Cloudflare takes 1,200 calls in five minutes of a user, whose dashboard and other tools are counted too, then refuses
all for five minutes. Each answer tells how much is left (`Ratelimit: "default";r=50;t=30`: 50 calls for 30 seconds) and
of how much (`Ratelimit-Policy: "default";q=1200;w=300`). Calls go out at once until only the others' share is left, and
then wait for the window to begin anew. Where an answer tells nothing, the calls made here are counted. Several threads
may use one RateLimiter.

Source: https://developers.cloudflare.com/fundamentals/api/reference/limits/. Touches nothing but the clock and the
sleep that it is given.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock

CALLS = 1_200
WINDOW_S = 300.0
SHARE_OF_OTHERS = 1 / 12
"""Of all calls: 100, so that the first check of a thousand Workers fits into a window."""
HALF = 1 / 2
"""The share that is left to others by what makes calls for many minutes."""

_ITEM = re.compile(r'"?([^";,]*)"?((?:\s*;\s*[a-z]+\s*=\s*[\d.]+)+)')
_PARAMETER = re.compile(r"([a-z]+)\s*=\s*([\d.]+)")


class RateLimiter:
    """`clock` and `sleep` in seconds; `report` gets a line before each wait that a person would notice; `others`: the
    share of the calls that is left to others."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        report: Callable[[str], None],
        calls: int = CALLS,
        others: float = SHARE_OF_OTHERS,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._report = report
        self._calls = calls - round(calls * others)
        self._others = others
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

    def answered(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says is left: no call goes out while that is the others' share."""
        limits = _items(headers.get("ratelimit-policy", ""))
        for name, left in _items(headers.get("ratelimit", "")).items():
            of = limits.get(name, {}).get("q", CALLS)
            if left.get("r", of) <= of * self._others and self.pause(seconds := left.get("t", WINDOW_S)):
                self._report(
                    f"Cloudflare takes {left['r']:.0f} more calls of this user, which are left to others; "
                    f"continuing in {seconds:.0f} s"
                )

    def pause(self, seconds: float) -> bool:
        """Let no call go out for so long; whether that is a longer pause than was asked for already."""
        with self._lock:
            until = self._clock() + seconds
            longer = until > self._not_before + 1
            self._not_before = max(self._not_before, until)
            return longer


def _items(header: str) -> dict[str, dict[str, float]]:
    """The items of such a header: the parameters that are numbers, by name. What is not understood says nothing."""
    found = {}
    for name, parameters in _ITEM.findall(header):
        try:
            found[name] = {key: float(value) for key, value in _PARAMETER.findall(parameters)}
        except ValueError:
            continue
    return found
