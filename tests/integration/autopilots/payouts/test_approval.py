"""What somebody else has to approve before it is paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.autopilots import Autopilot, running
from tests.support.payout_calls import ONE, SINGLE, TWO, bound, pay
from tests.support.stripe_service import Stripe


class TestApproval:
    @pytest.mark.parametrize(
        ("payouts", "reason"),
        [
            ([ONE], "one may get 1000"),
            ([ONE | {"amount": 800}, ONE | {"amount": 800, "destination": "acct_9"}], "a batch may to 1500"),
            ([TWO], "acct_2 has never been paid"),
            ([ONE | {"amount": 5, "currency": "usd"}], "one may get 0"),
        ],
        ids=["item", "batch", "new payee", "no cap for the currency"],
    )
    def test_it_waits_until_somebody_says_so(
        self, careful: Autopilot, bank: Stripe, key: str, payouts: list[dict[str, Any]], reason: str
    ) -> None:
        meta = {"payouts": payouts}
        first, again = pay(careful, key, meta), pay(careful, key, meta)
        careful.run_cron()

        assert (first.status_code, first.json()["status"]) == (202, "waiting for approval")
        assert reason in " ".join(first.json()["approval"]["reasons"])
        assert again.json() == first.json()
        health = careful.get("/health").json()
        assert (health["status"], health["checks"]["payouts:approval"][0]["observedValue"]) == ("pass", 1)
        assert bank.calls() == []

        approved = pay(careful, key, {}, approval={"approved": True, "by": "finance", "note": None})
        assert (approved.status_code, len(bank.paid())) == (201, len(payouts))
        twice = pay(careful, key, {}, approval={"approved": True, "by": "finance", "note": None})
        assert (twice.status_code, twice.json()["title"]) == (409, "Not waiting for approval")
        careful.sql("EFH_PAYOUTS", "UPDATE items SET payee = payee || 'x' || reference")

    def test_what_is_not_approved_is_never_sent(self, careful: Autopilot, bank: Stripe, key: str) -> None:
        pay(careful, key, ONE, capability=SINGLE)

        refused = pay(
            careful, key, {}, capability=SINGLE, approval={"approved": False, "by": "finance", "note": "no invoice"}
        )

        assert (refused.status_code, refused.json()["outcome"]) == (422, "rejected")
        assert "finance did not approve it" in refused.json()["detail"]
        again = pay(careful, key, ONE, capability=SINGLE, attempt=2)
        assert (again.status_code, again.json()["status"]) == (202, "waiting for approval"), (
            "who said no is asked again"
        )
        assert bank.calls() == []
        assert pay(
            careful, key, {}, capability=SINGLE, attempt=2, approval={"approved": True, "by": "finance", "note": None}
        ).is_success

    def test_below_the_caps_and_to_whom_is_known_it_is_paid(self, careful: Autopilot, key: str) -> None:
        assert pay(careful, key, ONE | {"amount": 1000}, capability=SINGLE).status_code == 201

    def test_a_days_cap_holds_for_many_at_once(self, bank: Stripe) -> None:
        caps = {"PAYOUT_CAP_DAY": "eur:1000"}
        with running("payout-batch", bindings=bound(bank) | caps) as payer, ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda number: pay(payer, f"day-{number}", ONE | {"amount": 300}, capability=SINGLE), range(8))
            )

        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [202] * 5
        assert len(bank.paid()) == 3

    def test_a_cap_that_cannot_be_read_pays_nothing(self, bank: Stripe, key: str) -> None:
        with running("payout-batch", bindings=bound(bank) | {"PAYOUT_CAP_ITEM": "1000"}) as payer:
            answer = pay(payer, key)

        assert (answer.status_code, answer.json()["missing"]) == (503, ["PAYOUT_CAP_ITEM"])
        assert bank.calls() == []

    def test_who_waits_for_nobody_cannot_be_approved(self, payer: Autopilot, key: str) -> None:
        answer = pay(
            payer, key, {}, capability="payouts.batch.get", approval={"approved": True, "by": "x", "note": None}
        )
        assert (answer.status_code, answer.json()["title"]) == (409, "Not waiting for approval")
