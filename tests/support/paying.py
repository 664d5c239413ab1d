"""A payout until it has ended, whatever happens on the way; and whether the ledger and Stripe agree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.autopilots import envelope, signature
from tests.support.stripe_service import Stripe

BATCH_RUN = "payouts.batch.run"
_ROUNDS = 20


class Payouts:
    """The payouts Worker behind `url`, with the reader of its storage beside it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def pay(self, key: str, meta: object, *, attempt: int = 1, timeout: float = 60) -> httpx.Response:
        """As the orchestrator sends a run."""
        run = {"id": f"run_{key}", "key": key, "caller": "shop", "attempt": attempt}
        body = envelope(BATCH_RUN, meta, autopilot="payout-batch", caller="shop", run=run)
        headers = {"content-type": "application/json", "idempotency-key": key} | signature(body)
        return httpx.post(self.url, content=body.encode(), headers=headers, timeout=timeout)

    def sql(self, statement: str) -> list[dict[str, Any]]:
        content = json.dumps({"sql": statement, "values": []})
        headers = {"host": "storage.localhost"}
        answer = httpx.post(f"{self.url}/EFH_PAYOUTS", content=content, headers=headers, timeout=30)
        assert answer.is_success, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def make_due(self) -> None:
        """As if all pauses, and the lease of who was killed, were over."""
        self.sql("UPDATE items SET next_at = 0 WHERE next_at > 0")
        self.sql("UPDATE batches SET next_at = 0, lease_until = 0 WHERE status = 'open'")

    def settle(self, key: str, meta: object, *, due: bool = True) -> httpx.Response:
        """Repeat it until it has ended; where a person is asked, it says that nothing was done. `due`: not to wait."""
        attempt = 1
        for _ in range(_ROUNDS):
            if due:
                self.make_due()
            try:
                answer = self.pay(key, meta, attempt=attempt)
            except httpx.HTTPError:
                continue
            if answer.status_code == 409 and answer.json().get("outcome") == "unknown":
                attempt += 1
            elif answer.status_code != 202 and answer.status_code < 500:
                return answer
        raise AssertionError(f"{key} has not ended: {answer.text}")


def assert_agrees(payouts: Payouts, bank: Stripe, expected: Mapping[tuple[str, str], int]) -> None:
    """Every item is paid once: by the ledger, at Stripe, and to the right sum. `expected`: amounts by payee and key."""
    items = payouts.sql("SELECT * FROM items WHERE status = 'paid'")
    transfers = bank.transfers()
    assert sorted(item["transfer"] for item in items) == sorted(each["id"] for each in transfers)
    assert sum(item["amount"] for item in items) == sum(each["amount"] for each in transfers) == sum(expected.values())
    assert sorted(each["destination"] for each in transfers) == sorted(payee for payee, _ in expected)
