"""Doing what a refusal says: the command that it names is run as it was printed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

from tests.support.healed_stack import HealedStack


def follow(stack: HealedStack, begins: str, output: str) -> tuple[int, str]:
    """Run the first command in `output` that begins so, as printed; its exit code and what it printed."""
    found = re.search(rf"{re.escape(begins)}[^;\n]*", output)
    assert found, output
    words = shlex.split(found[0])
    if words[0] == "python":
        words[0] = sys.executable
    done = subprocess.run(
        words,
        cwd=stack.project.root,
        env=stack.project.project.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def followed(stack: HealedStack, begins: str, output: str) -> str:
    code, printed = follow(stack, begins, output)
    assert code == 0, printed
    return printed
