"""`drift`: what the account has, against what autopilots.yaml and the stack declare; read-only."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from orchestrator.drift.check import check
from orchestrator.drift.findings import Drift
from orchestrator.drift.report import COLUMNS, markdown, next_steps, rows, summary, undeclared
from orchestrator.errors import DriftFound
from orchestrator.stack.config import read_stack
from orchestrator.terminal import Terminal

_SUMMARY = "GITHUB_STEP_SUMMARY"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compare the Cloudflare account with what autopilots.yaml and the stack declare, also where Pulumi's refresh "
        "cannot see: bindings, secrets by name, schedules, switches, storage classes. Read-only, no Pulumi update is "
        "run. Exit code 0 when nothing differs, 7 on drift, 1 when the account could not be read. What nobody declared "
        "is listed, and is no drift."
    )
    parser.epilog = """examples:
  python -m orchestrator drift
  python -m orchestrator drift -s prod --full
  python -m orchestrator drift --json | jq '.findings[] | select(.change != "undeclared")'

A Worker is read again only when something was deployed to it since an earlier check read it, and once a day. --full
reads all of them, and asks each for its schedules: one that has no handler for a schedule is not asked otherwise.
"""
    parser.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{stack, account, clean, lost, counts, findings: [{change, kind, key, name, lost, differences: [{path, "
        "desired, live}]}], apiCalls, workers, workersRead}",
    )
    parser.add_argument(
        "--github", action="store_true", help=f"Markdown with a diff for each object, to ${_SUMMARY} where it is set"
    )
    parser.add_argument("--full", action="store_true", help="read every Worker, whatever earlier checks found")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    stack = read_stack(options.stack, Path.cwd())
    drift = check(stack, full=options.full, report=terminal.report)
    if options.github:
        _summarise(markdown(drift, stack=stack.name), terminal)
    if options.json:
        document = drift.as_json(stack=stack.name, account_id=stack.account_id)
        terminal.write(json.dumps(document, indent=2, ensure_ascii=False))
    elif not options.github:
        _show(drift, terminal)
    if not drift.clean:
        raise DriftFound(
            f"the account of the stack {stack.name}: {summary(drift)}", next_steps(drift, stack=stack.name)
        )
    return 0


def _show(drift: Drift, terminal: Terminal) -> None:
    if not drift.clean:
        terminal.table(COLUMNS, rows(drift))
        terminal.write()
    else:
        terminal.write(terminal.styled(summary(drift), "green"))
    if also := undeclared(drift):
        terminal.write(also)


def _summarise(text: str, terminal: Terminal) -> None:
    """GitHub shows the file's content on the page of the run; several steps may add to it."""
    path = os.environ.get(_SUMMARY)
    if not path:
        terminal.write(text)
        return
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
