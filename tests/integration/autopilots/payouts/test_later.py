"""What Stripe did not answer, or had no time for, or keeps a failure of: sent again, looked up, asked of a person."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.autopilots import Autopilot
from tests.support.eventually import eventually
from tests.support.payout_calls import BOTH_PAID, LIST, ONE, POST, SINGLE, TO_TWO, make_due, pay, run_of, statuses
from tests.support.stripe_service import Stripe


class TestLater:
    @pytest.mark.parametrize("status", [429, 409])
    def test_it_waits_and_the_same_key_is_sent(self, payer: Autopilot, bank: Stripe, key: str, status: int) -> None:
        bank.fail({**TO_TWO, "status": status, "retryAfter": 1})
        first = pay(payer, key)
        make_due(payer)

        payer.run_cron()

        assert (first.status_code, first.json()["status"]) == (202, "in progress")
        assert statuses(first) == {"acct_1": "paid", "acct_2": "waiting"}
        assert pay(payer, key).status_code == 201
        keys = [call["key"] for call in bank.calls() if call["form"]["destination"] == "acct_2"]
        assert (len(keys), len(set(keys))) == (2, 1)
        assert bank.paid() == BOTH_PAID

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_what_was_lost_once_is_sent_again_at_once(
        self, payer: Autopilot, bank: Stripe, key: str, when: str
    ) -> None:
        bank.fail({**TO_TWO, "effect": "drop", "when": when})

        answer = pay(payer, key)

        assert (answer.status_code, bank.paid()) == (201, BOTH_PAID)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_what_stays_lost_goes_on_with_the_same_key(
        self, payer: Autopilot, bank: Stripe, key: str, when: str
    ) -> None:
        bank.fail({**TO_TWO, "effect": "drop", "when": when, "times": 2})
        first = pay(payer, key)
        make_due(payer)

        answer = pay(payer, key)

        assert (first.status_code, statuses(first)["acct_2"]) == (202, "unknown")
        assert (answer.status_code, bank.paid()) == (201, BOTH_PAID)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_when_stripe_has_forgotten_the_key_it_is_looked_up(
        self, payer: Autopilot, bank: Stripe, key: str, when: str
    ) -> None:
        bank.fail({**TO_TWO, "effect": "drop", "when": when, "times": 2})
        pay(payer, key)
        bank.forget_keys()
        payer.sql("EFH_PAYOUTS", "UPDATE items SET sent_at = 0 WHERE status = 'sending'")
        make_due(payer)

        answer = pay(payer, key)

        if when == "after":
            assert (answer.status_code, bank.paid()) == (201, BOTH_PAID)
        else:
            assert (answer.status_code, answer.json()["outcome"]) == (409, "unknown")
            assert bank.paid() == [("acct_1", 1050)]

    def test_a_caller_that_goes_away_does_not_stop_it(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.fail({**POST, "effect": "delay", "seconds": 2})
        with pytest.raises(httpx.ReadTimeout):
            pay(payer, key, ONE, capability=SINGLE, timeout=1)

        eventually(lambda: pay(payer, key, ONE, capability=SINGLE).status_code == 201, "the payout is made")
        assert len(bank.calls()) == 1


class TestAPerson:
    def stuck(self, payer: Autopilot, bank: Stripe, key: str, when: str) -> None:
        """A failure that Stripe keeps under the key; `when`: whether the money moved."""
        bank.fail({**TO_TWO, "status": 500, "when": when})
        answer = pay(payer, key)
        assert (answer.status_code, answer.json()["title"], answer.json()["outcome"]) == (
            409,
            "Outcome unknown",
            "unknown",
        )
        assert statuses(answer) == {"acct_1": "paid", "acct_2": "unknown"}

    def test_a_failure_that_stripe_keeps_is_looked_up(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.fail({**TO_TWO, "status": 500, "when": "after"})

        answer = pay(payer, key)

        assert (answer.status_code, bank.paid()) == (201, BOTH_PAID)

    def test_where_stripe_has_nothing_a_person_says_and_a_new_key_pays(
        self, payer: Autopilot, bank: Stripe, key: str
    ) -> None:
        self.stuck(payer, bank, key, "before")
        assert pay(payer, key).status_code == 409, "nothing is sent again by itself"

        answers = [pay(payer, key, attempt=2) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert bank.paid() == BOTH_PAID

    @pytest.mark.parametrize(
        "fault",
        [{"status": 429}, {"status": 500}, {"effect": "drop"}],
        ids=["429", "500", "drop"],
    )
    def test_a_look_up_that_fails_is_never_a_rejection(
        self, payer: Autopilot, bank: Stripe, key: str, fault: dict[str, Any]
    ) -> None:
        """After a person's word too: all three transfers may be made."""
        self.stuck(payer, bank, key, "before")
        bank.fail({**LIST, **fault, "times": None})

        answer = pay(payer, key, attempt=2)
        bank.fail()
        make_due(payer)

        assert (answer.status_code, answer.json()["status"]) == (202, "in progress")
        assert "outcome" not in answer.json()
        assert pay(payer, key, attempt=2).status_code == 201
        assert bank.paid() == BOTH_PAID

    def test_it_is_never_sent_again_where_stripe_has_it(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        """Though a person said that it was not done."""
        bank.fail({**TO_TWO, "status": 500, "when": "after"}, {**LIST, "status": 500, "times": 1})
        first = pay(payer, key)
        bank.fail()
        make_due(payer)

        answer = pay(payer, key, attempt=2)

        assert first.status_code == 202
        assert (answer.status_code, bank.paid()) == (201, BOTH_PAID)

    def test_a_reversed_transfer_stops_and_asks(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        self.stuck(payer, bank, key, "before")
        group = bank.transfers()[0]["transfer_group"]
        form = {"amount": 20, "currency": "eur", "destination": "acct_2", "transfer_group": group}
        made = bank.call("POST", "/v1/transfers", **form).json()
        assert bank.call("POST", f"/v1/transfers/{made['id']}/reversals").is_success

        answer = pay(payer, key, attempt=2)

        assert (answer.status_code, answer.json()["outcome"]) == (409, "unknown")
        assert "reversed" in str(answer.json()["transfers"])
        assert bank.paid() == BOTH_PAID

    def test_what_the_cron_comes_upon_is_a_warning_until_the_orchestrator_hears_of_it(
        self, payer: Autopilot, bank: Stripe, key: str
    ) -> None:
        """Its run is under way for the orchestrator, which would say nothing of it."""
        bank.fail({**TO_TWO, "status": 429})
        assert pay(payer, key).status_code == 202
        well = payer.get("/health").json()
        bank.fail({**TO_TWO, "status": 500})
        make_due(payer)
        payer.run_cron()

        warned = payer.get("/health")
        told = pay(payer, key)

        assert (well["status"], well["checks"]["payouts:unknown"][0]["observedValue"]) == ("pass", 0)
        assert (warned.status_code, warned.json()["status"]) == (200, "warn")
        check = warned.json()["checks"]["payouts:unknown"][0]
        assert (check["status"], check["observedValue"], check["runs"]) == ("warn", 1, [run_of(key)["id"]])
        assert "repeat the request" in check["output"]
        assert (told.status_code, told.json()["outcome"]) == (409, "unknown")
        assert payer.get("/health").json()["status"] == "pass"
