"""`make shell`: export lines for the local stack, so that `eval "$(make -s shell)"` and then everything just works."""

from __future__ import annotations

import os
import shlex
import sys

from orchestrator.errors import OrchestratorError
from scripts.local_stack import environment

PROMPT = "(local) "


def main() -> int:
    try:
        variables = environment()
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    if not os.environ.get("PS1", "").startswith(PROMPT):
        print(f'export PS1="{PROMPT}${{PS1-}}"')  # so that a person sees for which stack this terminal is
    return 0


if __name__ == "__main__":
    sys.exit(main())
