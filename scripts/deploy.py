"""The step of the `deploy` workflow: doctor, then `pulumi up`, after putting right what an update that died has left.
What the stack is after it is published, without secrets, for previews of pull requests.

A heal, or another deployment, may be running: Pulumi lets one at a time change a stack, and this waits for its turn.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orchestrator.adopt.leftovers import run_with_leftovers
from orchestrator.checks.check import Check
from orchestrator.checks.doctor import examine
from orchestrator.errors import OrchestratorError
from orchestrator.stack.config import read_stack
from orchestrator.stack.recover import recover
from orchestrator.stack.updates import deploy
from scripts.deployed_state import publish


def main(name: str, root: Path) -> int:
    try:
        checks = examine(name, root)
        for check in checks:
            if check.state != "ok":
                print(annotation(check))
        if any(check.state == "problem" for check in checks):
            return 2
        stack = read_stack(name, root)
        recover(stack, report=print)
        with stack.account(report=print) as account:
            failure = run_with_leftovers(stack, account, lambda: deploy(stack, display=sys.stdout, report=print), print)
        publish(name, root)
        if failure:
            print(failure, file=sys.stderr)
            return 1
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def annotation(check: Check) -> str:
    """A finding as a GitHub workflow command; what could not be checked does not stop an update."""
    level = "error" if check.state == "problem" else "warning"
    text = f"{check.detail}\n{check.fix}".strip()
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{level} title=doctor, {check.name}::{escaped}"


if __name__ == "__main__":
    sys.exit(main(os.environ["ORCHESTRATOR_STACK"], Path.cwd()))
