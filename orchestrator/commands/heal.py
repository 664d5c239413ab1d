"""`heal`: make the account again what autopilots.yaml and the stack declare."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from orchestrator.errors import DriftFound, OrchestratorError
from orchestrator.heal.heal import Healing, heal
from orchestrator.heal.lost import lost_data
from orchestrator.heal.report import as_json, sentences, words
from orchestrator.router_client.scheduled import look_again
from orchestrator.stack.config import read_stack
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compare the account with what is declared, as `drift` does; where nothing differs, that is all. Otherwise run "
        "`pulumi up --refresh`, also for what the provider cannot see (bindings, schedules, storage classes), and "
        "compare again. It runs only on what is deployed: from another commit it would roll the account back, so it "
        "refuses and says which to check out. A namespace, bucket or database that is gone is never recreated empty "
        "unless it is named with --recreate: what depends on it waits, the rest is repaired. Exit code 0 when nothing "
        "differs (any more), 7 when something does (with --dry-run: would be repaired), 8 when data is lost, 2 when "
        "what is here is not deployed, 1 when it could not be done."
    )
    parser.epilog = """examples:
  python -m orchestrator heal
  python -m orchestrator heal -s prod --dry-run
  python -m orchestrator heal --recreate AI_EMPLOYEE_LOGS
  python -m orchestrator heal --json 2>/dev/null | jq .status

It can be stopped and run again at any time, and two at once wait for each other. Nothing is asked.
"""
    parser.add_argument("-s", "--stack", metavar="STACK", help="default: $PULUMI_STACK, or the selected stack")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    parser.add_argument("--full", action="store_true", help="read every Worker, whatever earlier checks found")
    parser.add_argument(
        "--from-here",
        action="store_true",
        help="heal by the file, code and settings that are here, whatever the stack was deployed from",
    )
    parser.add_argument(
        "--recreate",
        action="append",
        default=[],
        metavar="NAME",
        help="make this lost namespace, bucket or database again, empty; may be given more than once",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="{stack, status: clean|would-heal|healed|lost|failed, updated, repaired, recreated, held, left (findings "
        "as `drift --json` has them), unfinished (Workers whose repair "
        "had not ended), lost (with id, made, touched, missingSince, instead), failure, apiCalls}",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    stack = read_stack(options.stack, Path.cwd())
    healing = heal(
        stack,
        recreate=options.recreate,
        dry_run=options.dry_run,
        full=options.full,
        from_here=options.from_here,
        report=terminal.report,
        display=terminal.err,
    )
    if healing.updated and (said := look_again()):
        terminal.report(said)
    if options.json:
        terminal.write(json.dumps(as_json(healing, stack=stack.name), indent=2, ensure_ascii=False))
    else:
        _show(healing, terminal)
    if error := _error(healing, stack.name):
        raise error
    return 0


def _show(healing: Healing, terminal: Terminal) -> None:
    if not healing.updated:
        for line in sentences(healing.plan):
            terminal.write(line)
        if not healing.plan.does_something and not healing.lost:
            terminal.write(terminal.styled(f"nothing to heal; {healing.calls} API calls", "green"))
        return
    left = set(healing.left)
    for finding in (*healing.plan.repaired, *healing.plan.recreated):
        if finding not in left:
            terminal.write(f"{terminal.styled('repaired', 'green')} {words(finding)}")


def _error(healing: Healing, stack: str) -> OrchestratorError | None:
    """What the exit code is for; the worst first."""
    left = "".join(f"\n  {words(finding)}" for finding in healing.left)
    if healing.failure:
        still = f"\nleft to repair:{left}" if left else ""
        return OrchestratorError(f"the update failed: {healing.failure}{still}", "fix the cause, then run heal again")
    if healing.left or healing.unsettled:
        return DriftFound(
            f"the stack {stack} is not as declared after the repair:{left or ' a preview proposes changes'}",
            "somebody may have changed the account meanwhile: run heal again; `pulumi preview --diff` shows more",
        )
    if healing.lost:
        return lost_data(healing.lost, stack)
    if healing.plan.does_something and not healing.updated:
        return DriftFound(
            f"the stack {stack} is not as declared, and nothing was changed", "run heal without --dry-run"
        )
    return None
