"""For all tests: the garbage collector runs seldom, and not over what was loaded to find the tests.

A third of the unit tests' time went to it. pytest still collects at the end, so that a leak is seen.
"""

import gc

import pytest

gc.set_threshold(50_000)


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
