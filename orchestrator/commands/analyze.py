"""`analyze`: why tasks failed, in groups of the same kind, each with its cause and the command for it."""

from __future__ import annotations

import argparse
import json
import os
import re
from dataclasses import asdict
from typing import Any

from orchestrator.analysis.groups import VERSION, FailureGroup, group
from orchestrator.analysis.rules import advice_for
from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.router_client.journal import Journal
from orchestrator.terminal import Terminal

_MOST = 5_000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Read the journal of the deployed routing Worker and group what failed. Grouping is deterministic: the same "
        "entries give the same groups. The token is read from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator analyze
  python -m orchestrator analyze --since 7d --json | jq '.groups[] | {count, why, command}'
"""
    parser.add_argument("--since", metavar="WHEN", default="24h", help="a time, a date, or an age; default: 24h")
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    parser.add_argument("--json", action="store_true", help="the groups with all that is known of them")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    with Journal(read_url(options.url, os.environ), read_token(os.environ)) as journal:
        entries = list(journal.entries({"since": options.since}, _MOST))
    groups = group(entries)
    if len(entries) == _MOST:
        terminal.report(f"There were more: the newest {_MOST} entries were looked at. A shorter --since looks at all.")
    if options.json:
        told = {"groupedBy": VERSION, "entries": len(entries), "groups": [document(each) for each in groups]}
        terminal.write(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    if not groups:
        terminal.report(f"nothing failed in the {len(entries)} entries since {options.since}")
    for each in groups:
        _show(each, terminal)
    return 0


def document(each: FailureGroup) -> dict[str, Any]:
    """A group with its cause and command, as `--json` prints it."""
    fields = {re.sub(r"_(\w)", lambda found: found[1].upper(), key): value for key, value in asdict(each).items()}
    return {**fields, **asdict(advice_for(each))}


def _show(each: FailureGroup, terminal: Terminal) -> None:
    advice = advice_for(each)
    title = f"{each.count} × {each.outcome} · {each.capability or each.kind} · {each.autopilot or 'no autopilot'}"
    terminal.write(terminal.styled(title, "bold"))
    terminal.write(f"  {advice.cause}")
    terminal.write(f"  seen from {each.first_seen} to {each.last_seen}, {each.trend}")
    if each.detail:
        terminal.write(f"  detail: {each.detail}")
    terminal.write(f"  requests: {', '.join(each.samples)}")
    terminal.write(f"  next: {terminal.styled(advice.command, 'green')}\n")
