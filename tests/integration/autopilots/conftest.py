"""Autopilots as they are shipped, one for the tests of a file; whoever needs another has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.autopilots import Autopilot, running
from tests.support.styling import with_ai


@pytest.fixture(scope="module")
def employee() -> Iterator[Autopilot]:
    with running("employee") as autopilot:
        yield autopilot


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """One of the test's own."""
    return f"ada+{abs(hash(request.node.nodeid))}@example.com"


@pytest.fixture(scope="module")
def stylist() -> Iterator[Autopilot]:
    with running("stylist") as autopilot:
        yield autopilot


@pytest.fixture(scope="module")
def stylist_with_ai() -> Iterator[Autopilot]:
    with with_ai() as autopilot:
        yield autopilot
