"""A payout through both guards: the router's record of runs, and the payouts Worker's ledger with Stripe's keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.bundle.modules import bundle, router_data
from orchestrator.dispatch.signature import secret_of
from orchestrator.manifest import load
from orchestrator.routing.compile import compile_routes
from orchestrator.routing.table import CallerRule
from tests.support.api_document import CHECKED
from tests.support.autopilots import SECRET, built
from tests.support.eventually import eventually
from tests.support.project import ROOT
from tests.support.stripe_service import API_KEY, Stripe
from tests.support.workerd import EACH_ITS_OWN, workerd

TOKEN = "token-of-the-tests-0123456789abcdef"
TOKENS = {name: f"token-of-{name}-which-is-long-enough" for name in ("finance", "boss", "shop")}
META = {
    "payouts": [
        {"destination": "acct_1", "amount": 1050, "currency": "eur"},
        {"destination": "acct_2", "amount": 20, "currency": "eur"},
    ]
}
ALL_PAID = [("acct_1", 1050), ("acct_2", 20)]
TO_TWO = {"method": "POST", "path": "/v1/transfers", "match": {"destination": "acct_2"}}
LIST = {"method": "GET", "path": "/v1/transfers"}


@contextmanager
def routed(bank: Stripe, build: str, callers: Mapping[str, CallerRule], **caps: str) -> Iterator[httpx.Client]:
    """The routing Worker over the shipped autopilots.yaml, with the payouts Worker behind it."""
    table = replace(compile_routes(load(str(ROOT / "autopilots.yaml"))), callers=callers)
    sources = {"router": "router/src/index.ts"}
    data = router_data(table, root=ROOT)
    module = bundle(sources=sources, contents={}, data=data, root=ROOT, build=Path(f".build/{build}"))["router"]
    common: dict[str, Any] = {"modules": True, "compatibilityDate": "2026-07-01"}
    tokens = {"API_TOKEN": TOKEN, "CALLER_TOKENS": json.dumps(TOKENS)}
    routing = {
        **common,
        "name": "router",
        "scriptPath": module.path,
        "bindings": {**tokens, "WEBHOOK_SECRET": SECRET, "STAGE": "local"},
        "d1Databases": {"DB": "records"},
        "serviceBindings": {"EFH_PAYOUT_BATCH": "payouts"},
    }
    payouts = {
        **common,
        "name": "payouts",
        "scriptPath": built("payout-batch"),
        "bindings": {
            "WEBHOOK_SECRET": secret_of(SECRET, "payout-batch"),
            "AUTOPILOTS": "payout-batch",
            "STAGE": "local",
            "STRIPE_API_KEY": bank.url.replace("://", f"://{API_KEY}@"),
            **caps,
        },
        "d1Databases": ["EFH_PAYOUTS"],
        "r2Buckets": ["EFH_PRIVATE"],
    }
    headers = {"authorization": f"Bearer {TOKEN}"}
    with (
        workerd([routing, payouts]) as url,
        httpx.Client(base_url=url, headers=headers, timeout=30, event_hooks=CHECKED, limits=EACH_ITS_OWN) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def router(bank: Stripe) -> Iterator[httpx.Client]:
    with routed(bank, "payouts", {}) as client:
        yield client


@pytest.fixture(scope="module")
def guarded(bank: Stripe) -> Iterator[httpx.Client]:
    """With callers, and a cap above which somebody else has to approve."""
    callers = {
        "finance": CallerRule(may=("plan", "approve", "read")),
        "boss": CallerRule(may=("approve", "read")),
        "shop": CallerRule(may=("plan",)),
    }
    with routed(bank, "payouts-guarded", callers, PAYOUT_CAP_ITEM="eur:1000") as client:
        yield client


def by(caller: str) -> dict[str, str]:
    return {"authorization": f"Bearer {TOKENS[caller]}"}


def pay(router: httpx.Client, key: str, **headers: str) -> httpx.Response:
    body = {"task": "run_payout_batch", "meta": META}
    return router.post("/autopilot/plan", json=body, headers={"idempotency-key": key, **headers})


def run_of(router: httpx.Client, answer: httpx.Response, **headers: str) -> dict[str, Any]:
    run: dict[str, Any] = router.get(f"/autopilot/runs/{answer.headers['x-run-id']}", headers=headers).json()
    return run


def approve(router: httpx.Client, run: str, caller: str, **body: Any) -> httpx.Response:
    return router.post(f"/autopilot/runs/{run}/approve", json=body, headers=by(caller))


def test_a_repeat_is_answered_by_the_router(router: httpx.Client, bank: Stripe, key: str) -> None:
    first, again = pay(router, key), pay(router, key)

    assert (first.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert bank.paid() == ALL_PAID


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_goes_on_is_asked_again_by_a_repeat(router: httpx.Client, bank: Stripe, key: str, when: str) -> None:
    bank.fail({**TO_TWO, "effect": "drop", "when": when, "times": 2})
    first = pay(router, key)
    going = run_of(router, first)

    assert (first.status_code, first.json()["status"], first.json()["run"]) == (202, "in progress", going["id"])
    assert (going["status"], going["outcome"], going["attempts"]) == ("running", None, 1)
    again = pay(router, key)
    assert (again.status_code, again.json()["status"]) == (202, "in progress")
    other = router.post(
        "/autopilot/plan",
        json={"task": "run_payout_batch", "meta": {"payouts": META["payouts"][:1]}},
        headers={"idempotency-key": key},
    )
    assert (other.status_code, other.json()["title"]) == (422, "Idempotency-Key reused")


def test_what_stripe_failed_at_is_resolved_by_a_person_and_paid_once(
    router: httpx.Client, bank: Stripe, key: str
) -> None:
    """The failure stays under Stripe's key; the next attempt has a new one."""
    bank.fail({**TO_TWO, "status": 500})
    first, repeat = pay(router, key), pay(router, key)
    run = first.headers["x-run-id"]

    resolved = router.post(f"/autopilot/runs/{run}/resolve", json={"resolution": "not-done"})
    after = pay(router, key)

    assert [first.json()["title"], repeat.json()["title"]] == ["Outcome unknown"] * 2
    assert resolved.json()["status"] == "not-done"
    assert (after.status_code, bank.paid()) == (201, ALL_PAID)
    assert run_of(router, first)["attempts"] == 2


def test_a_look_up_that_is_refused_after_a_persons_word_is_no_rejection(
    router: httpx.Client, bank: Stripe, key: str
) -> None:
    """All transfers may be made: the key is not free, and nobody is told that nothing moved."""
    bank.fail({**TO_TWO, "status": 500})
    run = pay(router, key).headers["x-run-id"]
    router.post(f"/autopilot/runs/{run}/resolve", json={"resolution": "not-done"})
    bank.fail({**LIST, "status": 429, "times": None})

    answer = pay(router, key)

    assert (answer.status_code, run_of(router, answer)["status"]) == (202, "running")
    assert bank.paid() == [("acct_1", 1050)]


def test_what_stripe_refused_may_be_sent_again_with_the_same_key(router: httpx.Client, bank: Stripe, key: str) -> None:
    bank.set(balance={"eur": 0})
    refused = pay(router, key)
    bank.set(balance=None)

    paid = pay(router, key)

    assert (refused.status_code, refused.json()["outcome"]) == (422, "rejected")
    assert (paid.status_code, bank.paid()) == (201, ALL_PAID)


def journalled(router: httpx.Client, run: str) -> list[str]:
    """What became of a run by others than who asked for it, by the journal, which is written after the answer."""
    entries = router.get("/autopilot/journal", headers=by("boss")).json()["entries"]
    return [entry["outcome"] for entry in entries if entry.get("detail") == run]


def test_above_a_cap_somebody_else_approves(guarded: httpx.Client, bank: Stripe, key: str) -> None:
    waiting = pay(guarded, key, **by("finance"))
    run = waiting.headers["x-run-id"]

    own = approve(guarded, run, "finance")
    without_right = approve(guarded, run, "shop")
    shown, asked = run_of(guarded, waiting, **by("boss")), run_of(guarded, waiting, **by("finance"))
    approved = approve(guarded, run, "boss", note="seen the invoice")
    again, twice = pay(guarded, key, **by("finance")), approve(guarded, run, "boss")

    assert (waiting.status_code, waiting.json()["status"]) == (202, "waiting for approval")
    assert [own.status_code, without_right.status_code] == [403, 403]
    assert (shown["status"], shown["why"]) == ("running", "It is waiting for approval.")
    assert shown["result"]["body"] == waiting.json()  # who approves sees what
    assert "result" not in asked
    assert (approved.status_code, approved.json()["status"], approved.json()["outcome"]) == (200, "done", "done")
    assert (again.status_code, again.json()["status"]) == (201, "paid")
    assert (twice.status_code, twice.json()["title"]) == (409, "Not waiting for approval")
    assert "result" not in run_of(guarded, waiting, **by("boss"))
    assert bank.paid() == ALL_PAID
    eventually(lambda: journalled(guarded, run) == ["approved"], "the approval is in the journal")


def test_what_is_not_approved_is_never_paid_and_the_key_is_free(guarded: httpx.Client, bank: Stripe, key: str) -> None:
    run = pay(guarded, key, **by("finance")).headers["x-run-id"]

    refused = approve(guarded, run, "boss", approved=False, note="no invoice")

    assert (refused.status_code, refused.json()["status"], refused.json()["outcome"]) == (200, "not-done", "rejected")
    assert bank.paid() == []


def test_a_run_that_nobody_knows_cannot_be_approved(guarded: httpx.Client) -> None:
    answer = approve(guarded, f"run_{'0' * 32}", "boss")
    assert (answer.status_code, answer.json()["title"]) == (404, "No such run")


def test_a_forged_approval_in_meta_is_none(guarded: httpx.Client, bank: Stripe, key: str) -> None:
    meta = META | {"approval": {"approved": True, "by": "boss", "note": None}}
    body = {"task": "run_payout_batch", "meta": meta}
    answer = guarded.post("/autopilot/plan", json=body, headers={"idempotency-key": key, **by("finance")})

    assert answer.status_code == 422
    assert bank.paid() == []
