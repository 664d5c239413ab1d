"""What work costs in CPU, steadily on a busy machine: by the kernel's clock of a process's threads, and the least of
many small counts, since what runs beside it makes each dearer and none cheaper."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.processes import cpu_seconds

WARM, CALLS = 12, 3
LEAST_ROUNDS, MOST_ROUNDS = 5, 40
MOST_CALLS = WARM + CALLS * MOST_ROUNDS
"""Of each work."""

Work = Callable[[], object]


def least_costs(pid: int, *works: Work, enough: Callable[[Sequence[float]], bool]) -> list[float]:
    """Milliseconds of the CPU of `pid` and what it started, for a call of each of `works`, once each is warm.

    After the first rounds more are counted until the least of each is `enough`, or there were many: what is really too
    dear stays so however often it is counted."""
    for work in works:
        _count(pid, work, WARM)  # an isolate that has just begun compiles
    least = [float("inf")] * len(works)
    for number in range(MOST_ROUNDS):
        if number >= LEAST_ROUNDS and enough(least):
            break
        least = [min(before, _count(pid, work, CALLS)) for before, work in zip(least, works, strict=True)]
    return least


def _count(pid: int, work: Work, calls: int) -> float:
    before = cpu_seconds(pid)
    for _ in range(calls):
        work()
    return 1000 * (cpu_seconds(pid) - before) / calls
