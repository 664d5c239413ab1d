"""`pull`: what was registered at run time goes into the manifest, where a pull request reviews it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from orchestrator.catalog.template_changes import unified
from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.errors import UserError
from orchestrator.files import write_whole
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.manifest.edit import add_autopilots, entry
from orchestrator.router_client.registry import Registry
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write the autopilots that are registered at run time, and not declared, into the manifest. Comments and order "
        "stay. The token is read from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator pull --dry-run
  python -m orchestrator pull helper && git switch -c declare-helper && git commit -a
"""
    parser.add_argument("name", nargs="*", metavar="NAME", help="only these; default: all")
    parser.add_argument("--file", default=DEFAULT_FILE, metavar="FILE", help=f"the manifest; default: {DEFAULT_FILE}")
    parser.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{file, added, neededWorkers: [{autopilot, worker}], diff, isWritten}; added: names; neededWorkers: those "
        "that the file may have to declare; isWritten is false with --dry-run, and where nothing is added",
    )
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    declared = {autopilot.name for autopilot in load(options.file).autopilots}
    url, token = read_url(options.url, os.environ), read_token(os.environ)
    with Registry(url, token) as registry:
        registrations = _chosen(registry.all(), options.name)
    new = [each for each in registrations if each["name"] not in declared]
    path = Path(options.file)
    before = path.read_bytes().decode()
    after = add_autopilots(before, [entry(each) for each in new], options.file)
    is_written = bool(new) and not options.dry_run
    if is_written:
        write_whole(path, after)
    if options.json:
        terminal.write(json.dumps(_document(new, options.file, before, after, is_written=is_written), indent=2))
    elif not new:
        terminal.report(f"{options.file} declares everything that is registered")
    elif options.dry_run:
        terminal.out.write(unified(options.file, before, after))
    else:
        terminal.write(f"{options.file}: added {', '.join(each['name'] for each in new)}")
        _tell_what_is_next(new, terminal)
    return 0


def _document(new: list[dict[str, Any]], file: str, before: str, after: str, *, is_written: bool) -> dict[str, Any]:
    workers = [{"autopilot": each["name"], "worker": name} for each in new for name in each["needs"]["workers"]]
    return {
        "file": file,
        "added": [each["name"] for each in new],
        "neededWorkers": workers,
        "diff": unified(file, before, after) if new else "",
        "isWritten": is_written,
    }


def _chosen(registrations: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    registered = [each["name"] for each in registrations]
    if unknown := sorted(set(names) - set(registered)):
        raise UserError(
            f"no autopilot is registered as {', '.join(unknown)}", f"registered: {', '.join(registered) or 'none'}"
        )
    return [each for each in registrations if not names or each["name"] in names]


def _tell_what_is_next(new: list[dict[str, Any]], terminal: Terminal) -> None:
    for each in new:
        for worker in each["needs"]["workers"]:
            told = f"{each['name']} needs the Worker {worker}: declare it with its script, if it is not yet"
            terminal.report(terminal.wrapped(told, terminal.err))
    told = (
        "Next: a pull request. Once `pulumi up` has run, what is declared goes before the registration, which may then "
        "be removed: `python -m orchestrator register --remove NAME`."
    )
    terminal.report(terminal.wrapped(told, terminal.err))
