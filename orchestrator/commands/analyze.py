"""`analyze`: why tasks failed, in groups of the same kind, each with its cause and the command for it."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from orchestrator.analysis import summary
from orchestrator.analysis.groups import VERSION, FailureGroup, group
from orchestrator.analysis.logs import LogGroup, group_logs
from orchestrator.analysis.rules import advice_for
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.workers_ai import run_model
from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.errors import OrchestratorError
from orchestrator.limits.plans import NEURONS
from orchestrator.logs import is_on_this_machine, read_logs
from orchestrator.manifest import DEFAULT_FILE
from orchestrator.router_client.journal import Journal
from orchestrator.terminal import Terminal

_MOST = 5_000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Read the journal of the deployed routing Worker, and the Workers' logs, and group what failed. Grouping is "
        "deterministic: the same entries give the same groups. A log line of a task that failed is told with that "
        "failure. The router's token is read from $ORCHESTRATOR_TOKEN, the account from $CLOUDFLARE_ACCOUNT_ID and "
        "$CLOUDFLARE_API_TOKEN, which needs Workers Observability Edit; without them the journal is grouped alone."
    )
    parser.epilog = f"""examples:
  python -m orchestrator analyze
  python -m orchestrator analyze --since 7d --json | jq '.groups[] | {{count, why, command}}'
  python -m orchestrator analyze --summary

--summary sends the {summary.MOST_GROUPS} most frequent groups to a model of Workers AI, {summary.MODEL},
through the account's API: of each its id, names, outcome, status, count, times, cause, and the redacted detail; no
request id, caller, meta, or log line as it was. It costs some tens of the account's {NEURONS.free:,} free neurons a
day, and needs Workers AI Read. What the model says of no group of these is left out. Without an answer the groups are
printed alone, and why.
"""
    parser.add_argument("file", nargs="?", default=DEFAULT_FILE, metavar="FILE", help=f"default: {DEFAULT_FILE}")
    parser.add_argument("--since", metavar="WHEN", default="24h", help="a time, a date, or an age; default: 24h")
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    parser.add_argument("--name-prefix", default="", metavar="PREFIX", help="as the stack's config `namePrefix`")
    parser.add_argument(
        "--summary", action="store_true", help="have a model say what stands out (below); off by default"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="{groupedBy, entries, logs: {lines, notes}, groups}; `lines` is null where no logs were read; with "
        "--summary also summary: {model, note, statements: [{text, groups}], dropped, neurons, reason}",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    with Journal(read_url(options.url, os.environ), read_token(os.environ)) as journal:
        entries = list(journal.entries({"since": options.since}, _MOST))
    logs = read_logs(options.file, options.name_prefix, options.since)
    is_local = is_on_this_machine()
    failures = group(entries)
    lines = group_logs(logs.lines or (), entries, failures, logs.owners)
    said = _summarise([*failures, *lines]) if options.summary else None
    if len(entries) == _MOST:
        more = f"There were more: the newest {_MOST} entries were looked at. A shorter --since looks at all."
        terminal.report(terminal.wrapped(more, terminal.err))
    if options.json:
        groups = [document(each, is_local=is_local) for each in (*failures, *lines)]
        told = {"lines": None if logs.lines is None else len(logs.lines), "notes": logs.notes}
        marked = {} if said is None else {"summary": {"model": summary.MODEL, "note": _note(is_local), **asdict(said)}}
        whole = {"groupedBy": VERSION, "entries": len(entries), "logs": told, "groups": groups, **marked}
        terminal.write(json.dumps(whole, indent=2, ensure_ascii=False))
        return 0
    _show_all(failures, lines, terminal, is_local=is_local)
    if not failures and not lines:
        looked = "" if logs.lines is None else f", nor in the logs ({len(logs.lines)} lines)"
        terminal.report(f"nothing failed in the {len(entries)} entries since {options.since}{looked}")
    if said is not None:
        _show_summary(said, terminal, note=_note(is_local))
    for note in logs.notes:
        terminal.report(terminal.wrapped(note, terminal.err))
    return 0


def document(each: FailureGroup, *, is_local: bool = False) -> dict[str, Any]:
    """A group with its cause and command, as `--json` prints it."""
    fields = {re.sub(r"_(\w)", lambda found: found[1].upper(), key): value for key, value in asdict(each).items()}
    return {**fields, **asdict(advice_for(each, is_local=is_local))}


def _summarise(groups: Sequence[FailureGroup]) -> summary.Summary:
    """The model's words, or why there are none: never a failure of the command."""
    sent = summary.sent(groups)
    if not sent:
        return summary.Summary(reason="there is no group to sum up, so no model was asked")
    try:
        with Account.of_environment() as account:
            return summary.read(run_model(account, summary.MODEL, summary.inputs(sent)), sent)
    except OrchestratorError as error:
        return summary.Summary(reason=f"no model answered: {error.on_one_line}")


def _note(is_local: bool) -> str:
    return summary.STAND_IN if is_local else summary.MARK


def _show_all(
    failures: Sequence[FailureGroup], lines: Sequence[LogGroup], terminal: Terminal, *, is_local: bool
) -> None:
    for each in failures:
        show(each, terminal, is_local=is_local, its_log=[line for line in lines if line.part_of == each.id])
    for line in lines:
        if line.part_of is None:
            show(line, terminal, is_local=is_local)


def show(each: FailureGroup, terminal: Terminal, *, is_local: bool, its_log: Sequence[LogGroup] = ()) -> None:
    """A group as a person reads it."""
    advice = advice_for(each, is_local=is_local)
    name = each.worker if isinstance(each, LogGroup) else each.capability or each.kind
    title = f"{each.count} × {each.outcome} · {name} · {each.autopilot or 'no autopilot'}"
    terminal.write(f"{terminal.styled(title, 'bold')} · {terminal.styled(each.id, 'dim')}")
    terminal.write(terminal.wrapped(f"  {advice.cause}"))
    terminal.write(terminal.wrapped(f"  seen from {each.first_seen} to {each.last_seen}, {each.trend}"))
    if each.detail:
        terminal.write(terminal.wrapped(f"  detail: {each.detail}"))
    for line in its_log:
        terminal.write(
            terminal.wrapped(f"  its log: {line.count} × {line.outcome} of {line.worker} · {line.id}: {line.detail}")
        )
    terminal.write(terminal.wrapped(f"  requests: {', '.join(each.samples)}"))
    if not (its_log and advice.command.endswith(" analyze")):  # what the log says stands above
        terminal.write(f"  next: {terminal.styled(advice.command, 'green')}")
    terminal.write()


def _show_summary(said: summary.Summary, terminal: Terminal, *, note: str) -> None:
    terminal.write(terminal.styled(f"Summary by {summary.MODEL} ({note})", "bold"))
    for each in said.statements:
        terminal.write(terminal.wrapped(f"  - {each.text} [{', '.join(each.groups)}]"))
    if said.reason:
        terminal.write(terminal.wrapped(f"  {said.reason}"))
    if said.dropped:
        terminal.write(terminal.wrapped(f"  left out: {said.dropped} that cite no group, or one that is not there"))
    if said.neurons is not None:
        terminal.write(f"  cost: about {said.neurons} neurons; {NEURONS.free:,} a day are free")
