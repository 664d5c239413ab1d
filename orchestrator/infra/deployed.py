"""The record of what an update deploys, as the first resource of the program: see `orchestrator.stack.deployed`.

It is Pulumi's own `Stash`, which lives in the state alone.

Touches a child process (`git`).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pulumi

from orchestrator.stack.deployed import DIRTY, RECORD_PREFIX


def record_deployment(hash: str, root: Path) -> None:
    """Declare that what has this hash is deployed, from the commit that is checked out in `root`."""
    # The commit that first deployed this stays: a later one that declares the same is no change.
    pulumi.Stash(
        f"{RECORD_PREFIX}{hash}",
        input={"commit": _commit(root)},
        opts=pulumi.ResourceOptions(ignore_changes=["input"]),
    )


def _commit(root: Path) -> str:
    """The whole hash, with DIRTY where files differ from it; empty where there is no git or no checkout."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", f"--dirty={DIRTY}"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
