"""`show`: what a manifest implies, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from pydantic.alias_generators import to_camel

from orchestrator.desired.derive import Desired, derive
from orchestrator.desired.resources import Binding, SecretBinding, TextBinding, Worker
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print what a manifest implies: namespaces, buckets, databases, Workers with their bindings, routes."
    )
    parser.epilog = """examples:
  python -m orchestrator show
  python -m orchestrator show --json | jq '.workers[] | {name, crons}'
  python -m orchestrator show --name-prefix pr-7- --stage pr-7
"""
    parser.add_argument("file", nargs="?", default=DEFAULT_FILE, metavar="FILE", help=f"default: {DEFAULT_FILE}")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    parser.add_argument("--name-prefix", default="", metavar="PREFIX", help="as the stack's config `namePrefix`")
    parser.add_argument("--stage", default="local", metavar="STACK", help="bound to Workers as STAGE; default: local")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    desired = derive(load(options.file), name_prefix=options.name_prefix, stage=options.stage)
    if options.json:
        terminal.write(json.dumps(as_json(desired), indent=2))
    else:
        _tables(desired, terminal)
    return 0


def as_json(desired: Desired) -> dict[str, Any]:
    """The keys are part of the contract; `routes` is the routing table as the Worker has it."""
    return {
        "kvNamespaces": [_members(each) for each in desired.kv_namespaces],
        "r2Buckets": [_members(each) for each in desired.r2_buckets],
        "d1Databases": [_members(each) for each in desired.d1_databases],
        "queues": [_members(each) for each in desired.queues],
        "workers": [
            {**_members(worker), "bindings": [{"type": each.type, **_members(each)} for each in worker.bindings]}
            for worker in desired.workers
        ],
        "routes": json.loads(desired.routes.to_json()),
    }


def _members(value: Any) -> dict[str, Any]:
    return {to_camel(key): _camel(member) for key, member in asdict(value).items()}


def _camel(member: Any) -> Any:
    return {to_camel(key): _camel(each) for key, each in member.items()} if isinstance(member, dict) else member


def _tables(desired: Desired, terminal: Terminal) -> None:
    def heading(text: str, count: int) -> None:
        terminal.write(f"{terminal.styled(text, 'bold')} ({count})")

    heading("KV namespaces", len(desired.kv_namespaces))
    terminal.table(["TITLE", "NEEDED BY"], [[kv.title, _list(kv.owners)] for kv in desired.kv_namespaces])
    terminal.write()
    heading("R2 buckets", len(desired.r2_buckets))
    terminal.table(
        ["NAME", "LOCATION", "JURISDICTION", "STORAGE CLASS", "NEEDED BY"],
        [[r2.name, r2.location, r2.jurisdiction, r2.storage_class, _list(r2.owners)] for r2 in desired.r2_buckets],
    )
    terminal.write()
    heading("D1 databases", len(desired.d1_databases))
    terminal.table(
        ["NAME", "JURISDICTION", "NEEDED BY"],
        [[d1.name, d1.jurisdiction, _list(d1.owners)] for d1 in desired.d1_databases],
    )
    terminal.write()
    if desired.queues:
        heading("Queues", len(desired.queues))
        terminal.table(
            ["NAME", "TAKEN BY", "DEAD LETTERS"],
            [
                [queue.name, consumer.worker, consumer.dead_letters]
                if (consumer := queue.consumer)
                else [queue.name, "", ""]
                for queue in desired.queues
            ],
        )
        terminal.write()
    heading("Workers", len(desired.workers))
    for worker in desired.workers:
        _worker(worker, terminal)
    heading("Tasks", len(desired.routes.tasks))
    rows = []
    for name, rule in sorted(desired.routes.tasks.items()):
        able = [route.name for route in desired.routes.autopilots if rule.capability in route.capabilities]
        later = ["asynchronous"] if rule.later else []
        notes = [*later, *(note for note in ("once", "idempotent", "stream") if getattr(rule, note))]
        rows.append([name, rule.capability, _list(able), f"{rule.timeout_ms / 1000:g} s", _list(notes)])
    terminal.table(["TASK", "CAPABILITY", "AUTOPILOTS", "TIMEOUT", "NOTES"], rows)
    if desired.routes.schedules:
        terminal.write()
        heading("Schedules", len(desired.routes.schedules))
        schedules = sorted(desired.routes.schedules.items())
        terminal.table(
            ["NAME", "TASK", "EVERY", "TIME ZONE"],
            [[name, each.task, each.every, each.timezone] for name, each in schedules],
        )


def _worker(worker: Worker, terminal: Terminal) -> None:
    script = worker.source or f"{len(worker.content or ''):,} characters in the manifest"
    crons = f", cron {', '.join(worker.crons)}" if worker.crons else ""
    settings = "".join(f", {each}" for each in _settings(worker))
    terminal.write(terminal.wrapped(f"  {worker.name}: {script}, for {worker.owner}{crons}{settings}"))
    terminal.table(
        ["BINDING", "TYPE", "TO"], [[each.name, each.type, _target(each)] for each in worker.bindings], indent="    "
    )
    terminal.write()


def _settings(worker: Worker) -> Iterator[str]:
    """What is not as in most Workers."""
    if worker.public:
        yield "public"
    if not worker.observability.enabled:
        yield "keeps no logs"
    elif worker.observability.head_sampling_rate != 1:
        yield f"keeps logs of {worker.observability.head_sampling_rate:.4g} of its runs"
    if worker.placement:
        yield f"placement {worker.placement}"
    if worker.limits.cpu_ms:
        yield f"at most {worker.limits.cpu_ms:,} ms of CPU"
    if worker.tail_consumers:
        yield f"logs to {_list(worker.tail_consumers)}"
    if worker.logpush:
        yield "logpush"
    if worker.domains:
        yield f"at {_list(worker.domains)}"


def _target(binding: Binding) -> str:
    if isinstance(binding, SecretBinding):
        return "optional" if binding.optional else ""
    if isinstance(binding, TextBinding):
        return binding.text if len(binding.text) <= 40 else f"{binding.text[:39]}…"
    return next((value for key, value in asdict(binding).items() if key != "name"), "")


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)
