"""`template`: what the templates of today would change in the autopilots that they wrote, and brings it in."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.catalog.origin import Origin, load_origin, origin_path, recorded_names
from orchestrator.catalog.template_changes import unified
from orchestrator.catalog.template_update import Update, find_update, reader, state_of, unrecorded
from orchestrator.catalog.templates import Template, load_template, render, template_names
from orchestrator.errors import DriftFound, UserError
from orchestrator.files import write_together
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.terminal import Terminal

_WORDS = {
    "added": "added",
    "replaced": "replaced: nobody had changed it",
    "merged": "merged with what you changed",
    "marked": "conflict: both changed the same lines. They are marked (<<<<<<< yours): leave what is right",
    "kept": "conflict: what you wrote stays. The template changed there, see below: take over what you want",
    "removed": "removed: the template no longer has it, and nobody had changed it",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Templates change after an autopilot was written by one. `new` writes down what the template said then, in "
        "autopilots/NAME/template.yaml, so `diff` shows what today's would change, and `update` brings it in: a file "
        "that nobody touched is replaced, in the others both changes are merged. No line that you wrote is lost: where "
        "both changed the same, code has git's marks, and YAML (autopilots.yaml, the catalogue) stays as you wrote it."
    )
    parser.epilog = """examples:
  python -m orchestrator template list
  python -m orchestrator template diff weather
  python -m orchestrator template update weather --dry-run
  python -m orchestrator template update weather --set ttl=900
  python -m orchestrator template record weather --template kv-cache

exit codes: 7 where `diff` has something to show, 2 where `update` met a conflict, or would with --dry-run
"""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the templates with their settings, and the autopilots written by one")
    diff = actions.add_parser("diff", help="show what today's template would change")
    update = actions.add_parser("update", help="bring it in")
    record = actions.add_parser("record", help="say by which template one was written that has no record of it")
    each_action = {"list": listing, "diff": diff, "update": update, "record": record}
    for name, action in each_action.items():
        action.set_defaults(action=name)
        action.add_argument("--json", action="store_true", help="print JSON for scripts")
        if name != "list":
            action.add_argument("name", metavar="NAME", help="the autopilot's name")
            add_settings(action)
        if name in ("update", "record"):
            action.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
    record.add_argument("--template", metavar="TEMPLATE", required=True, help="which one")


def add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the template")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    root = Path.cwd()
    if options.action == "list":
        return _list(root, terminal, as_json=options.json)
    if options.action == "record":
        return _record(root, options, terminal)
    update = find_update(root, options.name, read_settings(options.set))
    writes = options.action == "update" and not options.dry_run
    if writes:
        write_together({root / path: text for path, text in update.texts().items()})
    if options.json:
        terminal.write(json.dumps(_document(update, is_written=writes), ensure_ascii=False, indent=2))
    else:
        _show(update, terminal, is_written=writes)
    if options.action == "diff":
        return DriftFound.exit_code if update.changes else 0
    return UserError.exit_code if any(change.is_conflict for change in update.changes) else 0


def list_templates(root: Path, terminal: Terminal) -> None:
    """Each with its settings, as `--set` takes them."""
    for template in (load_template(root, name) for name in template_names(root)):
        terminal.write(terminal.wrapped(f"{template.name}: {template.description}"))
        for key, setting in template.settings.items():
            terminal.write(terminal.wrapped(f"  --set {key}={setting.default}  {setting.description}"))


def read_settings(given: Sequence[str]) -> dict[str, str]:
    """What `--set` said. Raises UserError for one without a value."""
    if wrong := [each for each in given if "=" not in each]:
        raise UserError(f"--set {wrong[0]} has no value", "write --set NAME=VALUE")
    return dict(each.split("=", 1) for each in given)


def _document(update: Update, *, is_written: bool) -> dict[str, Any]:
    return {
        "autopilot": update.name,
        "template": update.today.template,
        "version": {"then": update.then.version, "today": update.today.version},
        "settings": update.today.settings,
        "droppedSettings": update.dropped,
        "changes": [
            {
                "path": each.path,
                "what": each.what,
                "isConflict": each.is_conflict,
                "diff": each.diff,
                "templateDiff": each.template_diff,
            }
            for each in update.changes
        ],
        "isWritten": is_written,
    }


def _show(update: Update, terminal: Terminal, *, is_written: bool) -> None:
    for each in update.changes:
        if not is_written:
            terminal.out.write(each.diff)
    for name in update.dropped:
        terminal.report(f"The template {update.today.template} has no setting `{name}` any more: it is left out.")
    if not update.changes:
        terminal.report(f"{update.name} has all that its template {update.today.template} says today.")
        return
    for each in update.changes:
        terminal.report(f"{each.path}: {_WORDS[each.what]}")
    for each in update.changes:
        terminal.out.write(each.template_diff)
    if is_written:
        terminal.report("Next: git diff; make catalog; make check; make up.")
    else:
        terminal.report(f"Nothing is written yet. To bring it in: python -m orchestrator template update {update.name}")


def _record(root: Path, options: argparse.Namespace, terminal: Terminal) -> int:
    """Take today's template for what the autopilot was written by: its own differences are then the person's."""
    name, path = options.name, origin_path(options.name)
    if load_origin(root, name) is not None:
        raise UserError(f"{path} is there already", f"compare with it: python -m orchestrator template diff {name}")
    if name not in [each.name for each in load(root / DEFAULT_FILE).autopilots]:
        raise unrecorded(root, name)
    template, settings = load_template(root, options.template), read_settings(options.set)
    rendered = render(template, name, settings)
    source, read = next(iter(rendered.files)), reader(root)
    if read(source) is None:
        raise UserError(
            f"{name} was not written by the template {template.name}: there is no {source}",
            f"the templates are: {', '.join(template_names(root))}",
        )
    differing = [each for each, text in rendered.files.items() if read(each) != text]
    origin = Origin.of(template, settings, rendered)
    if not options.dry_run:
        write_together({root / path: origin.text()})
    if options.json:
        document = {
            "autopilot": name,
            "template": template.name,
            "version": template.version,
            "settings": settings,
            "differing": differing,
            "isWritten": not options.dry_run,
        }
        terminal.write(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    if options.dry_run:
        terminal.out.write(unified(path, None, origin.text()))
    else:
        terminal.write(path)
    for each in differing:
        terminal.report(f"{each} is not as the template writes it: that is yours, and stays.")
    return 0


def _list(root: Path, terminal: Terminal, *, as_json: bool) -> int:
    templates = {name: load_template(root, name) for name in template_names(root)}
    written = [state_of(root, name, templates) for name in recorded_names(root)]
    if as_json:
        document = {"templates": [about(each) for each in templates.values()], "autopilots": written}
        terminal.write(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    list_templates(root, terminal)
    if written:
        terminal.write()
        rows = [[each["name"], each["template"], each["state"]] for each in written]
        terminal.table(("autopilot", "template", "state"), rows)
    return 0


def about(template: Template) -> dict[str, Any]:
    """A template as JSON has it."""
    settings = {
        key: {"description": each.description, "default": each.default, "pattern": each.pattern}
        for key, each in template.settings.items()
    }
    return {
        "name": template.name,
        "title": template.title,
        "description": template.description,
        "version": template.version,
        "settings": settings,
    }
