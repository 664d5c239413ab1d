"""A heal killed at any moment, or interrupted: the next one ends well, with nothing twice and no data lost.

`KILL_MOMENTS` (default 1) is how many random moments are tried, `KILL_SEED` makes a run repeatable.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess

import pytest

from tests.support.drift_kinds import KINDS
from tests.support.drift_stack import GREETER
from tests.support.healed_stack import HealedStack, recreating
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside
from tests.support.planted_data import planted_data

MOMENTS = int(os.environ.get("KILL_MOMENTS", "1"))
SEED = int(os.environ.get("KILL_SEED", str(random.randrange(10**6))))  # noqa: S311 - moments, not secrets
SEVERAL = next(kind for kind in KINDS if kind.name == "several at once, with lost data")


@pytest.fixture(scope="module")
def stack(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("heal-kills"), cloudflare_server)


def drift(outside: Outside) -> None:
    """All that a heal can do at once: Workers uploaded and made, schedules put, three lost things recreated."""
    SEVERAL.does(outside)
    outside.delete_worker(GREETER)


def end(process: subprocess.Popen[str], how: signal.Signals, *, group: bool) -> None:
    """Send a signal to the command alone, or with all that it has started; what was started alone may go on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how) if group else process.send_signal(how)
    process.wait(timeout=60)


@pytest.mark.timeout(3600)
def test_the_next_heal_ends_well(stack: HealedStack) -> None:
    moments = random.Random(SEED)  # noqa: S311
    names = stack.names()
    for number in range(MOMENTS):
        delay = moments.uniform(0, stack.heal_s)
        where = f"seed {SEED}, kill {number}, {delay:.2f} s of about {stack.heal_s:.2f} s"
        with planted_data(stack.server, without=SEVERAL.lost):
            drift(stack.outside)
            process = stack.start("--json", *recreating(SEVERAL.lost), output=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=delay)
            end(process, signal.SIGKILL, group=moments.random() < 0.5)

            stack.heal(*recreating(SEVERAL.lost))

            assert stack.names() == names | {("r2Bucket", "efh-found")}, where
            stack.assert_clean()
        stack.restore()


def test_an_interrupted_heal_ends_what_is_under_way(stack: HealedStack) -> None:
    drift(stack.outside)
    process = stack.start(*recreating(SEVERAL.lost), output=subprocess.DEVNULL)
    stack.wait_for_lock()
    end(process, signal.SIGINT, group=True)

    assert process.returncode in (0, 130)  # or it was just ready
    assert not stack.export()["deployment"].get("pending_operations")
    stack.heal(*recreating(SEVERAL.lost))
    stack.assert_clean()
    stack.restore()
