"""`alerts`: what people are told of, how each is now and when it was looked at; and a test of each channel."""

from __future__ import annotations

import argparse
import json
import os

from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.router_client.alerts import Alerts
from orchestrator.terminal import Terminal

_COLUMNS = ("name", "when", "state", "since", "text")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show the alerts of autopilots.yaml with their states, and when the scheduled run evaluated them last: a cron "
        "that has stopped tells nobody anything. `test` sends a message to each channel, and exits with 1 where one is "
        "not reached. The token is read from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator alerts
  python -m orchestrator alerts test
"""
    parser.add_argument("action", nargs="?", choices=("list", "test"), default="list", help="default: list")
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    with Alerts(read_url(options.url, os.environ), read_token(os.environ)) as alerts:
        if options.action == "list":
            _show(alerts.all(), terminal, as_json=options.json)
            return 0
        results = alerts.test()
    if options.json:
        terminal.write(json.dumps(results, indent=2, ensure_ascii=False))
    for each in results:
        if not options.json:
            terminal.write(f"{each['channel']}: {'delivered' if each['delivered'] else each['why']}")
    if not results:
        terminal.report("autopilots.yaml has no `alerts:`, so there is no channel to test")
    return 0 if all(each["delivered"] for each in results) else 1


def _show(document: dict[str, object], terminal: Terminal, *, as_json: bool) -> None:
    if as_json:
        terminal.write(json.dumps(document, indent=2, ensure_ascii=False))
        return
    alerts = document["alerts"]
    if isinstance(alerts, list) and alerts:
        terminal.table(_COLUMNS, [[each[column] or "" for column in _COLUMNS] for each in alerts])
    at = document["evaluatedAt"]
    terminal.report(f"evaluated last at {at}" if at else "they were never evaluated: no scheduled run has ended yet")
    if without := document["withoutUrl"]:
        terminal.report(f"without a URL, so nobody is told there: {', '.join(map(str, without))}")  # type: ignore[call-overload]
