"""What the local Cloudflare runs when the routing Worker asks for a heal: `python -m orchestrator heal` on the stack
`local`, in the environment of `make shell`. On a real account a workflow does that."""

from __future__ import annotations

import os
import sys

from scripts.local_stack import STACK, environment

if __name__ == "__main__":
    os.environ.update(environment())
    os.execv(sys.executable, [sys.executable, "-m", "orchestrator", "heal", "--stack", STACK])  # noqa: S606 - no shell
