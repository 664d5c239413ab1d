"""Independent calls, several at a time, in a way that Ctrl-C ends: what has not begun is not begun any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 6

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def _say_nothing(_text: str) -> None: ...


def in_parallel(
    work: Callable[[_Item], _Result], items: Sequence[_Item], told: Callable[[str], None] = _say_nothing
) -> Iterator[_Result]:
    """The results in the order of `items`. The first error ends it, after the calls that are under way.

    `told` gets what is waited for then.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            if left := sum(not future.cancel() and not future.done() for future in futures):
                told(f"waiting for {left} calls that are under way; nothing else is begun")
