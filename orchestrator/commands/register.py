"""`register`: an autopilot at run time, without a pull request; until one takes it into the manifest (`pull`)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.errors import UserError
from orchestrator.router_client.registry import Registry
from orchestrator.terminal import Terminal

_EXAMPLE = "for example: register --name helper --endpoint https://helper.example.com/ --capability help.give"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Register an autopilot with the deployed routing Worker, update it, or remove it. What a flag says goes before "
        "what the file says. The token is read from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator register helper.yaml
  python -m orchestrator register --name helper --endpoint https://helper.example.com/ --capability help.give
  python -m orchestrator register --remove helper
"""
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="YAML or JSON, like an entry of `autopilots:`; - for standard input"
    )
    parser.add_argument("--name", metavar="NAME", help="of the autopilot; the same name again is an update")
    parser.add_argument("--endpoint", metavar="URL", help="where it answers: https only")
    parser.add_argument("--capability", action="append", metavar="NAME", help="what it can do; may be given again")
    parser.add_argument("--priority", type=int, metavar="N", help="where several can, the highest is taken; default: 0")
    parser.add_argument("--weight", type=int, metavar="N", help="share among equals, 1 to 100; default: 1")
    parser.add_argument("--kv-namespace", action="append", metavar="TITLE", help="that it needs; may be given again")
    parser.add_argument("--r2-bucket", action="append", metavar="NAME", help="that it needs; may be given again")
    parser.add_argument("--d1-database", action="append", metavar="NAME", help="that it needs; may be given again")
    parser.add_argument("--remove", metavar="NAME", help="remove the registration of this name")
    parser.add_argument("--if-match", metavar="ETAG", help="only if it is still as it was under this `etag`")
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    parser.add_argument("--json", action="store_true", help="print the registration as JSON")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    registration = _registration(options)
    if bool(options.remove) == bool(registration):
        raise UserError("name one thing: an autopilot to register (a file or flags), or --remove NAME", _EXAMPLE)
    url, token = read_url(options.url, os.environ), read_token(os.environ)
    with Registry(url, token) as registry:
        if options.remove:
            registry.remove(options.remove, if_match=options.if_match)
            terminal.write(f"{options.remove} is removed")
        else:
            _print(registry.put(registration, if_match=options.if_match), terminal, as_json=options.json)
    return 0


def _print(registered: dict[str, Any], terminal: Terminal, *, as_json: bool) -> None:
    if as_json:
        terminal.write(json.dumps(registered, indent=2, ensure_ascii=False))
        return
    terminal.write(terminal.wrapped(f"{registered['name']} is registered for {', '.join(registered['capabilities'])}"))
    if missing := registered["missing"]:
        names = ", ".join(f"{each['kind']} {each['name']}" for each in missing)
        told = f"It gets no tasks yet: it needs what autopilots.yaml does not declare ({names})."
        terminal.write(terminal.wrapped(told))
    terminal.write("To declare it: `python -m orchestrator pull`, then a pull request.")


def _registration(options: argparse.Namespace) -> dict[str, Any]:
    """What the file and the flags say; what may stand there is checked by the router."""
    registration = _read(options.file) if options.file else {}
    given = {
        "name": options.name,
        "endpoint": options.endpoint,
        "capabilities": options.capability,
        "priority": options.priority,
        "weight": options.weight,
    }
    registration |= {name: value for name, value in given.items() if value is not None}
    needs = {
        "kvNamespaces": options.kv_namespace,
        "r2Buckets": options.r2_bucket,
        "d1Databases": options.d1_database,
    }
    if given_needs := {name: value for name, value in needs.items() if value is not None}:
        written = registration.get("needs")
        registration["needs"] = {**(written if isinstance(written, dict) else {}), **given_needs}
    return registration


def _read(file: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        registration = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"cannot read the registration from {file}: {error}", "name a YAML or JSON file") from error
    if not isinstance(registration, dict):
        raise UserError(f"{file} holds no registration: it must be a mapping (`key: value`)", _EXAMPLE)
    return registration
