"""`runs`: tasks that are never done twice or that nobody waits for, what became of each, and what a person does."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from typing import Any

from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.router_client.runs import Runs
from orchestrator.terminal import Terminal

_COLUMNS = ("createdAt", "id", "status", "outcome", "task", "autopilot", "caller", "idempotencyKey")
_SPARE = ("idempotencyKey", "caller", "createdAt", "autopilot")  # on a narrow terminal
_DEFAULT_COUNT = 50
_STATUSES = ("queued", "running", "done", "not-done", "unknown", "dead")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List the runs of tasks that are never done twice or that nobody waits for, newest first; show one; approve "
        "one that waits for it; say how one ended of which nobody knows; have one tried again that was given up; or "
        "cancel one that has not begun. The token is read from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator runs --status unknown
  python -m orchestrator runs --status dead
  python -m orchestrator runs retry run_0123456789abcdef0123456789abcdef
  python -m orchestrator runs show run_0123456789abcdef0123456789abcdef
  python -m orchestrator runs approve run_0123456789abcdef0123456789abcdef --note "seen the invoices"
  python -m orchestrator runs resolve run_0123456789abcdef0123456789abcdef --not-done --note "no transfer at the bank"
"""
    parser.add_argument("--status", choices=_STATUSES, help="only these")
    told = "only of this task; one that there is not names those that there are"
    parser.add_argument("--task", metavar="TASK", help=told)
    parser.add_argument("--since", metavar="WHEN", help="a time, a date, or an age: 15m, 24h, 7d")
    parser.add_argument("--count", type=int, metavar="N", default=_DEFAULT_COUNT, help="at most so many; default: 50")
    _common(parser, None)
    parser.set_defaults(action="list")
    actions = parser.add_subparsers(metavar="ACTION")
    show = actions.add_parser("show", help="all that is known of one run")
    resolve = actions.add_parser("resolve", help="record how an unknown run ended")
    approve = actions.add_parser("approve", help="approve a run that waits for it; another caller asked for it")
    retry = actions.add_parser("retry", help="have one tried again that was given up, or not done")
    cancel = actions.add_parser("cancel", help="cancel one that has not begun")
    each_action = {"show": show, "approve": approve, "resolve": resolve, "retry": retry, "cancel": cancel}
    for name, action in each_action.items():
        action.add_argument("run_id", metavar="ID", help="the run's id: `run` of the problem, or the header X-Run-Id")
        _common(action, argparse.SUPPRESS)
        action.set_defaults(action=name)
    word = resolve.add_mutually_exclusive_group(required=True)
    word.add_argument("--done", dest="resolution", action="store_const", const="done", help="it was done")
    told = "nothing was done: the key may be used again, and the same request is then sent again"
    word.add_argument("--not-done", dest="resolution", action="store_const", const="not-done", help=told)
    approve.add_argument("--refuse", action="store_true", help="do not approve it: nothing of it is done")
    approve.add_argument("--note", metavar="TEXT", help="why; it is kept with what was approved")
    resolve.add_argument("--note", metavar="TEXT", help="how you know; it is kept with the run")


def _common(parser: argparse.ArgumentParser, default: str | None) -> None:
    """The options that may stand before the action and after it; `default` leaves what stood before."""
    shown = "the deployed routing Worker; default: $ORCHESTRATOR_URL"
    parser.add_argument("--url", metavar="URL", default=default, help=shown)
    parser.add_argument("--json", action="store_true", default=default or False, help="as JSON")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    with Runs(read_url(options.url, os.environ), read_token(os.environ)) as runs:
        if options.action == "list":
            names = ("status", "task", "since")
            parameters = {name: value for name in names if (value := getattr(options, name)) is not None}
            found = list(runs.all(parameters, options.count))
            if not found:
                runs.check_names(parameters, lambda kind, name: any(runs.all({kind: name}, 1)))
            _show_list(found, terminal, as_json=options.json)
            return 0
        match options.action:
            case "show":
                one = runs.one(options.run_id)
            case "approve":
                one = runs.approve(options.run_id, options.note, approved=not options.refuse)
            case "retry":
                one = runs.retry(options.run_id)
            case "cancel":
                one = runs.cancel(options.run_id)
            case _:
                one = runs.resolve(options.run_id, options.resolution, options.note)
    _show_one(one, terminal, as_json=options.json)
    return 0


def _show_list(found: list[dict[str, Any]], terminal: Terminal, *, as_json: bool) -> None:
    if as_json:
        terminal.write(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        terminal.table(_COLUMNS, [[each[column] for column in _COLUMNS] for each in found], spare=_SPARE)
    else:
        terminal.report("there is no such run")


def _show_one(one: Mapping[str, Any], terminal: Terminal, *, as_json: bool) -> None:
    if as_json:
        terminal.write(json.dumps(one, indent=2, ensure_ascii=False))
        return
    for name, value in one.items():
        terminal.write(f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    if one["status"] == "dead":
        terminal.report(f"to have it tried again: python -m orchestrator runs retry {one['id']}")
    if one["status"] == "unknown":
        terminal.report(
            f"find out whether it was done, then: python -m orchestrator runs resolve {one['id']} --done, or --not-done"
        )
