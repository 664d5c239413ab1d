"""Heal one stack: recover, compare, tell the state the truth, update, compare again."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import TextIO

from orchestrator.adopt.leftovers import run_with_leftovers
from orchestrator.bundle.modules import bundle_workers, hashes_of, with_assets
from orchestrator.cloudflare.account import Account
from orchestrator.desired.derive import Desired
from orchestrator.drift.check import check
from orchestrator.drift.findings import Finding
from orchestrator.errors import OrchestratorError
from orchestrator.heal.lost import Lost, describe, read_first_missed
from orchestrator.heal.plan import HealPlan, plan_heal
from orchestrator.heal.report import sentences
from orchestrator.heal.truth import tell_truth
from orchestrator.kinds import Kind
from orchestrator.stack.checkout import checked_out
from orchestrator.stack.config import Stack
from orchestrator.stack.deployed import require_deployed
from orchestrator.stack.edit import Report, edit_state
from orchestrator.stack.empty_stores import keep_bound_stores, read_bindings
from orchestrator.stack.lost_addresses import keep_addresses
from orchestrator.stack.recover import recover
from orchestrator.stack.state import parse_state
from orchestrator.stack.updates import one_at_a_time, update, would_change

_PAUSES_S = (2, 5)


@dataclass(frozen=True, kw_only=True)
class Healing:
    """What a heal found and did. `updated`: whether an update was run. `failure`: why that failed.

    `left`: what differs still, of what was to be repaired. `unsettled`: whether a preview would still change something.
    """

    plan: HealPlan
    lost: tuple[Lost, ...] = ()
    updated: bool = False
    failure: str | None = None
    left: tuple[Finding, ...] = ()
    unsettled: bool = False
    calls: int = 0


def heal(
    stack: Stack,
    *,
    recreate: Collection[str] = (),
    dry_run: bool = False,
    full: bool = False,
    from_here: bool = False,
    report: Report,
    display: TextIO,
) -> Healing:
    """Repair the account of `stack`. `recreate`: names of lost things to make again, empty. `dry_run` changes nothing;
    `full` reads every Worker, as `check` does, also where the cheap check finds nothing. `from_here`: also where the
    stack was deployed from something else than what is here.

    Pulumi's display goes to `display`. Another heal of the stack on this machine, and another update, is waited for.
    Raises NotDeployedError where the stack was deployed from something else, EmptyStoreError where a Worker would lose
    sight of a full store, LostAddressError where a Worker that leaves would take along an address that nobody declared,
    UserError for a name that is not declared, and OrchestratorError where the account or the state is not read.
    """
    desired = stack.desired()
    with ExitStack() as resources:
        if not dry_run:
            resources.enter_context(one_at_a_time(stack, "heal", report))
            recover(stack, report=report)
        if not from_here:
            modules = with_assets(bundle_workers(desired, root=stack.root), desired, root=stack.root)
            here = stack.deployment_hash(desired, hashes_of(modules))
            require_deployed(stack.export(), here, commit=checked_out(stack.root), stack=stack.name)
        account = resources.enter_context(stack.account(report=report))
        drift = check(stack, full=full, account=account, report=report)
        if drift.drifted and not full:  # the cheap check may leave out what the comparison at the end would find
            drift = check(stack, full=True, account=account, report=report)
        exported = stack.export()
        state = parse_state(exported)
        if state.pending:  # only a dry run comes here with any
            report("An update was interrupted or is still running; heal deals with that first.")
        plan = plan_heal(drift, desired, state, stack=stack.name, recreate=recreate)
        bound = read_bindings(account, plan.rebound)
        keep_bound_stores(desired, state, account, bound, start_empty=stack.start_empty, stack=stack.name)
        keep_addresses(desired, state, lambda: nullcontext(account), dropped=stack.drop_addresses, stack=stack.name)
        lost = describe(plan.lost, exported, read_first_missed() if plan.lost else {})
        if dry_run or not plan.does_something:
            return Healing(plan=plan, lost=lost, calls=account.calls)
        return replace(_repair(stack, plan, desired, account, report, display), lost=lost, calls=account.calls)


def _repair(
    stack: Stack, plan: HealPlan, desired: Desired, account: Account, report: Report, display: TextIO
) -> Healing:
    for line in sentences(plan):
        report(line)
    names = {worker.key: worker.name for worker in desired.workers}
    drifted = {finding.key for finding in plan.repaired if finding.kind is Kind.SCHEDULES}
    schedules = {key: account.schedules(names[key]) for key in sorted(drifted)}
    edit_state(stack, lambda state: tell_truth(state, plan.repaired, schedules), report)
    failure = run_with_leftovers(
        stack, account, lambda: update(stack, exclude=plan.exclude, display=display, report=report), report
    )
    try:
        left = _check_again(stack, desired, account, report, pauses_s=() if failure else _PAUSES_S)
    except OrchestratorError:
        if failure is None:
            raise
        return Healing(plan=plan, updated=True, failure=failure)  # what is left is not known; why it failed is
    return Healing(
        plan=plan,
        updated=True,
        failure=failure,
        left=left,
        unsettled=failure is None and would_change(stack, exclude=plan.exclude),
    )


def _check_again(
    stack: Stack, desired: Desired, account: Account, report: Report, *, pauses_s: Sequence[float]
) -> tuple[Finding, ...]:
    """What differs still; looks again after each pause, since what was just written may not be answered at once."""
    report("Comparing the account again.")
    for pause_s in (*pauses_s, None):
        after = check(stack, full=True, account=account, report=report)
        left = plan_heal(after, desired, stack.state(), stack=stack.name).repaired
        if not left or pause_s is None:
            break
        time.sleep(pause_s)
    return left
