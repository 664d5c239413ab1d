"""The API's rate limit: what each answer says is left, and 429 beyond it. Off unless `/_local/account` sets it.

Source: https://developers.cloudflare.com/fundamentals/api/reference/limits/. A window of five minutes begins with a
token's first call. Off, the headers are there and say that nothing was used.
"""

from __future__ import annotations

import math

CALLS = 1_200
WINDOW_S = 300


class RateLimit:
    """The calls of each token in its window, in memory."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}

    def clear(self) -> None:
        """All windows begin anew."""
        self._windows.clear()

    def take(self, token: str, limit: int | None, now: float) -> tuple[bool, dict[str, str]]:
        """Count a call at `now`, in seconds: whether it may be made, and the headers of its answer."""
        if limit is None:
            return True, _headers(CALLS, CALLS, WINDOW_S)
        begun, made = self._windows.get(token, (now, 0))
        if now >= begun + WINDOW_S:
            begun, made = now, 0
        self._windows[token] = begun, made + 1
        resets = max(1, math.ceil(begun + WINDOW_S - now))
        headers = _headers(max(0, limit - made - 1), limit, resets)
        return (True, headers) if made < limit else (False, {**headers, "Retry-After": str(resets)})


def _headers(left: int, of: int, resets: int) -> dict[str, str]:
    return {"Ratelimit": f'"default";r={left};t={resets}', "Ratelimit-Policy": f'"default";q={of};w={WINDOW_S}'}
