"""Every way out leads out: the command that a refusal names is run as it is printed, and the refusal is gone.

A few by default; `WAYS=all` goes through each, which takes some minutes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.drift_stack import STACK
from tests.support.healed_stack import HealedStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.refusal_kinds import FEW, PREVIEW, REFUSAL_KINDS, RefusalKind

ALL = os.environ.get("WAYS") == "all"
WAYS = [
    pytest.param(kind, way, id=f"{kind.name}, {number}")
    for kind in REFUSAL_KINDS
    if ALL or kind.name in FEW
    for number, way in enumerate(kind.ways, 1)
]


@pytest.fixture(scope="module")
def brought_up(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> HealedStack:
    cloudflare_server.reset()
    return HealedStack(tmp_path_factory.mktemp("ways-out"), cloudflare_server)


@pytest.fixture
def stack(brought_up: HealedStack) -> Iterator[HealedStack]:
    with brought_up.undone_afterwards() as edited:
        yield edited


def run(stack: HealedStack, command: str, given: str = "") -> tuple[int, str]:
    """A command as a person types it, in the stack's folder; its exit code, and all that it printed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), stack.project.project.environment["PATH"]])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=stack.project.root,
        env={**stack.project.project.environment, "PATH": path, "NO_COLOR": "1"},
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )
    return done.returncode, done.stdout


def refused_command(kind: RefusalKind) -> str:
    if kind.command == PREVIEW:
        return "pulumi preview --non-interactive --color never"
    return " ".join(["python", "-m", "orchestrator", *kind.command, "-s", STACK])


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_the_command_that_a_refusal_names_leads_out_of_it(
    stack: HealedStack, kind: RefusalKind, way: tuple[str, ...]
) -> None:
    kind.comes_about(stack)
    code, printed = run(stack, refused_command(kind))
    assert code != 0
    assert kind.says in printed

    for step, pattern in enumerate(way, 1):
        found = re.search(pattern, printed)
        assert found, f"/{pattern}/ is not in:\n{printed}"
        command = f"{found[0]} --yes --skip-preview" if found[0].startswith("pulumi up") else found[0]
        code, printed = run(stack, command, kind.given)
        assert (code == 0) == (step == len(way)), f"{command}: exit {code}\n{printed}"

    code, printed = run(stack, refused_command(kind))
    assert kind.says not in printed or "--recreate" in kind.command
    assert code == 0 or "--recreate" in kind.command, printed
