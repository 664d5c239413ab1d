"""Payouts as the orchestrator asks for them: what is paid, each call with its run, and the run's clock."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.support.autopilots import Autopilot, envelope, signature
from tests.support.stripe_service import API_KEY, Stripe

BATCH_RUN, SINGLE = "payouts.batch.run", "payouts.transfer.single"
CAPABILITIES = [BATCH_RUN, SINGLE]
ONE = {"destination": "acct_1", "amount": 1050, "currency": "eur"}
TWO = {"destination": "acct_2", "amount": 20, "currency": "eur", "description": "Commission"}
BATCH = {"currency": "eur", "total": 1070, "payouts": [ONE, TWO]}
BOTH_PAID = [("acct_1", 1050), ("acct_2", 20)]
POST = {"method": "POST", "path": "/v1/transfers"}
LIST = {"method": "GET", "path": "/v1/transfers"}
TO_TWO = {**POST, "match": {"destination": "acct_2"}}


def bound(bank: Stripe) -> dict[str, str]:
    return {"STRIPE_API_KEY": API_KEY, "STRIPE_API_URL": bank.url}


def run_of(key: str, attempt: int = 1, caller: str = "shop") -> dict[str, object]:
    return {"id": f"run_{key.replace('-', '')}", "key": key, "caller": caller, "attempt": attempt}


def pay(
    payer: Autopilot,
    key: str,
    meta: object = BATCH,
    *,
    capability: str = BATCH_RUN,
    attempt: int = 1,
    caller: str = "shop",
    timeout: float = 30,
    **more: object,
) -> httpx.Response:
    """As the orchestrator sends it: with the run, and perhaps an approval, in the signed body."""
    run = run_of(key, attempt, caller)
    body = json.dumps(json.loads(envelope(capability, meta, autopilot=payer.name, caller=caller, run=run)) | more)
    headers = {"content-type": "application/json", "idempotency-key": key} | signature(body)
    return payer.http.post("/", content=body, headers=headers, timeout=timeout)


def make_due(payer: Autopilot) -> None:
    """As if the pauses were over."""
    payer.sql("EFH_PAYOUTS", "UPDATE items SET next_at = 0")
    payer.sql("EFH_PAYOUTS", "UPDATE batches SET next_at = 0, lease_until = 0")


def statuses(answer: httpx.Response) -> dict[str, str]:
    return {each["destination"]: each["status"] for each in answer.json()["transfers"]}


def named(reference: str, *payouts: dict[str, Any]) -> dict[str, Any]:
    return {"payouts": [each | {"reference": reference} for each in payouts]}
