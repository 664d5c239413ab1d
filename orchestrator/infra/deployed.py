"""The record of what an update deploys, as the first resource of the program: see `orchestrator.stack.deployed`.

It is Pulumi's own `Stash`, which lives in the state alone.

Touches a child process (`git`).
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from orchestrator.stack.checkout import checked_out
from orchestrator.stack.deployed import RECORD_PREFIX


def record_deployment(hash: str, root: Path) -> None:
    """Declare that what has this hash is deployed, from the commit that is checked out in `root`."""
    # The commit that first deployed this stays: a later one that declares the same is no change.
    pulumi.Stash(
        f"{RECORD_PREFIX}{hash}",
        input={"commit": checked_out(root)},
        opts=pulumi.ResourceOptions(ignore_changes=["input"]),
    )
