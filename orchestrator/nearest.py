"""Which known names are closest to one that nobody knows: for "did you mean".

Pure. The distance is Levenshtein's over code points; equal distances go in name order, so that the twin
`router/src/routing/nearest.ts` gives the same list.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

# A distance costs a step for each pair of characters, and who asks may ask for anything: so longer names are compared
# with none, and others with names of like length for so many steps.
MAX_LENGTH = 64
MAX_STEPS = 150_000


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """At most `count` of the `known` names, nearest first."""
    compared = compared_names(name, known)
    return sorted(compared, key=lambda candidate: (distance(name, candidate), candidate))[:count]


def compared_names(name: str, known: Iterable[str]) -> list[str]:
    """Those of the `known` names that `name` is compared with: the nearest in length, then in the order given."""
    if len(name) > MAX_LENGTH:
        return []
    most = max(3, len(name) // 2)
    away = {each: abs(len(each) - len(name)) for each in known}
    like = sorted((each for each in away if away[each] <= most), key=away.__getitem__)
    steps = accumulate(len(name) * len(each) for each in like)
    return [each for each, so_far in zip(like, steps, strict=True) if so_far <= MAX_STEPS]


def distance(a: str, b: str) -> int:
    """How many insertions, deletions and substitutions of one character make `b` of `a`."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]
