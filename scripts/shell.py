"""`make shell`: export lines for the local stack, so that `eval "$(make -s shell)"` and then everything just works."""

from __future__ import annotations

import shlex
import sys

from orchestrator.errors import OrchestratorError
from scripts.local_stack import environment


def main() -> int:
    try:
        variables = environment()
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
