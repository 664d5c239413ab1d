"""Waits for what happens: the one loop of the tests that looks again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_PAUSE_S = 0.02


def eventually(look: Callable[[], _T | None], what: str | Callable[[], object], within_s: float = 60) -> _T:
    """The first true result of `look`. Fails with `what` after `within_s` seconds without one: when to give up on
    a machine that hangs, far above what a busy one needs."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what() if callable(what) else what}"
        time.sleep(_PAUSE_S)
    return found
