"""For all tests: how many run side by side, and when garbage is collected.

The collector runs seldom, and not over what was loaded to find the tests: a third of the unit tests' time went to it.
pytest still collects at the end, so that a leak is seen.
"""

import gc
import os

import pytest

gc.set_threshold(50_000)


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: one more than there are cores, since many tests wait for processes; each has a Cloudflare."""
    return min(4, (os.cpu_count() or 1) + 1)
