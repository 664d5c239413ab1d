"""`diagnose`: what Cloudflare says of the token and the account, and what of it is missing."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from orchestrator.checks.check import COLUMNS
from orchestrator.checks.diagnose import RemoteDiagnosis, diagnose
from orchestrator.checks.document import next_steps, rows, verdict
from orchestrator.dispatch.settings import read_token
from orchestrator.stack.config import Stack, read_stack
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show the Cloudflare API token and its permissions, what the account has, what autopilots.yaml declares and "
        "the account lacks, and whether cron and autopilots run. Nothing is changed. Exit code 0 when all is well, 2 "
        "when something is missing or wrong, 1 when something could not be found out."
    )
    parser.epilog = """examples:
  python -m orchestrator diagnose -s prod
  python -m orchestrator diagnose --json | jq '.missing'
  python -m orchestrator diagnose --url "$ORCHESTRATOR_URL"     # by the routing Worker, with its own token

It asks Cloudflare directly, with the stack's token. With --url the deployed routing Worker is asked, with
$ORCHESTRATOR_TOKEN: that shows what it can see itself, and needs no Pulumi.
"""
    way = parser.add_mutually_exclusive_group()
    way.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    way.add_argument("--url", help="ask the routing Worker at this address")
    parser.add_argument(
        "--json",
        action="store_true",
        help="as GET /autopilot/diagnose: {token, resources, timestamp, permissions, missing, checks}",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    stack = None if options.url else read_stack(options.stack, Path.cwd())
    document = _from_here(stack) if stack else _from_router(options.url)
    if options.json:
        terminal.write(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        terminal.table(COLUMNS, rows(document))
        if steps := next_steps(document, stack.name if stack else None):
            terminal.write("\nto fix:")
            for step in steps:
                terminal.write(f"  - {step}")
    return verdict(document)


def _from_router(url: str) -> dict[str, Any]:
    with RemoteDiagnosis(url, read_token(os.environ)) as router:
        return router.read()


def _from_here(stack: Stack) -> dict[str, Any]:
    desired = stack.desired()
    with stack.account() as account:
        return diagnose(account, desired, stack.workers_url, stack.name)
