"""payout-batch: transfers at Stripe (a stand-in on loopback), each sent once whatever is repeated, lost or refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.autopilots import Autopilot, envelope, running, signature
from tests.support.eventually import eventually
from tests.support.stripe_service import Stripe, stripe

BATCH_RUN, SINGLE = "payouts.batch.run", "payouts.transfer.single"
CAPABILITIES = [BATCH_RUN, SINGLE]
ONE = {"destination": "acct_1", "amount": 1050, "currency": "eur"}
TWO = {"destination": "acct_2", "amount": 20, "currency": "eur", "reference": "July", "description": "Commission"}
BATCH = {"payouts": [ONE, TWO]}
BOTH_PAID = [("acct_1", 1050), ("acct_2", 20)]


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
    bindings = {"STRIPE_API_KEY": "sk_test_1234", "STRIPE_API_URL": bank.url}
    with running("payout-batch", bindings=bindings) as autopilot:
        yield autopilot


@pytest.fixture(autouse=True)
def _fresh_bank(bank: Stripe) -> None:
    bank.reset()


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def attempt(
    payer: Autopilot, key: str, number: int, meta: object = BATCH, *, caller: str = "shop", header: str | None = None
) -> httpx.Response:
    """A batch as the orchestrator sends it: with the run in the signed body."""
    run = {"id": "run_1", "key": key, "caller": caller, "attempt": number}
    body = envelope(BATCH_RUN, meta, autopilot=payer.name, caller=caller, run=run)
    headers = {"content-type": "application/json", "idempotency-key": header or key} | signature(body)
    return payer.http.post("/", content=body, headers=headers)


def for_destination(name: str, fault: Any) -> Callable[[dict[str, str]], Any]:
    return lambda form: fault if form["destination"] == name else None


class TestBeforeAnythingIsSent:
    @pytest.mark.parametrize("capability", CAPABILITIES)
    def test_without_a_stripe_key_it_is_not_configured(self, without_key: Autopilot, capability: str) -> None:
        answer = without_key.call(capability, {}, idempotency_key="payout-1")

        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["title"]) == (503, "Not configured")
        assert (answer.json()["missing"], answer.json()["outcome"]) == (["STRIPE_API_KEY"], "rejected")

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
        assert bank.requests == []
        assert answer.json()["outcome"] == "rejected"

    def test_the_key_must_be_the_one_that_was_signed(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        answer = attempt(payer, key, 1, header="another")

        assert (answer.status_code, answer.json()["title"]) == (400, "Idempotency-Key changed")
        assert bank.requests == []

    @pytest.mark.parametrize(
        ("capability", "meta", "pointers"),
        [
            (SINGLE, {}, ["/meta/destination", "/meta/amount", "/meta/currency"]),
            (SINGLE, ONE | {"amount": 10.5}, ["/meta/amount"]),
            (SINGLE, ONE | {"destination": "DE02120300000000202051"}, ["/meta/destination"]),
            (BATCH_RUN, {"payouts": []}, ["/meta/payouts"]),
            (BATCH_RUN, {"payouts": [ONE] * 41}, ["/meta/payouts"]),
            (BATCH_RUN, {"payouts": [ONE, TWO | {"currency": "EUR"}]}, ["/meta/payouts/1/currency"]),
            (BATCH_RUN, {"payouts": [ONE, ONE]}, ["/meta"]),
        ],
        ids=["nothing", "half cents", "no account", "nobody", "too many", "currency", "the same twice"],
    )
    def test_what_makes_no_sense_is_refused(
        self, payer: Autopilot, bank: Stripe, key: str, capability: str, meta: object, pointers: list[str]
    ) -> None:
        answer = payer.call(capability, meta, idempotency_key=key)

        assert (answer.status_code, answer.json()["outcome"]) == (422, "rejected")
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers
        assert bank.requests == []

    def test_health_is_well_with_a_key_and_warns_without(self, without_key: Autopilot, payer: Autopilot) -> None:
        assert [autopilot.get("/health").json()["status"] for autopilot in (without_key, payer)] == ["warn", "pass"]


class TestPaid:
    def test_a_batch(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        answer = payer.call(BATCH_RUN, BATCH, idempotency_key=key)

        assert answer.status_code == 201
        document = answer.json()
        assert document["status"] == "paid"
        ids = {each["destination"]: each["id"] for each in bank.transfers}
        assert document["transfers"] == [
            {**ONE, "status": "paid", "id": ids["acct_1"]},
            {**TWO, "status": "paid", "id": ids["acct_2"]},
        ]
        assert bank.paid() == BOTH_PAID

    def test_one(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        answer = payer.call(SINGLE, TWO, idempotency_key=key)

        assert (answer.status_code, answer.json()["transfers"][0]["id"]) == (201, "tr_1")
        ((stripe_key, form),) = bank.requests
        assert form == {
            "amount": "20",
            "currency": "eur",
            "destination": "acct_2",
            "description": "Commission",
            "transfer_group": answer.json()["payout"],
            "metadata[index]": "0",
            "metadata[reference]": "July",
        }
        assert stripe_key == f"payout-{answer.json()['payout']}-0-0"

    def test_a_repeat_gets_the_first_answer(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        first, again = (payer.call(BATCH_RUN, BATCH, idempotency_key=key) for _ in range(2))

        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotency-replayed"] == "true"
        assert len(bank.requests) == 2

    def test_the_same_key_with_another_payout_is_refused(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        payer.call(SINGLE, ONE, idempotency_key=key)

        answer = payer.call(SINGLE, ONE | {"amount": 1}, idempotency_key=key)

        assert (answer.status_code, answer.json()["title"]) == (422, "Idempotency-Key reused")
        assert bank.paid() == [("acct_1", 1050)]

    def test_each_caller_has_keys_of_its_own(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        answers = [attempt(payer, key, 1, caller=caller) for caller in ("shop", "office", "shop")]

        assert [answer.status_code for answer in answers] == [201, 201, 201]
        assert bank.paid() == sorted(BOTH_PAID * 2)

    def test_of_many_at_the_same_moment_one_pays(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.gate.clear()
        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(payer.call, SINGLE, ONE, idempotency_key=key) for _ in range(8)]
            eventually(lambda: sum(answer.done() for answer in answers) == 7, "the others are refused")
            bank.gate.set()

        statuses = sorted(answer.result().status_code for answer in answers)
        assert statuses == [201] + [409] * 7
        refusals = [answer.result() for answer in answers if answer.result().status_code == 409]
        assert {(each.json()["title"], each.json()["outcome"]) for each in refusals} == {("Already running", "unknown")}
        assert all("retry-after" in each.headers for each in refusals)
        assert len(bank.requests) == 1


class TestRefused:
    def test_where_nothing_was_paid_the_key_is_good_again(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.fault = lambda _form: (400, {"message": "Insufficient funds"})
        first = payer.call(SINGLE, ONE, idempotency_key=key)
        bank.fault = lambda _form: None

        again = payer.call(SINGLE, ONE, idempotency_key=key)

        assert (first.status_code, first.json()["title"], first.json()["outcome"]) == (
            502,
            "Upstream refused",
            "rejected",
        )
        assert "Insufficient funds" in first.json()["detail"]
        assert (again.status_code, bank.paid()) == (201, [("acct_1", 1050)])
        keys = [stripe_key for stripe_key, _ in bank.requests]
        assert len(set(keys)) == 2, "Stripe keeps its refusals, so the next try is another request"

    def test_where_a_part_was_paid_that_is_the_answer(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.fault = for_destination("acct_2", (400, {"message": "No such account"}))

        answers = [payer.call(BATCH_RUN, BATCH, idempotency_key=key) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [207, 207]
        assert answers[0].json() == answers[1].json()
        assert [each["status"] for each in answers[0].json()["transfers"]] == ["paid", "rejected"]
        assert bank.paid() == [("acct_1", 1050)]


class TestUnknown:
    @pytest.mark.parametrize(
        "fault",
        ["lose", "drop", (500, {"message": "Oh"}), (409, {"message": "In use"}), (400, {"type": "idempotency_error"})],
        ids=["answer lost", "connection lost", "fault", "key in use", "key used"],
    )
    def test_it_stays_unknown(self, payer: Autopilot, bank: Stripe, key: str, fault: Any) -> None:
        bank.fault = for_destination("acct_2", fault)

        answers = [payer.call(BATCH_RUN, BATCH, idempotency_key=key) for _ in range(3)]

        for answer in answers:
            document = answer.json()
            assert (answer.status_code, document["title"], document["outcome"]) == (409, "Outcome unknown", "unknown")
            assert {each["destination"]: each["status"] for each in document["transfers"]}["acct_2"] == "unknown"
        assert len(bank.requests) == 2

    @pytest.mark.parametrize("fault", ["lose", "drop"])
    def test_the_orchestrators_next_attempt_pays_what_was_not_paid(
        self, payer: Autopilot, bank: Stripe, key: str, fault: str
    ) -> None:
        bank.fault = for_destination("acct_2", fault)
        first = attempt(payer, key, 1)
        bank.fault = lambda _form: None

        again, repeat = attempt(payer, key, 2), attempt(payer, key, 2)

        assert first.json()["title"] == "Outcome unknown"
        assert (again.status_code, repeat.json()) == (201, again.json())
        assert bank.paid() == BOTH_PAID

    def test_it_is_never_sent_again_where_stripe_has_it(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        """Though a person said that it was not done, and Stripe has forgotten the key."""
        bank.fault = for_destination("acct_2", "lose")
        attempt(payer, key, 1)
        bank.fault = lambda _form: None
        bank.forget_keys()

        answer = attempt(payer, key, 2)

        assert (answer.status_code, bank.paid()) == (201, BOTH_PAID)

    def test_a_caller_that_goes_away_does_not_stop_it(self, payer: Autopilot, bank: Stripe, key: str) -> None:
        bank.gate.clear()
        with pytest.raises(httpx.ReadTimeout):
            payer.http.send(payer.request(SINGLE, ONE, idempotency_key=key, timeout=1))
        bank.gate.set()

        eventually(lambda: payer.call(SINGLE, ONE, idempotency_key=key).status_code == 201, "the payout is made")
        assert len(bank.requests) == 1
