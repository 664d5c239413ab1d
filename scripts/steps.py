"""What the steps of `setup` share: where things are, a command that says why it failed. For any Python 3.11, before
anything is installed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
LOCAL = ROOT / ".local"
LOG = LOCAL / "setup.log"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autopilot-orchestrator"
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
}


class StepError(Exception):
    """A step failed; the text says which, why, and what to do."""


def say(text: str, end: str = "\n") -> None:
    """Progress; standard output is of the command that runs this first, as in `eval "$(make -s shell)"`."""
    print(text, end=end, file=sys.stderr, flush=True)


def run(
    command: list[str], hint: str, *, cwd: Path = ROOT, env: dict[str, str] = ENVIRONMENT, timeout: float | None = None
) -> str:
    """Run a command, its output into the log as well; a failure shows its last lines."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepError(f"{' '.join(command)}: {error}\n{hint}".strip()) from error
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise StepError(f"{' '.join(command)} exited with {done.returncode}:\n{last}\n{hint}\nAll output: {LOG}")
    return done.stdout


def go_build(module: Path, package: str, output: Path, flags: str = "") -> None:
    """Build the command `package`, as the Go module in the folder `module` pins it; `flags` are the linker's."""
    partial = output.with_name(output.name + ".partial")
    command = ["go", "build", "-ldflags", f"-s -w {flags}", "-o", str(partial), package]
    run(command, "is the Go module proxy reachable?", cwd=module)
    partial.replace(output)


def reachable(host: str) -> bool:
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError:
        return False
    return True
