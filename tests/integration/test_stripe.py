"""Stripe on this machine: what it does with keys, faults, lists, money, sessions and webhooks."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.loopback_service import service
from tests.support.stripe_service import API_KEY, Stripe, stripe

TRANSFER: dict[str, Any] = {"amount": 100, "currency": "eur", "destination": "acct_1", "transfer_group": "g"}
PATH = "/v1/transfers"
LINE: dict[str, Any] = {
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": 900,
    "line_items[0][price_data][product_data][name]": "Club",
}
MONTHLY: dict[str, Any] = {"line_items[0][price_data][recurring][interval]": "month"}
SESSION: dict[str, Any] = {"mode": "payment", "success_url": "https://shop.example/{CHECKOUT_SESSION_ID}/ok", **LINE}


@pytest.fixture(scope="module")
def running() -> Iterator[Stripe]:
    with stripe() as found:
        yield found


@pytest.fixture
def bank(running: Stripe) -> Stripe:
    running.reset()
    return running


def send(bank: Stripe, key: str | None = "k", **changes: Any) -> httpx.Response:
    form = {name: value for name, value in {**TRANSFER, **changes}.items() if value is not None}
    return bank.call("POST", PATH, key=key, **form)


def error(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()["error"]
    return answer.status_code, told["type"], told.get("code")


class TestKeys:
    def test_the_same_call_is_answered_again_and_done_once(self, bank: Stripe) -> None:
        first, again = send(bank), send(bank)

        assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
        assert "idempotent-replayed" not in first.headers
        assert len(bank.transfers()) == 1

    def test_another_call_with_the_same_key_is_refused(self, bank: Stripe) -> None:
        send(bank)
        assert error(send(bank, amount=101)) == (400, "idempotency_error", None)

    def test_a_failure_is_kept_and_a_refusal_of_parameters_is_not(self, bank: Stripe) -> None:
        bank.fail({"status": 500})
        assert [send(bank).status_code for _ in range(2)] == [500, 500]
        assert bank.transfers() == []
        assert send(bank, "other", amount=0).status_code == 400
        assert send(bank, "other").status_code == 200

    def test_a_refusal_in_the_work_is_kept(self, bank: Stripe) -> None:
        bank.set(balance={"eur": 99})
        assert error(send(bank)) == (400, "invalid_request_error", "balance_insufficient")
        bank.set(balance={"eur": 1000})
        assert send(bank).status_code == 400
        assert send(bank, "new").status_code == 200

    def test_too_many_and_in_use_are_not_kept(self, bank: Stripe) -> None:
        bank.fail({"status": 429, "retryAfter": 3}, {"status": 409})
        limited = send(bank)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
        assert [send(bank).status_code for _ in range(2)] == [409, 200]

    def test_while_one_is_in_flight_the_other_is_409(self, bank: Stripe) -> None:
        bank.fail({"effect": "delay", "seconds": 1})
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(send, bank)
            eventually(lambda: len(bank.calls()) == 1, "the first is there")
            assert error(send(bank)) == (409, "idempotency_error", "idempotency_key_in_use")
            assert first.result().status_code == 200

    def test_forgotten_keys_do_it_again(self, bank: Stripe) -> None:
        send(bank)
        bank.forget_keys()
        assert send(bank, amount=101).status_code == 200


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("effect", ["drop", "hang"])
def test_an_answer_that_is_lost(bank: Stripe, effect: str, when: str, made: int) -> None:
    bank.fail({"effect": effect, "when": when})
    with pytest.raises(httpx.HTTPError):
        httpx.post(bank.url + PATH, data=TRANSFER, headers={"authorization": f"Bearer {API_KEY}"}, timeout=1)
    assert len(bank.transfers()) == made


def test_a_500_after_the_effect_is_kept_though_the_money_moved(bank: Stripe) -> None:
    bank.fail({"status": 500, "when": "after"})
    assert [send(bank).status_code for _ in range(2)] == [500, 500]
    assert len(bank.transfers()) == 1


def test_faults_strike_lists_and_the_calls_that_are_meant(bank: Stripe) -> None:
    bank.fail({"method": "GET", "status": 429}, {"match": {"destination": "acct_2"}, "after": 1, "times": 1})
    assert bank.call("GET", PATH).status_code == 429
    assert bank.call("GET", PATH).status_code == 200
    assert [send(bank, key, destination="acct_2").status_code for key in "abc"] == [200, 500, 200]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": None}, "parameter_missing"),
        ({"amount": "1.5"}, "parameter_invalid_integer"),
        ({"amount": 0}, "parameter_invalid_integer"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"amount": 1_000_000_000_000, "currency": "idr"}, "amount_too_large"),
        ({"amount": 5124, "currency": "kwd"}, "parameter_invalid_integer"),
        ({"amount": 550, "currency": "isk"}, "parameter_invalid_integer"),
        ({"currency": "euro"}, None),
        ({"destination": None}, "parameter_missing"),
        ({"destinations": "x"}, "parameter_unknown"),
    ],
)
def test_what_is_no_transfer(bank: Stripe, changes: dict[str, Any], code: str | None) -> None:
    assert error(send(bank, **changes)) == (400, "invalid_request_error", code)
    assert bank.transfers() == []


def test_accounts(bank: Stripe) -> None:
    bank.set(accounts=["acct_1"])
    made = bank.call("POST", "/v1/accounts", type="express").json()["id"]
    assert error(send(bank, destination="acct_2")) == (400, "invalid_request_error", "resource_missing")
    assert send(bank, "b", destination=made).status_code == 200


def test_the_balance_and_reversals(bank: Stripe) -> None:
    bank.set(balance={"eur": 150})
    made = send(bank).json()["id"]
    reversals = f"{PATH}/{made}/reversals"
    assert bank.call("GET", "/v1/balance").json()["available"][0]["amount"] == 50
    assert bank.call("POST", reversals, amount=40).status_code == 200
    assert bank.call("POST", reversals, amount=61).status_code == 400
    assert bank.call("POST", reversals).json()["amount"] == 60
    reversed_one = bank.call("GET", f"{PATH}/{made}").json()
    assert (reversed_one["reversed"], reversed_one["amount_reversed"]) == (True, 100)
    assert bank.call("GET", "/v1/balance").json()["available"][0]["amount"] == 150


def test_lists_come_in_pages_newest_first(bank: Stripe) -> None:
    ids = [send(bank, str(number), transfer_group="a" if number % 2 else "b").json()["id"] for number in range(5)]
    first = bank.call("GET", PATH, limit=3).json()
    rest = bank.call("GET", PATH, limit=3, starting_after=first["data"][-1]["id"]).json()
    assert [each["id"] for each in [*first["data"], *rest["data"]]] == ids[::-1]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [each["id"] for each in bank.call("GET", PATH, transfer_group="a").json()["data"]] == [ids[3], ids[1]]
    assert bank.call("GET", PATH, limit=101).status_code == 400
    assert bank.call("GET", PATH, starting_after="tr_x").status_code == 400
    assert bank.call("GET", f"{PATH}?created[gt]=4000000000").json()["data"] == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Bearer sk_test_x"}])
def test_who_has_no_key_is_refused(bank: Stripe, headers: dict[str, str]) -> None:
    assert httpx.post(bank.url + PATH, data=TRANSFER, headers=headers).status_code == 401


def test_a_version_that_is_none(bank: Stripe) -> None:
    headers = {"authorization": f"Bearer {API_KEY}", "stripe-version": "latest"}
    assert httpx.get(bank.url + PATH, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mode": "subscription"}, None),
        (MONTHLY, None),
        ({"line_items[0][price_data][unit_amount]": 10}, "amount_too_small"),
        ({"success_url": "shop"}, "url_invalid"),
        ({"success_url": None}, "parameter_missing"),
        ({"line_items[0][price]": "price_x"}, None),
        ({"line_items[0][colour]": "red"}, "parameter_unknown"),
        ({"customer_email": "nobody"}, "email_invalid"),
    ],
)
def test_what_is_no_session(bank: Stripe, changes: dict[str, Any], code: str | None) -> None:
    form = {name: value for name, value in {**SESSION, **changes}.items() if value is not None}
    assert error(bank.call("POST", "/v1/checkout/sessions", **form)) == (400, "invalid_request_error", code)


def test_a_session_is_paid_and_told_signed(bank: Stripe) -> None:
    with service() as shop:
        bank.set(webhooks=[{"url": shop.url, "secret": "whsec_test"}])
        made = bank.call("POST", "/v1/checkout/sessions", **SESSION).json()
        paid = bank.complete(made["id"])
        ((_, headers, body),) = shop.calls

    assert paid["goesTo"] == f"https://shop.example/{made['id']}/ok"
    assert (paid["event"]["type"], paid["event"]["data"]["object"]["payment_status"]) == (
        "checkout.session.completed",
        "paid",
    )
    moment, _, digest = headers["stripe-signature"].removeprefix("t=").partition(",v1=")
    signed = f"{moment}.{body}".encode()
    assert digest == hmac.new(b"whsec_test", signed, hashlib.sha256).hexdigest()


def test_what_is_free_and_what_recurs_can_be_had(bank: Stripe) -> None:
    free = bank.call("POST", "/v1/checkout/sessions", **{**SESSION, "line_items[0][price_data][unit_amount]": 0})
    club = bank.call("POST", "/v1/checkout/sessions", **{**SESSION, **MONTHLY, "mode": "subscription"})
    assert (free.json()["amount_total"], club.json()["mode"]) == (0, "subscription")
    assert bank.complete(free.json()["id"])["event"]["data"]["object"]["payment_status"] == "no_payment_required"
