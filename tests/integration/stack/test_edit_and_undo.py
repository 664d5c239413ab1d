"""A change that is taken back leaves nothing: an empty preview, and the same data under the same ids.

For every field of the file and every setting. A few by default; `EDITS=all` tries each, which takes an hour.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.drift_stack import STACK
from tests.support.field_edits import FEW, FIELD_EDITS, SECRET_SETTINGS, SETTING_EDITS, edited, unedited
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.planted_data import planted_data

ALL = os.environ.get("EDITS") == "all"
FIELDS = [name for name in FIELD_EDITS if ALL or name in FEW]
SETTINGS = [name for name in SETTING_EDITS if ALL or name == "namePrefix"]


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("edit-and-undo"), cloudflare_server, unedited())


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    with brought_up.undone_afterwards() as edited:
        yield edited


def up(stack: HealedStack) -> str | None:
    """`pulumi up`; what it said where it stopped."""
    with stack.project.project.start("up", "--yes", "--skip-preview") as process:
        output, _ = process.communicate(timeout=240)
    return None if process.returncode == 0 else output


def settle(stack: HealedStack) -> None:
    """Up with what was taken back; data that had left the stack comes back by the command that is named."""
    stopped = up(stack)
    if stopped is None:
        return
    named = re.search(r"python -m orchestrator adopt -s \S+", stopped)
    assert named, stopped
    words = [sys.executable, *shlex.split(named[0])[1:], "--yes"]
    environment = stack.project.project.environment
    done = subprocess.run(words, cwd=stack.project.root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_changed_and_changed_back(stack: HealedStack, field: str) -> None:
    with planted_data(stack.server, without=()):
        stack.project.write(edited(FIELD_EDITS[field]))
        if stopped := up(stack):
            assert "nothing was changed" in stopped
        else:
            stack.project.project.run("preview", "--expect-no-changes")

        stack.project.write(unedited())
        settle(stack)

        stack.assert_clean()


@pytest.mark.parametrize("key", SETTINGS)
def test_a_setting_that_is_changed_and_changed_back(stack: HealedStack, key: str) -> None:
    settings = stack.project.root / f"Pulumi.{STACK}.yaml"
    before = settings.read_text()
    with planted_data(stack.server, without=()):
        kind = ["--secret"] if key in SECRET_SETTINGS else []
        stack.project.project.run("config", "set", *kind, key, SETTING_EDITS[key])
        if stopped := up(stack):
            assert "nothing was changed" in stopped
        else:
            stack.project.project.run("preview", "--expect-no-changes")

        settings.write_text(before)
        settle(stack)

        stack.assert_clean()
