"""`plan`: one task, through the deployed routing Worker or directly; or where it would go, and why.

Exit codes: 0 done, 3 for an outcome that nobody knows, 4 for a task that was done in part; else 2 for 4xx (the request
was wrong) and 1 for the rest. The answer goes to standard output byte for byte, a problem document to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from orchestrator.catalog import load_catalog
from orchestrator.dispatch.dispatcher import Answer, Dispatcher
from orchestrator.dispatch.outcome import outcome_of, problem_of
from orchestrator.dispatch.request import JsonText, check_key
from orchestrator.dispatch.settings import are_local, read_token, read_webhook_secrets, read_worker_urls
from orchestrator.errors import UserError
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.router_client.connection import RemoteDispatcher
from orchestrator.routing.compile import compile_routes
from orchestrator.routing.decision import Decision
from orchestrator.routing.problem import Problem
from orchestrator.terminal import Terminal

_EXIT_CODES = {"unknown": 3, "partly": 4}
_META_EXAMPLE = """for example --meta '{"title": "Welcome"}'"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Forward a task to its autopilot and print the answer. Through the deployed routing Worker with --url or "
        "$ORCHESTRATOR_URL (token: $ORCHESTRATOR_TOKEN); else directly, with the Workers' URLs from "
        "$AUTOPILOT_WORKER_URLS and the secret from $WEBHOOK_SECRET, or both from the selected Pulumi stack."
    )
    parser.epilog = """examples:
  python -m orchestrator plan generate_page --explain
  python -m orchestrator plan generate_page --meta '{"title": "Welcome"}'
  python -m orchestrator plan run_payout_batch --meta @batch.json --idempotency-key payout-2026-11
"""
    parser.add_argument("task", metavar="TASK", help="a task of the manifest, or a capability")
    parser.add_argument("--meta", metavar="JSON", help="the task's data; @FILE, or - for standard input")
    parser.add_argument("--explain", action="store_true", help="say who would get it and why; nothing is forwarded")
    parser.add_argument(
        "--idempotency-key", type=_key, metavar="KEY", help="names this task and its repeats; needed for a `once` task"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    way.add_argument("--direct", action="store_true", help="without the routing Worker")
    parser.add_argument("--file", default=DEFAULT_FILE, metavar="FILE", help=f"the manifest; default: {DEFAULT_FILE}")
    parser.add_argument("--json", action="store_true", help="compact JSON even on a terminal, problems too")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    meta = None if options.meta is None else _meta(options.meta)
    outcome = _outcome(options, meta, os.environ)
    document = outcome.to_object() if isinstance(outcome, Problem) else problem_of(outcome)
    if document is not None:
        _print_problem(document, terminal, as_json=options.json)
    elif isinstance(outcome, Answer) and not outcome.is_passed_on:
        _print_answer(outcome.body, terminal, as_json=options.json)
    if options.explain:
        word = None
    elif isinstance(outcome, Answer) and (goes_on := _goes_on(outcome)):
        terminal.report(f"it is {goes_on}; the same command says how far it is")
        word = "partly"
    elif isinstance(outcome, Answer) and (outcome.autopilot or document is None):
        word = outcome_of(outcome)
    else:  # a problem of the router says itself what became of the task, where it was on its way
        word = (document or {}).get("outcome")
    return _EXIT_CODES.get(str(word)) or {2: 0, 4: 2}.get(outcome.status // 100, 1)


def _goes_on(answer: Answer) -> str | None:
    """How far a task is that its autopilot has taken and not ended: a 202 that names its run; None for any other."""
    if answer.status != HTTPStatus.ACCEPTED or answer.autopilot is None:
        return None
    try:
        said = json.loads(answer.body)
    except ValueError:
        return None
    is_of_run = isinstance(said, dict) and said.get("run") == answer.headers.get("x-run-id")
    return str(said.get("status", "in progress")) if is_of_run and said.get("run") else None


def _outcome(options: argparse.Namespace, meta: JsonText | None, environment: Mapping[str, str]) -> Answer | Problem:
    is_direct = options.direct or (options.explain and not options.url)
    url = None if is_direct else options.url or environment.get("ORCHESTRATOR_URL")
    if url:
        with RemoteDispatcher(url, read_token(environment)) as remote:
            if options.explain:
                return remote.explain(options.task, meta)
            return remote.plan(options.task, meta, options.idempotency_key, on_part=_print_part)
    table = compile_routes(load(options.file))
    entries = load_catalog(Path(options.file).parent, table.rule_of(options.task).capability)
    catalog = {name: entry.meta for name, entry in entries.items()}
    if options.explain:
        return _explain(Dispatcher(table, catalog=catalog), options.task, meta)
    worker_urls = read_worker_urls(environment)
    with Dispatcher(
        table,
        catalog=catalog,
        worker_urls=worker_urls,
        webhook_secrets=read_webhook_secrets(environment),
        allow_loopback=are_local(worker_urls),
    ) as dispatcher:
        return dispatcher.plan(options.task, meta, options.idempotency_key, on_part=_print_part)


def _explain(dispatcher: Dispatcher, task: str, meta: JsonText | None) -> Answer | Problem:
    with dispatcher:
        explained = dispatcher.explain(task, meta)
    if isinstance(explained, Decision):
        body = json.dumps(explained.to_object(), ensure_ascii=False).encode()
        return Answer(status=200, headers={"content-type": "application/json"}, body=body, autopilot=None)
    problem = explained.problem
    return replace(problem, members={**problem.members, "reasons": list(explained.reasons)})


def _key(text: str) -> str:
    try:
        return check_key(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _meta(text: str) -> JsonText:
    """The text of the JSON object that `--meta` names. Raises UserError."""
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        meta = json.loads(text, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise UserError("--meta is nested too deep", _META_EXAMPLE) from error
    except OSError as error:
        raise UserError(f"--meta cannot be read: {text.removeprefix('@')}: {error.strerror}", _META_EXAMPLE) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UserError(f"--meta is not JSON: {place}", _META_EXAMPLE) from error
    except ValueError as error:
        raise UserError("--meta is not JSON: it must be text in UTF-8", _META_EXAMPLE) from error
    if not isinstance(meta, dict):
        raise UserError("--meta must be a JSON object", _META_EXAMPLE)
    return JsonText(text)


def _refuse_constant(name: str) -> None:
    raise UserError(f"--meta is not JSON: {name} is no JSON value", _META_EXAMPLE)


def _print_part(part: bytes) -> None:
    """Of an answer that is passed on as it comes."""
    sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def _print_answer(body: bytes, terminal: Terminal, *, as_json: bool) -> None:
    """A page, an image: as it is. For a person JSON is indented, and ends with a line break."""
    try:
        text = body.decode()
        if terminal.out.isatty() and not as_json:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except UnicodeDecodeError:
        terminal.out.flush()
        sys.stdout.buffer.write(body)
        return
    except ValueError:
        pass
    terminal.out.write(text if text.endswith("\n") else f"{text}\n")


def _print_problem(document: Mapping[str, Any], terminal: Terminal, *, as_json: bool) -> None:
    if as_json:
        terminal.report(json.dumps(document, ensure_ascii=False))
        return
    title = terminal.styled(str(document.get("title", "Problem")), "red", terminal.err)
    terminal.report(f"{title}: {document.get('detail', '')}")
    for name, value in document.items():
        if name not in ("type", "title", "detail"):
            terminal.report(f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
