"""Which known names are closest to one that nobody knows: for "did you mean".

Pure. The distance is Levenshtein's over code points; equal distances go in name order, so that the twin
`router/src/routing/nearest.ts` gives the same list.
"""

from __future__ import annotations

from collections.abc import Iterable


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """At most `count` of the `known` names, nearest first."""
    return sorted(set(known), key=lambda candidate: (distance(name, candidate), candidate))[:count]


def distance(a: str, b: str) -> int:
    """How many insertions, deletions and substitutions of one character make `b` of `a`."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]
