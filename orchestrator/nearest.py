"""Which known names are closest to one that nobody knows: for "did you mean".

Pure. The distance is Levenshtein's over code points; equal distances go in name order, so that the twin
`router/src/routing/nearest.ts` gives the same list.
"""

from __future__ import annotations

from collections.abc import Iterable

# A distance costs the product of two lengths, and who asks may ask for anything: so longer names are compared with
# none, and others with a bounded number of names of like length.
MAX_LENGTH = 64
MAX_COMPARED = 200


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """At most `count` of the `known` names, nearest first. Those whose length is nearest are compared, in the order
    given."""
    if len(name) > MAX_LENGTH:
        return []
    most = max(3, len(name) // 2)
    away = {each: abs(len(each) - len(name)) for each in known}
    like = sorted((each for each in away if away[each] <= most), key=away.__getitem__)[:MAX_COMPARED]
    return sorted(like, key=lambda candidate: (distance(name, candidate), candidate))[:count]


def distance(a: str, b: str) -> int:
    """How many insertions, deletions and substitutions of one character make `b` of `a`."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]
