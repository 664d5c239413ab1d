"""What this stack's state knows when the program begins: the engine does not tell a program, so it is exported.

An export needs no lock and no passphrase. It takes about half a second, in a thread beside what the program does
meanwhile.

Touches a child process (`pulumi`).
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pulumi

from orchestrator.stack.config import run_pulumi
from orchestrator.stack.state import State, exported_state

_OF_NOBODY = "organization"  # of a backend that knows no organizations


def begin_to_read_state(root: Path) -> Future[State]:
    """The state to come; its `result()` raises OrchestratorError, with Pulumi's words, where it cannot be read."""
    stack, organization = pulumi.get_stack(), pulumi.get_organization()
    whole = stack if organization == _OF_NOBODY else f"{organization}/{pulumi.get_project()}/{stack}"
    pool = ThreadPoolExecutor(1)
    reading = pool.submit(lambda: exported_state(run_pulumi(["stack", "export", "--stack", whole], root).output))
    pool.shutdown(wait=False)
    return reading
