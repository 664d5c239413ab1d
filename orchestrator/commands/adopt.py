"""`adopt`: what the account already has of what is declared becomes the stack's, with its data."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.adopt.existing import with_differences
from orchestrator.adopt.replaced import replaced
from orchestrator.adopt.settings import lost_bindings, settings_of, vars_of
from orchestrator.adopt.takeover import Takeover, find_takeover, take_over
from orchestrator.desired.ownership import refusal_of_namesake, refusal_of_others
from orchestrator.drift.check import check
from orchestrator.errors import ExistingError, UserError
from orchestrator.files import write_whole
from orchestrator.heal.report import words as words_of
from orchestrator.kinds import Kind
from orchestrator.manifest import load
from orchestrator.manifest.edit import add_settings, flow_text
from orchestrator.stack.config import Stack, read_stack
from orchestrator.stack.empty_stores import keep_bound_stores, read_bindings
from orchestrator.stack.preview import changes, words
from orchestrator.stack.recover import recover
from orchestrator.stack.rules import start_empty_command
from orchestrator.stack.updates import one_at_a_time
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Find by name what autopilots.yaml declares, the stack does not know, and the account already has: made by "
        "hand, by another tool, kept when it left the file, or recreated after its data was lost. Show how it "
        "differs, import it into the stack (protected meanwhile), run `pulumi up`, and end with an empty preview. Data "
        "stays as it is. A Worker that this stack did not upload is taken over only by name, since the update replaces "
        "its code. What such a Worker has and the file does not say (crons, public, compatibility, observability, "
        "placement, limits, tail consumers, logpush) is written into the file, comments kept, so that it stays. "
        "Bindings that the file does not say go; they are named before."
    )
    parser.epilog = """examples:
  python -m orchestrator adopt --dry-run
  python -m orchestrator adopt -s prod --yes
  python -m orchestrator adopt -s prod --overwrite efh-agent
"""
    parser.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    parser.add_argument("--dry-run", action="store_true", help="show it, and change nothing")
    parser.add_argument(
        "--overwrite",
        action="append",
        default=[],
        metavar="NAME",
        help="also take over this Worker, which is not ours, or this custom domain, which leads to another Worker",
    )
    parser.add_argument(
        "--vars",
        action="store_true",
        help="write the texts of such a Worker's variables into the file too, where it has no `vars` for it; look that "
        "no secret is among them",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--json",
        action="store_true",
        help="{stack, existing: [{kind, key, name, id, ours, differences: [{path, desired, live}]}], elsewhere: "
        "[{name, jurisdiction}], replaced, theirs: [{kind, name, worker}], refused, settings, loses, update, adopted}; "
        "elsewhere: full buckets in another jurisdiction; replaced: lost things of which there is another one, as "
        "`drift --json` has them; theirs: what another platform has, by one of its Workers; refused: Workers that "
        "would need --overwrite; settings: what the file gets of each Worker that is overwritten; loses: "
        "the type of each binding that it loses, by Worker and name; update: what `pulumi up` does beside, in words",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    stack = read_stack(options.stack, Path.cwd())
    with one_at_a_time(stack, "adopt", terminal.report):
        if not options.dry_run:
            recover(stack, report=terminal.report)
        found = _look(stack, terminal)
        refused = _refused(found, options.overwrite)
        _keep_bound_stores(stack, found, refused, terminal)
        taken = [each.wanted.name for each in found.foreign if options.dry_run or each.wanted.name not in refused]
        loses = lost_bindings(found.existing, taken)
        settings = _unsaid(stack, _settings(stack, found, taken, loses if options.vars else {}, terminal))
        if not options.json:
            _show(found, terminal)
            for name, unsaid in settings.items():
                terminal.write(f"{stack.manifest.name} gets what {name} has, which so stays: {flow_text(unsaid)}")
            for told in _told_losses(loses, settings, stack):
                terminal.write(terminal.wrapped(told))
        wanted = bool(found.existing or found.renamed or found.replaced) or found.unfinished
        adopted = wanted and not refused and not found.theirs and not found.elsewhere and not options.dry_run
        if adopted:
            _confirm(options, stack.name, terminal)
            display = terminal.err if options.json else terminal.out
            if settings:
                text = stack.manifest.read_bytes().decode()
                write_whole(stack.manifest, add_settings(text, settings, stack.manifest.name))
                terminal.report(f"{stack.manifest.name} says now what {', '.join(settings)} had")
                found = _look(stack, terminal)
            with stack.account(report=terminal.report) as account:
                take_over(stack, account, found, report=terminal.report, display=display)
    if options.json:
        terminal.write(
            json.dumps(_document(stack, found, refused, settings, loses, adopted), indent=2, ensure_ascii=False)
        )
    elif adopted:
        count = len(found.existing) + len(found.renamed) + len(found.replaced)
        terminal.write(f"Taken over: {count}; the stack {stack.name} is as declared, its preview is empty.")
    if found.theirs and not options.dry_run:
        first = found.theirs[0]
        raise refusal_of_others(first.wanted.kind, first.wanted.name, first.owner, stack.name)
    if found.elsewhere and not options.dry_run:
        store = found.elsewhere[0].store
        command = start_empty_command([store.name], stack.start_empty, stack.name)
        raise refusal_of_namesake(store, stack.name, command)
    if refused and not options.dry_run:
        names = " ".join(f"--overwrite {shlex.quote(name)}" for name in [*options.overwrite, *refused])
        raise ExistingError(
            f"nothing was taken over: the stack {stack.name} did not make {', '.join(refused)}, and an update would "
            "overwrite it",
            f"python -m orchestrator adopt -s {stack.name} {names} takes it over too",
        )
    return 0


def _look(stack: Stack, terminal: Terminal) -> Takeover:
    """What can be taken over, with its differences."""
    with stack.account(report=terminal.report) as account:
        found = find_takeover(stack, account)
        findings = check(stack, full=True, report=terminal.report, account=account).findings
    return replace(found, existing=with_differences(found.existing, findings), replaced=replaced(findings))


def _keep_bound_stores(stack: Stack, found: Takeover, refused: Sequence[str], terminal: Terminal) -> None:
    """Raise EmptyStoreError where a Worker that would be overwritten would lose sight of a full store."""
    workers = [each.wanted.name for each in found.existing if each.wanted.kind is Kind.WORKER]
    if not (overwritten := [name for name in workers if name not in refused]):
        return
    with stack.account(report=terminal.report) as account:
        bound = read_bindings(account, overwritten)
        keep_bound_stores(
            stack.desired(), stack.state(), account, bound, start_empty=stack.start_empty, stack=stack.name
        )


def _settings(
    stack: Stack, found: Takeover, taken: list[str], lost: Mapping[str, Mapping[str, str]], terminal: Terminal
) -> dict[str, dict[str, Any]]:
    """What the file may get of the Workers `taken`; of those in `lost` their variables too."""
    desired = stack.desired()
    settings = settings_of(found.existing, taken, desired)
    if lost:
        with stack.account(report=terminal.report) as account:
            texts = vars_of(lost, read_bindings(account, lost), desired)
        settings = {name: settings.get(name, {}) | texts.get(name, {}) for name in {**settings, **texts}}
    return settings


def _told_losses(
    loses: Mapping[str, Mapping[str, str]], settings: Mapping[str, Mapping[str, Any]], stack: Stack
) -> Iterator[str]:
    """A line for each Worker that loses bindings, with the ways to keep them."""
    keys = {worker.name: worker.key for worker in stack.desired().workers}
    for worker, types in loses.items():
        kept = settings.get(keys[worker], {}).get("vars", {})
        if left := [f"{name} ({type})" for name, type in types.items() if name not in kept]:
            yield (
                f"{worker} loses what it is bound to and {stack.manifest.name} does not say: {', '.join(left)}. To "
                "keep one, say it there first (`vars`, `needs`); with --vars the texts of variables are written there."
            )


def _unsaid(stack: Stack, settings: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those of `settings` that the file has no key for; what it says goes before what is in the account."""
    said: dict[str, set[str]] = {}
    for worker in load(stack.manifest).workers:
        fields = type(worker).model_fields
        said.setdefault(worker.name, set()).update(str(fields[each].alias) for each in worker.model_fields_set)
    unsaid = {
        name: {key: value for key, value in each.items() if key not in said[name]}
        for name, each in settings.items()
        if name in said  # the routing Worker has no such keys
    }
    return {name: each for name, each in unsaid.items() if each}


def _refused(found: Takeover, overwrite: Sequence[str]) -> list[str]:
    foreign = [each.wanted.name for each in found.foreign]
    if unknown := sorted(set(overwrite) - set(foreign)):
        raise UserError(
            f"--overwrite {', '.join(unknown)}: no Worker of that name would be overwritten",
            f"those that would be: {', '.join(foreign) or 'none'}",
        )
    return [name for name in foreign if name not in overwrite]


def _show(found: Takeover, terminal: Terminal) -> None:
    for lost in found.replaced:
        terminal.write(f"Lost, and recreated by somebody: {words_of(lost)}")
    for theirs in found.theirs:
        terminal.write(
            f"Belongs to another platform, so it is not offered: {theirs.wanted.kind.titled(theirs.wanted.name)}"
        )
    for elsewhere in found.elsewhere:
        store = elsewhere.store
        terminal.write(f"In another jurisdiction than the file says, and full: {store.title} ({store.jurisdiction})")
    for each in found.renamed:
        terminal.write(f"In the account, and declared to replace what the stack has now: {each.title}")
    if not any((found.existing, found.renamed, found.replaced, found.theirs, found.elsewhere)):
        again = (
            "An earlier adoption was interrupted; it continues now."
            if found.unfinished
            else "There is nothing to take over."
        )
        terminal.write(again)
        return
    if found.existing:
        terminal.write("In the account, declared, and unknown to the stack:")
    for each in found.existing:
        whose = "" if each.ours else terminal.styled("  not made by this stack", "yellow")
        terminal.write(f"  {each.title}{whose}")
        for difference in each.differences:
            live, desired = _text(difference.live), _text(difference.desired)
            terminal.write(f"    {difference.path}: {live} -> {desired}")
    if also := _also(found):
        terminal.write("`pulumi up` will also:")
        for line in also:
            terminal.write(f"  {line}")


def _text(value: str | None) -> str:
    return "(none)" if value is None else value


def _also(found: Takeover) -> list[str]:
    """What the update does beside."""
    return words(
        changes(found.preview, but={(each.wanted.kind, each.wanted.key) for each in (*found.existing, *found.renamed)})
    )


def _confirm(options: argparse.Namespace, stack: str, terminal: Terminal) -> None:
    if options.yes:
        return
    if not (sys.stdin.isatty() and terminal.err.isatty()):
        overwrite = "".join(f" --overwrite {shlex.quote(name)}" for name in options.overwrite)
        command = f"python -m orchestrator adopt -s {stack}{overwrite}"
        raise UserError(
            "nothing was taken over: there is no terminal to ask for confirmation",
            f"{command} --dry-run shows it; {command} --yes does it",
        )
    terminal.err.write("Take them over and run `pulumi up`? [y/N] ")
    terminal.err.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UserError("nothing was taken over")


def _document(
    stack: Stack,
    found: Takeover,
    refused: list[str],
    settings: Mapping[str, Any],
    loses: Mapping[str, Any],
    adopted: bool,
) -> dict[str, Any]:
    return {
        "stack": stack.name,
        "existing": [each.as_json() for each in (*found.existing, *found.renamed)],
        "elsewhere": [{"name": each.store.name, "jurisdiction": each.store.jurisdiction} for each in found.elsewhere],
        "replaced": [finding.as_json() for finding in found.replaced],
        "theirs": [each.as_json() for each in found.theirs],
        "refused": refused,
        "settings": settings,
        "loses": loses,
        "update": _also(found),
        "adopted": adopted,
    }
