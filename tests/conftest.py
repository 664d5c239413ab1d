"""For all tests: which are left out, how many run side by side, that Ctrl-C is heard, and when garbage is collected.

The collector runs seldom, and not over what was loaded to find the tests: a third of the unit tests' time went to it.
pytest still collects at the end, so that a leak is seen.
"""

import gc
import os
import signal

import pytest

from local_cloudflare.provider.install import PLUGIN_VARIABLE
from tests.support.all_ran import AllRan
from tests.support.own_ids import refuse_shared

gc.set_threshold(50_000)


def pytest_configure(config: pytest.Config) -> None:
    AllRan.register(config)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell leaves it to what it runs in the background, and a process to those that it starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is about the stand-in provider where another one is used."""
    if os.environ.get(PLUGIN_VARIABLE):
        left_out = pytest.mark.skip(reason=f"about the stand-in provider, and {PLUGIN_VARIABLE} is set")
        for item in items:
            if item.get_closest_marker("stand_in"):
                item.add_marker(left_out)


def pytest_collection_finish(session: pytest.Session) -> None:
    refuse_shared(item.nodeid for item in session.items)
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For `-n auto`: one more than there are cores, since many tests wait for processes; each has a Cloudflare.
    For `-n logical`: as many as there are cores, for the unit tests, which wait for nothing."""
    cores = os.cpu_count() or 1
    return cores if config.option.numprocesses == "logical" else min(4, cores + 1)
