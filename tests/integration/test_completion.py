"""What a shell is offered when somebody types a command of ours, asked as bash asks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.project import ROOT


@pytest.mark.parametrize(
    ("typed", "offered"), [("dr", {"drift "}), ("drift --gi", {"--github "}), ("backup --kind ", {"kv", "r2", "d1"})]
)
def test_the_shell_completes_commands_options_and_values(typed: str, offered: set[str]) -> None:
    """As bash asks: what was typed in the environment, the answer on descriptor 8."""
    line = f"python -m orchestrator {typed}"
    read_end, write_end = os.pipe()
    asked = {"COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE": "3", "_ARGCOMPLETE_IFS": "\n"}

    subprocess.run(
        ["bash", "-c", f'exec "$0" -m orchestrator 8>&{write_end} 9>/dev/null', sys.executable],
        cwd=ROOT,
        env={**os.environ, **asked},
        pass_fds=[write_end],
        check=True,
    )
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        assert set(answer.read().splitlines()) == offered
