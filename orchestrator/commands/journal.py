"""`journal`: what became of tasks, newest first; with --stats the figures of each autopilot."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.errors import UserError
from orchestrator.router_client.journal import Journal
from orchestrator.terminal import Terminal

_FILTERS = {
    "autopilot": "autopilot",
    "outcome": "outcome",
    "task": "task",
    "kind": "kind",
    "caller": "caller",
    "request_id": "requestId",
}
_HELP = "only with this one; one that there is not names those that there are"
_REQUEST = "only of this request"
_COLUMNS = ("at", "kind", "caller", "task", "autopilot", "outcome", "status", "durationMs", "requestId")
_DEFAULT_COUNT = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print the journal of the deployed routing Worker, newest first: who asked for what, where it went, what "
        "became of it. The token is read from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator journal --since 24h --outcome unknown
  python -m orchestrator journal --autopilot payout-batch --json | jq '.[] | {at, task, outcome}'
  python -m orchestrator journal --stats --since 7d
"""
    parser.add_argument(
        "--since", metavar="WHEN", help="a time (2026-11-22T10:00:00Z), a date, or an age: 15m, 24h, 7d"
    )
    parser.add_argument("--until", metavar="WHEN", help="the same; what is at that time is left out")
    for name in _FILTERS:
        told = _REQUEST if name == "request_id" else _HELP
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="NAME", help=told)
    parser.add_argument(
        "--count", type=int, metavar="N", help=f"print at most so many entries; default: {_DEFAULT_COUNT}"
    )
    parser.add_argument("--stats", action="store_true", help="instead of entries: counts, error rate and latencies")
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    parser.add_argument("--json", action="store_true", help="a list of entries, or with --stats the answer as it is")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    filters = {
        parameter: value for name, parameter in _FILTERS.items() if (value := getattr(options, name)) is not None
    }
    if options.stats and (filters or options.count is not None):
        raise UserError(
            "the figures count all tasks; leave the other filters out", "--stats takes only --since and --until"
        )
    times = {name: value for name in ("since", "until") if (value := getattr(options, name)) is not None}
    url, token = read_url(options.url, os.environ), read_token(os.environ)
    with Journal(url, token) as journal:
        if options.stats:
            found: Any = journal.stats(times)
        else:
            found = list(
                journal.entries({**times, **filters}, _DEFAULT_COUNT if options.count is None else options.count)
            )
            if not found:
                journal.check_names(filters, lambda kind, name: any(journal.entries({kind: name}, 1)))
    if options.json:
        terminal.write(json.dumps(found, indent=2, ensure_ascii=False))
    elif options.stats:
        _show_stats(found, terminal)
    elif found:
        rows = [[_shown(entry, column) for column in _COLUMNS] for entry in found]
        terminal.table(_COLUMNS, rows, spare=("requestId", "kind", "status", "caller", "durationMs"))
    else:
        terminal.report("the journal has no such entry")
    return 0


def _shown(entry: dict[str, Any], column: str) -> Any:
    """Times to the second, in the form that --since takes."""
    return f"{entry[column][:19]}Z" if column == "at" else entry[column]


def _show_stats(stats: dict[str, Any], terminal: Terminal) -> None:
    terminal.write(f"{stats['decisions']} tasks from {stats['since']} to {stats['until']}")
    if not stats["complete"]:
        terminal.report("There were more: the newest are counted, and a day's journal has a limit.")
    rows = [
        (name, each["decisions"], each["errors"], f"{each['errorRate']:.1%}", *each["latencyMs"].values())
        for name, each in stats["autopilots"].items()
    ]
    if rows:
        terminal.table(("autopilot", "tasks", "errors", "error rate", "p50 ms", "p90 ms", "p99 ms"), rows)
    if stats["unrouted"]:
        listed = ", ".join(f"{outcome} {count}" for outcome, count in stats["unrouted"].items())
        terminal.write(f"to no autopilot: {listed}")
