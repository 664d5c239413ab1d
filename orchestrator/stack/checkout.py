"""Which commit is checked out.

Touches a child process (`git`).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from orchestrator.stack.deployed import DIRTY


def checked_out(root: Path) -> str:
    """The whole hash, with DIRTY where files differ from it; empty where there is no git or no checkout."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", f"--dirty={DIRTY}"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
