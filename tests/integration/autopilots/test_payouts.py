"""payout-batch: transfers at the product's own Stripe, each made once whatever is repeated, lost, refused or kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.autopilots import Autopilot, envelope, running, signature
from tests.support.eventually import eventually
from tests.support.stripe_service import API_KEY, Stripe, stripe

BATCH_RUN, SINGLE = "payouts.batch.run", "payouts.transfer.single"
CAPABILITIES = [BATCH_RUN, SINGLE]
ONE = {"destination": "acct_1", "amount": 1050, "currency": "eur"}
TWO = {"destination": "acct_2", "amount": 20, "currency": "eur", "description": "Commission"}
BATCH = {"currency": "eur", "total": 1070, "payouts": [ONE, TWO]}
BOTH_PAID = [("acct_1", 1050), ("acct_2", 20)]
POST = {"method": "POST", "path": "/v1/transfers"}
LIST = {"method": "GET", "path": "/v1/transfers"}
TO_TWO = {**POST, "match": {"destination": "acct_2"}}


@pytest.fixture(scope="module")
def without_key() -> Iterator[Autopilot]:
    with running("payout-batch") as autopilot:
        yield autopilot


@pytest.fixture(scope="module")
def bank() -> Iterator[Stripe]:
    with stripe() as service:
        yield service


@pytest.fixture(scope="module")
def payer(bank: Stripe) -> Iterator[Autopilot]:
    with running("payout-batch", bindings=bound(bank)) as autopilot:
        yield autopilot


@pytest.fixture(scope="module")
def careful(bank: Stripe) -> Iterator[Autopilot]:
    """With caps, and one known payee."""
    caps = {"PAYOUT_CAP_ITEM": "eur:1000", "PAYOUT_CAP_BATCH": "eur:1500", "PAYOUT_CAP_DAY": "eur:100000"}
    with running("payout-batch", bindings=bound(bank) | caps | {"PAYOUT_PAYEES": "acct_1 acct_9"}) as autopilot:
        yield autopilot


@pytest.fixture(autouse=True)
def _fresh_bank(bank: Stripe) -> None:
    bank.reset()


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


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
        assert "insufficient" in first.json()["detail"]
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


class TestEarlierVersion:
    """What its claims in R2 say stays so."""

    @pytest.fixture
    def upgraded(self, bank: Stripe) -> Iterator[Autopilot]:
        with running("payout-batch", bindings=bound(bank)) as autopilot:
            yield autopilot

    def claim(self, upgraded: Autopilot, key: str, status: str, transfers: list[dict[str, Any]], **more: Any) -> str:
        from hashlib import sha256

        name = sha256(json.dumps(["shop", key], separators=(",", ":")).encode()).hexdigest()[:32]
        payouts = [
            {"destination": each["destination"], "amount": each["amount"], "currency": "eur"} for each in transfers
        ]
        for payout, transfer in zip(payouts, transfers, strict=True):
            payout |= {key: transfer[key] for key in ("description", "reference") if key in transfer}
        fingerprint = sha256(json.dumps(payouts, separators=(",", ":")).encode()).hexdigest()
        claim = {
            "status": status,
            "fingerprint": fingerprint,
            "attempt": 1,
            "expiresAt": 0,
            "transfers": [{"currency": "eur", "refusals": 0, **each} for each in transfers],
            **more,
        }
        upgraded.store("EFH_PRIVATE", f"payouts/{name}.json", json.dumps(claim).encode())
        return name

    def test_what_was_paid_is_answered_as_it_was(self, upgraded: Autopilot, bank: Stripe) -> None:
        transfers = [{**ONE, "status": "paid", "id": "tr_old"}, {**TWO, "status": "paid", "id": "tr_old2"}]
        answer = {"status": 201, "body": '{"status":"paid","payout":"old"}'}
        self.claim(upgraded, "old-1", "done", transfers, answer=answer)

        again = pay(upgraded, "old-1", {"payouts": [ONE, TWO]})

        assert (again.status_code, again.json()) == (201, {"status": "paid", "payout": "old"})
        assert pay(upgraded, "old-1", {"payouts": [ONE]}).status_code == 422
        assert bank.calls() == []

    def test_a_reference_that_was_paid_is_not_paid_again(self, upgraded: Autopilot, bank: Stripe) -> None:
        paid = {**ONE, "reference": "June", "status": "paid", "id": "tr_old"}
        self.claim(upgraded, "old-2", "done", [paid], answer={"status": 201, "body": "{}"})

        assert pay(upgraded, "new", named("June", ONE)).status_code == 409
        assert bank.calls() == []

    @pytest.mark.parametrize("status", ["unknown", "running"])
    def test_what_was_unknown_stays_so_until_a_person_says(
        self, upgraded: Autopilot, bank: Stripe, status: str
    ) -> None:
        name = self.claim(upgraded, "old-3", status, [{**ONE, "status": "unknown"}, {**TWO, "status": "waiting"}])
        form = {"amount": 1050, "currency": "eur", "destination": "acct_1", "transfer_group": name}
        bank.call("POST", "/v1/transfers", key=f"payout-{name}-0-0", **form, **{"metadata[index]": 0})

        before = pay(upgraded, "old-3", {"payouts": [ONE, TWO]})
        after = pay(upgraded, "old-3", {"payouts": [ONE, TWO]}, attempt=2)

        assert (before.status_code, before.json()["outcome"]) == (409, "unknown")
        assert (after.status_code, bank.paid()) == (201, BOTH_PAID)

    def test_nothing_is_paid_before_all_of_them_are_read(self, upgraded: Autopilot, bank: Stripe) -> None:
        for number in range(40):
            paid = {**ONE, "reference": f"r{number}", "status": "paid", "id": f"tr_{number}"}
            self.claim(upgraded, f"many-{number}", "done", [paid], answer={"status": 201, "body": "{}"})

        first = pay(upgraded, "new", named("r39", ONE))
        upgraded.run_cron()

        assert (first.status_code, first.json()["title"]) == (503, "Earlier payouts are being read")
        eventually(lambda: pay(upgraded, "new", named("r39", ONE)).status_code == 409, "all are read")
        assert bank.calls() == []
        assert upgraded.sql("EFH_PAYOUTS", "SELECT count(*) AS n FROM items")[0]["n"] == 40
