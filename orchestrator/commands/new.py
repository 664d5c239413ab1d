"""`new`: an autopilot by a template, with its Worker, its test, its entries in autopilots.yaml and the catalogue."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from orchestrator.catalog.origin import Origin, origin_path
from orchestrator.catalog.template_changes import unified
from orchestrator.catalog.templates import load_template, render, template_names
from orchestrator.commands.template import about, add_settings, list_templates, read_settings
from orchestrator.errors import UserError
from orchestrator.files import write_together
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.manifest.edit import add_autopilots, add_tasks
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a new autopilot by a template of catalog/templates: its code, its test, its entry in autopilots.yaml "
        "(comments and order stay) with a task, its capability's entry in the catalogue, and a record of the template "
        "for `template diff` and `template update`. Without --template the templates are listed with their settings. "
        "What is there already is never written over."
    )
    parser.epilog = """examples:
  python -m orchestrator new
  python -m orchestrator new weather --template kv-cache --set url=https://weather.example.com/v1 --dry-run
  python -m orchestrator new weather --template kv-cache --set url=https://weather.example.com/v1 --set ttl=900
"""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the autopilot's name, such as weather")
    parser.add_argument("--template", metavar="TEMPLATE", help="which one")
    add_settings(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="{autopilot, template, version, settings, changes: [{path, diff}], tasks, next (commands), isWritten}; "
        "without --template {templates: [{name, title, description, version, settings}]}",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    root = Path.cwd()
    if not options.template:
        if options.name:
            raise UserError("--template says by which template", f"there are: {', '.join(template_names(root))}")
        if options.json:
            listed = [about(load_template(root, name)) for name in template_names(root)]
            terminal.write(json.dumps({"templates": listed}, ensure_ascii=False, indent=2))
        else:
            list_templates(root, terminal)
        return 0
    template = load_template(root, options.template)
    if not options.name:
        raise UserError("the new autopilot has no name", f"python -m orchestrator new NAME --template {template.name}")
    settings = read_settings(options.set)
    rendered = render(template, options.name, settings)
    before = (root / DEFAULT_FILE).read_bytes().decode()
    if any(autopilot.name == options.name for autopilot in load(root / DEFAULT_FILE).autopilots):
        raise UserError(f"{DEFAULT_FILE} has an autopilot `{options.name}` already", "choose another name")
    after = add_tasks(add_autopilots(before, [rendered.autopilot]), rendered.tasks)
    record = origin_path(options.name)
    if there := [path for path in (*rendered.files, record) if (root / path).exists()]:
        raise UserError(f"{', '.join(there)} is there already", "choose another name, or move it away")
    origin = Origin.of(template, settings, rendered)
    texts = {**rendered.files, record: origin.text(), DEFAULT_FILE: after}
    if not options.dry_run:
        write_together({root / path: text for path, text in texts.items()})
    test = next(path for path in rendered.files if path.startswith("tests/"))
    steps = ["make catalog", f"pytest {test}", "make up"]
    if options.json:
        document = {
            "autopilot": options.name,
            "template": template.name,
            "version": template.version,
            "settings": origin.settings,
            "changes": [
                {"path": path, "diff": unified(path, before if path == DEFAULT_FILE else None, text)}
                for path, text in texts.items()
            ],
            "tasks": list(rendered.tasks),
            "next": steps,
            "isWritten": not options.dry_run,
        }
        terminal.write(json.dumps(document, ensure_ascii=False, indent=2))
    elif options.dry_run:
        terminal.out.write(unified(DEFAULT_FILE, before, after))
        for path, text in rendered.files.items():
            terminal.out.write(unified(path, None, text))
        told = f"And {record}, with which `template diff` and `template update` compare."
        terminal.report(terminal.wrapped(told, terminal.err))
    else:
        terminal.write("\n".join(texts))
        commands = ", ".join(f"`{step}`" for step in steps)
        told = f"Next: {commands}; {', '.join(rendered.tasks)} can be asked for then."
        terminal.report(terminal.wrapped(told, terminal.err))
    return 0
