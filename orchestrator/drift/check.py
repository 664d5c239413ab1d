"""Compare a stack's account with its file: read what both sides are, then `find_drift`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import httpx

from orchestrator.bundle.admin_page import PREFIX, build_assets
from orchestrator.bundle.modules import bundle_workers, router_documents
from orchestrator.cloudflare.account import Account
from orchestrator.desired.bindings import bound_to, build_id_of, router_texts, worker_urls
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Binding
from orchestrator.drift.compare import find_drift
from orchestrator.drift.findings import Drift, Finding, ordered
from orchestrator.drift.ledger import Ledger
from orchestrator.drift.reading import Reading
from orchestrator.drift.served_page import served_difference
from orchestrator.http_calls import failure_words
from orchestrator.kinds import Kind
from orchestrator.stack.config import Stack
from orchestrator.stack.empty_stores import keep_stores
from orchestrator.stack.state import State


def check(
    stack: Stack,
    *,
    full: bool = False,
    report: Callable[[str], None],
    account: Account | None = None,
    state: State | None = None,
) -> Drift:
    """Compare a stack's account with its file. `report` gets lines about long waits and progress.

    `full`: read every Worker, also those to which nothing was deployed since the last check. `account` and `state`:
    those that the caller has already. Raises EmptyStoreError where the file names other data than the stack has, and
    OrchestratorError where the file is broken, the state cannot be read, or the account is not read whole.
    """
    desired = stack.desired()
    known = state or stack.state()
    keep_stores(desired, known, stack.account, start_empty=stack.start_empty, stack=stack.name)
    modules = {key: module.fingerprint for key, module in bundle_workers(desired, root=stack.root).items()}
    with nullcontext(account) if account else stack.account(report=report) as used:
        calls_before = used.calls
        ledger = Ledger.of_stack(stack.name, stack.root, account=f"{used.base_url} {stack.account_id}", now=time.time())
        bound = _bound(stack, desired, modules, used, stack.mark(known))
        queues = bool(desired.queues or known.of_kind(Kind.QUEUE))
        read = Reading(used, desired, modules, bound, ledger, full=full, queues=queues, report=report).read()
        findings = find_drift(desired, read.live, bound=bound, modules=modules, state=known)
        return Drift(
            findings=_with_page(findings, stack, desired, known, used, report),
            calls=used.calls - calls_before,
            read=read.versions,
            workers=len(desired.workers),
        )


def _with_page(
    findings: tuple[Finding, ...],
    stack: Stack,
    desired: Desired,
    known: State,
    account: Account,
    report: Callable[[str], None],
) -> tuple[Finding, ...]:
    """The findings, and that a file which the router serves, of the admin page or beside it, is not what we make."""
    deployed = known.of_kind(Kind.WORKER).get(desired.router)
    if deployed is None or not deployed.outputs.get("assets"):
        return findings
    others = [each for each in findings if (each.kind, each.key) != (Kind.WORKER, desired.router)]
    own = [each for each in findings if each not in others]
    if any(each.change == "missing" for each in own):
        return findings
    assets = build_assets(stack.root, router_documents(stack.root))
    url = worker_urls(desired, stack.workers_url or account.workers_url())[desired.router]
    try:
        difference = served_difference(url, assets, stack.root)
    except httpx.HTTPError as error:
        report(f"the admin page at {url}/{PREFIX}/ could not be compared: {failure_words(error)}")
        return findings
    if difference is None:
        return findings
    name = next(worker.name for worker in desired.workers if worker.key == desired.router)
    changed = next((each for each in own if each.change == "changed"), None) or Finding(
        change="changed", kind=Kind.WORKER, key=desired.router, name=name
    )
    told = replace(changed, differences=(*changed.differences, difference))
    return ordered([*others, *(each for each in own if each is not changed), told])


def _bound(
    stack: Stack, desired: Desired, modules: dict[str, str], account: Account, mark: str | None
) -> dict[str, tuple[Binding, ...]]:
    """As the program works it out (`orchestrator.infra.platform`)."""
    template = stack.workers_url or account.workers_url()
    return bound_to(
        desired,
        secrets=stack.secret_names,
        urls=worker_urls(desired, template),
        build_id=build_id_of(modules[desired.router]),
        router_texts=router_texts(
            account_id=stack.account_id,
            secrets=stack.secret_names,
            api_url=account.base_url,
            journal_days=stack.config.get("journalDays"),
        ),
        mark=mark,
    )
