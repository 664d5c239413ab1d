"""`new`: an autopilot by a template, with its Worker, its test, its entries in autopilots.yaml and the catalogue."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping
from pathlib import Path

from orchestrator.catalog.templates import load_template, render, template_names
from orchestrator.errors import UserError
from orchestrator.files import write_whole
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.manifest.edit import add_autopilots, add_tasks
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a new autopilot by a template of catalog/templates: its code, its test, its entry in autopilots.yaml "
        "(comments and order stay) with a task, and its capability's entry in the catalogue. Without --template the "
        "templates are listed with their settings. What is there already is never written over."
    )
    parser.epilog = """examples:
  python -m orchestrator new
  python -m orchestrator new weather --template kv-cache --set url=https://weather.example.com/v1 --dry-run
  python -m orchestrator new weather --template kv-cache --set url=https://weather.example.com/v1 --set ttl=900
"""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the autopilot's name, such as weather")
    parser.add_argument("--template", metavar="TEMPLATE", help="which one")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the template")
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    root = Path.cwd()
    if not options.template:
        if options.name:
            raise UserError("--template says by which template", f"there are: {', '.join(template_names(root))}")
        _list(root, terminal)
        return 0
    template = load_template(root, options.template)
    if not options.name:
        raise UserError("the new autopilot has no name", f"python -m orchestrator new NAME --template {template.name}")
    rendered = render(template, options.name, _chosen(options.set))
    before = (root / DEFAULT_FILE).read_bytes().decode()
    if any(autopilot.name == options.name for autopilot in load(root / DEFAULT_FILE).autopilots):
        raise UserError(f"{DEFAULT_FILE} has an autopilot `{options.name}` already", "choose another name")
    after = add_tasks(add_autopilots(before, [rendered.autopilot]), rendered.tasks)
    if there := [path for path in rendered.files if (root / path).exists()]:
        raise UserError(f"{', '.join(there)} is there already", "choose another name, or move it away")
    if options.dry_run:
        _show(DEFAULT_FILE, before, after, terminal)
        for path, text in rendered.files.items():
            _show(path, "", text, terminal)
        return 0
    _write(root, {**rendered.files, DEFAULT_FILE: after}, terminal)
    test = next(path for path in rendered.files if path.startswith("tests/"))
    terminal.report(f"Next: make catalog; pytest {test}; make up; {', '.join(rendered.tasks)} can be asked for then.")
    return 0


def _list(root: Path, terminal: Terminal) -> None:
    for name in template_names(root):
        template = load_template(root, name)
        terminal.write(f"{name}: {template.description}")
        for key, setting in template.settings.items():
            terminal.write(f"  --set {key}={setting.default}  {setting.description}")


def _chosen(given: list[str]) -> dict[str, str]:
    if wrong := [each for each in given if "=" not in each]:
        raise UserError(f"--set {wrong[0]} has no value", "write --set NAME=VALUE")
    return dict(each.split("=", 1) for each in given)


def _show(path: str, before: str, after: str, terminal: Terminal) -> None:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    terminal.out.writelines(difflib.unified_diff(old, new, path if before else "/dev/null", path))


def _write(root: Path, files: Mapping[str, str], terminal: Terminal) -> None:
    """The manifest comes last: it names what is there then."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_whole(root / path, text)
        terminal.write(path)
