"""A clock whose pauses take no time, and move it on: what is waited for has come then.

A sleep alone that returns at once is no help where calls are counted against the time: the wait would go on, without
end, until the real time has come.
"""

from __future__ import annotations

import time
from typing import Any


class InstantClock:
    """Real time, and the pauses that were asked for."""

    def __init__(self) -> None:
        self._slept = 0.0

    def __call__(self) -> float:
        """Seconds, as `time.monotonic`."""
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds

    @property
    def options(self) -> dict[str, Any]:
        """As `Account` takes it."""
        return {"clock": self, "sleep": self.sleep}
