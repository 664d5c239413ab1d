"""`doctor`: is everything there that `pulumi up` needs? Each problem with its fix."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from orchestrator.checks.check import COLUMNS, exit_code, fixes, outcome, rows, to_objects
from orchestrator.checks.doctor import examine
from orchestrator.terminal import Terminal

_STYLES = {"ok": "green", "unknown": "yellow", "problem": "red"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check before an update that everything is there that it needs: tools, state backend, settings and secrets of "
        "the stack, the Cloudflare token and each of its permissions by name, the account's workers.dev subdomain, R2. "
        "Nothing is changed. Exit code 0 when all is well, 2 when there is something to fix, 1 when something "
        "could not be checked (offline, for example) and nothing was found wrong."
    )
    parser.epilog = """examples:
  python -m orchestrator doctor
  python -m orchestrator doctor -s prod --json | jq -r '.checks[] | select(.state != "ok") | .fix'

A permission is found out by a call that can never be valid: Cloudflare refuses it for its content where the token may
write, and as a whole where it may not. So nothing comes of it either way.
"""
    parser.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{result, checks: [{name, state, detail, fix}]}; result and state are ok, problem or unknown",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    checks = examine(options.stack, Path.cwd())
    if options.json:
        document = {"result": outcome(checks), "checks": to_objects(checks)}
        terminal.write(json.dumps(document, indent=2, ensure_ascii=False))
        return exit_code(checks)
    terminal.table(COLUMNS, rows(checks))
    result = outcome(checks)
    said = {"ok": "all is well", "unknown": "not everything could be checked", "problem": "to fix:"}[result]
    terminal.write(f"\n{terminal.styled(said, _STYLES[result])}")
    for line in fixes(checks):
        terminal.write(f"  - {line}")
    return exit_code(checks)
