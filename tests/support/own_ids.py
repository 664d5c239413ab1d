"""Each test has an id of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest


def refuse_shared(ids: Iterable[str]) -> None:
    """Stops the run where tests share an id: pytest-xdist runs one of them and counts the rest as run."""
    shared = [each for each, count in Counter(ids).items() if count > 1]
    if shared:
        raise pytest.UsageError(f"tests that share an id: give each its own: {', '.join(shared)}")
