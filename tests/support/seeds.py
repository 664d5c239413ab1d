"""How many cases the property tests make up: few in a usual run, as many as are asked for in a long one.

RESTORES=1000 makes up a thousand of each, and RESTORES_FROM=300 begins with the 300th, so that a long run can be cut
into pieces.
"""

from __future__ import annotations

import os


def seeds(few: int, *, first: int = 0) -> range:
    """The seeds of a test that has `few` of them usually, from `first` on."""
    start = first + int(os.environ.get("RESTORES_FROM", "0"))
    return range(start, start + int(os.environ.get("RESTORES", few)))
