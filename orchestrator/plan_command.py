"""`python -m orchestrator plan TASK`: one task from the command line, through the deployed Worker or directly.

Touches the environment, standard input and output, and what `plan_settings`, `dispatch` and `remote` touch. The exit
code is 0 for an answer of 2xx, 2 for 4xx (the request was wrong), 1 for the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.decision import Decision
from orchestrator.dispatch import Answer, Dispatcher
from orchestrator.errors import UserError
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.plan_request import check_key
from orchestrator.plan_settings import are_local, read_token, read_webhook_secrets, read_worker_urls
from orchestrator.problem import CONTENT_TYPE, Problem
from orchestrator.remote import RemoteDispatcher
from orchestrator.routes import RoutingTable, compile_routes


def add_plan_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `plan` to the command line's commands."""
    parser = commands.add_parser("plan", help="forward a task to its autopilot, or explain where it would go")
    parser.add_argument("task", help="a task of autopilots.yaml, or a capability")
    parser.add_argument("--meta", default="{}", help="the task's data: JSON, @FILE, or - for standard input")
    parser.add_argument("--explain", action="store_true", help="only say which autopilot gets it, and why")
    parser.add_argument("--url", help="the deployed routing Worker (default: $ORCHESTRATOR_URL)")
    parser.add_argument("--direct", action="store_true", help="decide and forward here, without the routing Worker")
    parser.add_argument("--file", type=Path, default=Path(DEFAULT_FILE), help=f"default: {DEFAULT_FILE}")
    parser.add_argument("--idempotency-key", type=check_key, metavar="KEY", help="passed on to the autopilot")
    parser.add_argument("--json", action="store_true", help="compact JSON, problems too")
    parser.set_defaults(run=run_plan)


def run_plan(arguments: argparse.Namespace) -> int:
    """Do what the arguments say; returns the exit code. Raises OrchestratorError."""
    outcome = _outcome(arguments, read_meta(arguments.meta), os.environ)
    if isinstance(outcome, Problem):
        _print_problem(outcome.to_object(), as_json=arguments.json)
        return _exit_code(outcome.status)
    if outcome.headers.get("content-type", "").startswith(CONTENT_TYPE):
        _print_problem(json.loads(outcome.body), as_json=arguments.json)
    else:
        _print_body(outcome.body, as_json=arguments.json)
    return _exit_code(outcome.status)


def read_meta(text: str) -> dict[str, Any]:
    """The JSON object that `--meta` names. Raises UserError."""
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        meta = json.loads(text, parse_constant=_refuse_constant)
    except (OSError, ValueError) as error:
        raise UserError(f"--meta is not JSON: {error}", """for example --meta '{"title": "Welcome"}'""") from error
    if not isinstance(meta, dict):
        raise UserError("--meta must be a JSON object", """for example --meta '{"title": "Welcome"}'""")
    return meta


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _outcome(
    arguments: argparse.Namespace, meta: Mapping[str, Any], environment: Mapping[str, str]
) -> Answer | Problem:
    url = arguments.url or (None if arguments.direct or arguments.explain else environment.get("ORCHESTRATOR_URL"))
    if url:
        with RemoteDispatcher(url, read_token(environment)) as remote:
            if arguments.explain:
                return remote.explain(arguments.task)
            return remote.plan(arguments.task, meta, arguments.idempotency_key)
    table = compile_routes(load(arguments.file))
    if arguments.explain:
        return _explain(table, arguments.task)
    worker_urls = read_worker_urls(environment)
    with Dispatcher(
        table,
        worker_urls=worker_urls,
        webhook_secrets=read_webhook_secrets(environment),
        allow_loopback=are_local(worker_urls),
    ) as dispatcher:
        return dispatcher.plan(arguments.task, meta, arguments.idempotency_key)


def _explain(table: RoutingTable, task: str) -> Answer | Problem:
    with Dispatcher(table) as dispatcher:
        explained = dispatcher.explain(task)
    if isinstance(explained, Decision):
        body = json.dumps(explained.to_object(), ensure_ascii=False).encode()
        return Answer(status=200, headers={"content-type": "application/json"}, body=body, autopilot=None)
    problem = explained.problem
    return Problem(
        status=problem.status,
        title=problem.title,
        detail=problem.detail,
        members={**problem.members, "reasons": list(explained.reasons)},
    )


def _exit_code(status: int) -> int:
    return {2: 0, 4: 2}.get(status // 100, 1)


def _print_body(body: bytes, *, as_json: bool) -> None:
    """The answer byte for byte; on a terminal with a line break, and indented when it is JSON."""
    if sys.stdout.isatty():
        if not as_json:
            with contextlib.suppress(ValueError):  # a page, an image: as it is
                body = json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
        body += b"\n"
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _print_problem(document: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stderr.write(json.dumps(document, ensure_ascii=False) + "\n")
        return
    lines = [f"{document.get('title')}: {document.get('detail', '')}"]
    lines += [f"  {name}: {_text(value)}" for name, value in document.items() if name not in _SHOWN]
    sys.stderr.write("\n".join(lines) + "\n")


_SHOWN = ("type", "title", "detail")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
