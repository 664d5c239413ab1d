"""payout-batch: transfers at the product's own Stripe, each made once whatever is repeated or refused."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.autopilots import Autopilot, envelope, signature
from tests.support.payout_calls import (
    BATCH,
    BATCH_RUN,
    BOTH_PAID,
    CAPABILITIES,
    ONE,
    POST,
    SINGLE,
    TWO,
    named,
    pay,
    run_of,
    statuses,
)
from tests.support.stripe_service import Stripe


class TestBeforeAnythingIsSent:
    @pytest.mark.parametrize("capability", CAPABILITIES)
    def test_without_a_stripe_key_it_is_not_configured(self, without_key: Autopilot, capability: str) -> None:
        answer = without_key.call(capability, {}, idempotency_key="payout-1")

        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["title"]) == (503, "Not configured")
        assert answer.json()["outcome"] == "rejected"

    @pytest.mark.parametrize("capability", CAPABILITIES)
    @pytest.mark.parametrize("key", [None, "", "payout-1"])
    def test_it_is_done_only_as_a_run_of_the_orchestrators(
        self, payer: Autopilot, bank: Stripe, capability: str, key: str | None
    ) -> None:
        """Whoever has this autopilot's secret can sign a task, and still has no run."""
        body = envelope(capability, ONE if capability == SINGLE else BATCH, autopilot=payer.name)
        headers = {"content-type": "application/json"} | signature(body)
        answer = payer.http.post("/", content=body, headers=headers | ({} if key is None else {"idempotency-key": key}))

        assert (answer.status_code, answer.json()["title"]) == (400, "Run required")
        assert bank.calls() == []

    @pytest.mark.parametrize(
        ("capability", "meta", "pointers"),
        [
            (SINGLE, {}, ["/meta/destination", "/meta/amount", "/meta/currency"]),
            (SINGLE, ONE | {"amount": 10.5}, ["/meta/amount"]),
            (SINGLE, ONE | {"destination": "DE02120300000000202051"}, ["/meta/destination"]),
            (SINGLE, ONE | {"currency": "kwd", "amount": 5124}, ["/meta/amount"]),
            (SINGLE, ONE | {"currency": "isk", "amount": 550}, ["/meta/amount"]),
            (BATCH_RUN, {"payouts": []}, ["/meta/payouts"]),
            (BATCH_RUN, {"payouts": [ONE] * 41}, ["/meta/payouts"]),
            (BATCH_RUN, {"payouts": [ONE, TWO | {"currency": "EUR"}]}, ["/meta/payouts/1/currency"]),
            (BATCH_RUN, {"payouts": [ONE, ONE]}, ["/meta/payouts"]),
            (BATCH_RUN, BATCH | {"total": 1071}, ["/meta/total"]),
            (BATCH_RUN, BATCH | {"currency": "usd"}, ["/meta/payouts"]),
            (BATCH_RUN, {"payouts": [ONE, TWO | {"currency": "usd"}]}, ["/meta/payouts"]),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, payer: Autopilot, bank: Stripe, key: str, capability: str, meta: object, pointers: list[str]
    ) -> None:
        answer = pay(payer, key, meta, capability=capability)

        assert (answer.status_code, answer.json()["outcome"]) == (422, "rejected")
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers
        assert bank.calls() == []

    def test_health_is_well_and_says_what_is_unavailable_without_a_key(
        self, without_key: Autopilot, payer: Autopilot
    ) -> None:
        said = [autopilot.get("/health").json() for autopilot in (without_key, payer)]

        assert [each["status"] for each in said] == ["pass", "pass"]
        assert [each["unavailable"] for each in said] == [
            {name: ["STRIPE_API_KEY"] for name in (BATCH_RUN, SINGLE)},
            {},
        ]


class TestPaid:
    def test_a_batch(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        answer = pay(payer, key)

        assert answer.status_code == 201
        document = answer.json()
        assert (document["status"], document["currency"], document["total"], document["paid"]) == (
            "paid",
            "eur",
            1070,
            1070,
        )
        ids = {each["destination"]: each["id"] for each in bank.transfers()}
        assert document["transfers"] == [
            {**ONE, "status": "paid", "id": ids["acct_1"]},
            {**TWO, "status": "paid", "id": ids["acct_2"]},
        ]
        assert bank.paid() == BOTH_PAID
        assert {call["version"] for call in bank.calls()} == {"2025-09-30.clover"}

    def test_rupiah_of_twelve_digits(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        meta = {"destination": "acct_1", "amount": 150_000_000_000, "currency": "idr"}

        assert pay(payer, key, meta, capability=SINGLE).status_code == 201
        assert bank.paid() == [("acct_1", 150_000_000_000)]

    def test_a_repeat_is_told_the_same_and_nothing_is_sent(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        first, again = (pay(payer, key) for _ in range(2))

        assert (again.status_code, again.json()) == (201, first.json())
        assert len(bank.calls()) == 2

    def test_the_same_key_with_another_payout_is_refused(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        pay(payer, key, ONE, capability=SINGLE)

        for attempt in (1, 2):
            answer = pay(payer, key, ONE | {"amount": 1}, capability=SINGLE, attempt=attempt)
            assert (answer.status_code, answer.json()["title"]) == (422, "Idempotency-Key reused")
        assert bank.paid() == [("acct_1", 1050)]

    def test_a_payee_gets_one_payout_of_a_reference_and_currency(
        self, payer: Autopilot, bank: Stripe, key: str
    ) -> None:
        july = named(f"July {key}", ONE, TWO)
        pay(payer, key, july)

        again = pay(payer, str(uuid.uuid4()), named(f"July {key}", ONE), caller="office")
        other = pay(payer, str(uuid.uuid4()), named(f"July {key}", ONE | {"currency": "usd"}))

        assert (again.status_code, again.json()["title"], again.json()["outcome"]) == (
            409,
            "Already in the ledger",
            "rejected",
        )
        assert [(each["destination"], each["status"]) for each in again.json()["payouts"]] == [("acct_1", "paid")]
        assert other.status_code == 201
        assert bank.paid() == sorted([*BOTH_PAID, ("acct_1", 1050)])

    def test_of_many_at_the_same_moment_one_pays(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.fail({**POST, "effect": "delay", "seconds": 1})
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: pay(payer, key, ONE, capability=SINGLE), range(8)))

        assert {each.status_code for each in answers} <= {201, 202}
        assert [each.status_code for each in answers].count(201) >= 1
        assert len(bank.calls()) == 1

    def test_a_large_batch_goes_on_by_the_cron(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        payouts = [{"destination": f"acct_{number}", "amount": number + 1} for number in range(40)]
        meta = {"currency": "eur", "total": 820, "payouts": payouts}

        answers = [pay(payer, key, meta)]
        sent = [len(bank.calls())]
        for _ in range(2):
            payer.run_cron()
            sent.append(len(bank.calls()))

        assert (answers[0].status_code, answers[0].json()["status"]) == (202, "in progress")
        assert sent == [15, 30, 40]
        assert pay(payer, key, meta).status_code == 201
        assert sum(amount for _, amount in bank.paid()) == 820
        shown = payer.call("payouts.batch.get", {"run": run_of(key)["id"]}).json()
        assert (shown["status"], shown["paid"]) == ("settled", 820)


class TestRefused:
    def test_where_nothing_was_paid_the_key_is_good_again(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.set(balance={"eur": 0})
        first = pay(payer, key, ONE, capability=SINGLE)
        bank.set(balance=None)

        again = pay(payer, key, ONE, capability=SINGLE, attempt=2)

        assert (first.status_code, first.json()["title"], first.json()["outcome"]) == (
            422,
            "Upstream refused",
            "rejected",
        )
        assert re.search(r"insufficient .*[^.]\.$", first.json()["detail"]), "Stripe's own period is ours"
        assert (again.status_code, bank.paid()) == (201, [("acct_1", 1050)])
        keys = [call["key"] for call in bank.calls()]
        assert len(set(keys)) == 2, "Stripe keeps its refusals, so the next try is another request"

    def test_then_it_is_good_for_something_else_too(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.set(accounts=["acct_3"])
        assert pay(payer, key).status_code == 422

        answer = pay(payer, key, ONE | {"destination": "acct_3"}, capability=SINGLE, attempt=2)

        assert (answer.status_code, bank.paid()) == (201, [("acct_3", 1050)])

    def test_our_key_is_not_the_callers_fault(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.set(apiKeys=["sk_test_new"])

        answer = pay(payer, key)

        assert (answer.status_code, answer.json()["outcome"]) == (502, "rejected")

    def test_where_a_part_was_paid_that_is_the_answer(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.set(accounts=["acct_1"])

        answers = [pay(payer, key) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [207, 207]
        assert answers[0].json() == answers[1].json()
        assert statuses(answers[0]) == {"acct_1": "paid", "acct_2": "rejected"}
        assert bank.paid() == [("acct_1", 1050)]

    def test_what_was_refused_may_be_paid_by_another_batch(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.set(accounts=["acct_1"])
        pay(payer, key, named(f"May {key}", ONE, TWO))
        bank.set(accounts=None)

        answer = pay(payer, str(uuid.uuid4()), named(f"May {key}", TWO))

        assert (answer.status_code, bank.paid()) == (201, BOTH_PAID)
