"""Each test command that CONTRIBUTING names finds tests."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from tests.support.project import ROOT
from tests.unit.test_references import alternatives

COMMANDS = sorted(set(re.findall(r"`(?:[A-Z_]+=\S+ )*pytest ([^`]+)`", (ROOT / "CONTRIBUTING.md").read_text())))
WITH_VALUE = {"-n", "--dist", "-k"}


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """The ids of all tests."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


def test_each_command_finds_tests(collected: list[str]) -> None:
    assert len(COMMANDS) > 25
    assert [command for command in COMMANDS if not finds_tests(command, collected)] == []


def finds_tests(command: str, collected: list[str]) -> bool:
    """Whether each path of the command has tests, and, of those, some what `-k` says."""
    arguments = shlex.split(command)
    paths = [
        path
        for before, word in zip(["", *arguments], arguments, strict=False)
        if not word.startswith("-") and before not in WITH_VALUE
        for path in alternatives(word)
    ]
    below = [[each for each in collected if matches(path, each)] for path in paths or ["tests"]]
    keyword = arguments[arguments.index("-k") + 1] if "-k" in arguments else ""
    return all(below) and any(keyword in each.removeprefix("tests/") for found in below for each in found)


def matches(path: str, test: str) -> bool:
    return re.match(re.escape(path).replace(r"\*", "[^/]*") + "(/|::|$)", test) is not None
