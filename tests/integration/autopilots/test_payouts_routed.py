"""A payout through both guards: the router's record of runs, and the payouts Worker's claim with Stripe's keys."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.bundle import bundle, router_data
from orchestrator.dispatch.signature import secret_of
from orchestrator.manifest import load
from orchestrator.routing.table import compile_routes
from tests.support.autopilots import SECRET, built
from tests.support.project import ROOT
from tests.support.stripe_service import Stripe, stripe
from tests.support.workerd import workerd

TOKEN = "token-of-the-tests"
META = {
    "payouts": [
        {"destination": "acct_1", "amount": 1050, "currency": "eur"},
        {"destination": "acct_2", "amount": 20, "currency": "eur"},
    ]
}
ALL_PAID = [("acct_1", 1050), ("acct_2", 20)]


@pytest.fixture(scope="module")
def bank() -> Iterator[Stripe]:
    with stripe() as service:
        yield service


@pytest.fixture(scope="module")
def router(bank: Stripe) -> Iterator[httpx.Client]:
    """The routing Worker over the shipped autopilots.yaml, with the payouts Worker behind it."""
    data = router_data(compile_routes(load(str(ROOT / "autopilots.yaml"))), root=ROOT)
    sources = {"router": "router/src/index.ts"}
    module = bundle(sources=sources, contents={}, data=data, root=ROOT, build=Path(".build/payouts"))["router"]
    common: dict[str, Any] = {"modules": True, "compatibilityDate": "2026-07-01"}
    routing = {
        **common,
        "name": "router",
        "scriptPath": module.path,
        "bindings": {"API_TOKEN": TOKEN, "WEBHOOK_SECRET": SECRET, "STAGE": "local"},
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
            "STRIPE_API_KEY": "sk_test_1234",
            "STRIPE_API_URL": bank.url,
        },
        "r2Buckets": ["EFH_PRIVATE"],
    }
    headers = {"authorization": f"Bearer {TOKEN}"}
    with workerd([routing, payouts]) as url, httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(autouse=True)
def _fresh_bank(bank: Stripe) -> None:
    bank.reset()


def pay(router: httpx.Client, key: str) -> httpx.Response:
    body = {"task": "run_payout_batch", "meta": META}
    return router.post("/autopilot/plan", json=body, headers={"idempotency-key": key})


def test_a_repeat_is_answered_by_the_router(router: httpx.Client, bank: Stripe) -> None:
    key = str(uuid.uuid4())

    first, again = pay(router, key), pay(router, key)

    assert (first.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert bank.paid() == ALL_PAID


@pytest.mark.parametrize("fault", ["lose", "drop"], ids=["the money moved", "it did not"])
def test_what_stripe_did_not_answer_is_resolved_by_a_person_and_paid_once(
    router: httpx.Client, bank: Stripe, fault: str
) -> None:
    key = str(uuid.uuid4())
    bank.fault = lambda form: fault if form["destination"] == "acct_2" else None
    first, repeat = pay(router, key), pay(router, key)
    bank.fault = lambda _form: None
    run = first.headers["x-run-id"]

    resolved = router.post(f"/autopilot/runs/{run}/resolve", json={"resolution": "not-done"})
    after = pay(router, key)

    assert [first.json()["title"], repeat.json()["title"]] == ["Outcome unknown"] * 2
    assert resolved.json()["status"] == "not-done"
    assert (after.status_code, bank.paid()) == (201, ALL_PAID)
    assert router.get(f"/autopilot/runs/{run}").json()["attempts"] == 2


def test_what_stripe_refused_may_be_sent_again_with_the_same_key(router: httpx.Client, bank: Stripe) -> None:
    key = str(uuid.uuid4())
    bank.fault = lambda _form: (400, {"message": "Insufficient funds"})
    refused = pay(router, key)
    bank.fault = lambda _form: None

    paid = pay(router, key)

    assert (refused.status_code, refused.json()["outcome"]) == (502, "rejected")
    assert (paid.status_code, bank.paid()) == (201, ALL_PAID)
