"""`dev`: the stack on this machine follows what is saved. `scripts.dev` does it: it starts the local Cloudflare."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from orchestrator.errors import SettingsError
from orchestrator.names import LOCAL
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Bring the stack on this machine up, then make each saved file live: a source by uploading its Worker, "
        "autopilots.yaml by `pulumi up`, after its preview and a question. The logs of all Workers are shown. Keys: o "
        "opens the admin page, p plans a task, d shows drift, r begins anew without data, q quits."
    )
    parser.epilog = """examples:
  make dev
  python -m orchestrator dev --yes      # without a question

For a Worker of the stack `local` alone: what others use is changed by `pulumi up`, after a preview.
"""
    parser.add_argument("-s", "--stack", metavar="STACK", help=f"no other than {LOCAL} is taken")
    parser.add_argument("--yes", action="store_true", help="apply a saved autopilots.yaml without a question")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    stack = options.stack or os.environ.get("PULUMI_STACK") or LOCAL
    if stack != LOCAL:
        raise SettingsError(
            f"`dev` works on the stack {LOCAL} only, and this is for the stack {stack}",
            f"`pulumi up -s {stack}` updates it, after a preview; `unset PULUMI_STACK` in a shell that is for {stack}",
        )
    if not (Path.cwd() / "scripts/dev").is_dir():
        raise SettingsError("`dev` follows the project's sources, and this is not its folder", "go to the project")
    terminal.out.flush()
    os.execv(sys.executable, [sys.executable, "-m", "scripts.dev", *(["--yes"] if options.yes else [])])  # noqa: S606
