"""ai-employee: checkouts at the product's own Stripe, and the enrolment of who has paid, by its signed webhook."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local_services.stripe.events import signature as stripe_signature
from tests.support.autopilots import Autopilot, running
from tests.support.stripe_service import API_KEY, Stripe, stripe

SECRET, NEXT_SECRET = "whsec_of_the_tests", "whsec_of_tomorrow"
CREATE = "payment.checkout.create"
COURSE = {"name": "Course", "amount": 4900, "currency": "eur"}
OK = "https://shop.example/ok"
CHECKOUT: dict[str, Any] = {
    "lineItems": [COURSE],
    "successUrl": OK,
    "customerEmail": "Ada@Example.com",
    "course": "bread-for-beginners",
}


@pytest.fixture(scope="module")
def bank() -> Iterator[Stripe]:
    with stripe() as service:
        yield service


@pytest.fixture(scope="module")
def employee(bank: Stripe) -> Iterator[Autopilot]:
    key = bank.url.replace("://", f"://{API_KEY}@")
    bindings = {"STRIPE_API_KEY": key, "STRIPE_WEBHOOK_SECRET": f"{SECRET} {NEXT_SECRET}"}
    with running("employee", bindings=bindings) as autopilot:
        yield autopilot


@pytest.fixture(autouse=True)
def _fresh(bank: Stripe, employee: Autopilot) -> None:
    bank.reset()
    bank.set(webhooks=[{"url": f"{str(employee.http.base_url).rstrip('/')}/stripe/webhook", "secret": SECRET}])
    assert employee.call("lms.enrollment.create", {"student": {"email": "x@example.com"}, "course": "x"}).is_success
    employee.sql("EFH_CRM", "DELETE FROM enrollments")


def make(employee: Autopilot, meta: dict[str, Any], key: str | None = None) -> httpx.Response:
    return employee.call(CREATE, meta, idempotency_key=key)


def enrolled(employee: Autopilot) -> list[tuple[str, str]]:
    rows = employee.sql("EFH_CRM", "SELECT email, course FROM enrollments")
    return [(row["email"], row["course"]) for row in rows]


def tell(employee: Autopilot, event: dict[str, Any], header: str | None = None, **headers: str) -> httpx.Response:
    body = json.dumps(event)
    signed = header if header is not None else stripe_signature(body, SECRET)
    return employee.http.post("/stripe/webhook", content=body, headers={"stripe-signature": signed, **headers})


def paid_event(employee: Autopilot, bank: Stripe, **changes: Any) -> dict[str, Any]:
    bank.set(webhooks=[])
    event: dict[str, Any] = bank.complete(make(employee, CHECKOUT | changes).json()["id"])["event"]
    return event


class TestSessions:
    @pytest.mark.parametrize(
        "url",
        [
            "https://shop.example/orders/{CHECKOUT_SESSION_ID}/thanks",
            "https://shop.example/thanks?id={CHECKOUT_SESSION_ID}&again={CHECKOUT_SESSION_ID}",
            "https://shop.example/#{CHECKOUT_SESSION_ID}",
        ],
    )
    def test_the_sessions_id_may_stand_anywhere_in_the_address(
        self, employee: Autopilot, bank: Stripe, url: str
    ) -> None:
        made = make(employee, CHECKOUT | {"successUrl": url}).json()

        assert bank.complete(made["id"])["goesTo"] == url.replace("{CHECKOUT_SESSION_ID}", made["id"])

    @pytest.mark.parametrize(
        "url", ["https://{CHECKOUT_SESSION_ID}@x.example/", "https://x.example/{ID}", "http://x.example"]
    )
    def test_addresses_that_are_not_taken(self, employee: Autopilot, url: str) -> None:
        answer = make(employee, CHECKOUT | {"successUrl": url})
        assert [each["pointer"] for each in answer.json()["errors"]] == ["/meta/successUrl"]

    def test_a_subscription(self, employee: Autopilot, bank: Stripe) -> None:
        club = COURSE | {"recurring": {"interval": "month", "intervalCount": 3}}
        made = make(employee, CHECKOUT | {"mode": "subscription", "lineItems": [club, COURSE]})

        assert made.status_code == 201
        (call,) = bank.calls()
        price = call["form"]["line_items"]["0"]["price_data"]
        assert price["recurring"] == {"interval": "month", "interval_count": "3"}

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"mode": "subscription"}, "/meta/lineItems"),
            ({"lineItems": [COURSE | {"recurring": {"interval": "month"}}]}, "/meta/lineItems/0/recurring"),
            ({"lineItems": [COURSE | {"currency": "kwd", "amount": 5124}]}, "/meta/lineItems/0/amount"),
            ({"course": "Bread!"}, "/meta/course"),
        ],
    )
    def test_what_stripe_would_refuse_is_said_before(
        self, employee: Autopilot, bank: Stripe, change: dict[str, Any], pointer: str
    ) -> None:
        answer = make(employee, CHECKOUT | change)

        assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (422, [pointer])
        assert bank.calls() == []

    def test_rupiah_and_free_items(self, employee: Autopilot) -> None:
        rupiah = {"name": "Kursus roti", "amount": 15_000_000, "currency": "idr"}
        assert make(employee, CHECKOUT | {"lineItems": [rupiah]}).status_code == 201
        assert make(employee, CHECKOUT | {"lineItems": [COURSE | {"amount": 0}]}).status_code == 201

    def test_a_refusal_of_the_request_is_the_callers(self, employee: Autopilot) -> None:
        answer = make(employee, CHECKOUT | {"lineItems": [COURSE | {"amount": 10}]})
        assert (answer.status_code, answer.json()["title"], answer.json()["upstreamStatus"]) == (
            422,
            "Upstream refused",
            400,
        )

    def test_a_refusal_of_our_key_is_ours(self, employee: Autopilot, bank: Stripe) -> None:
        bank.set(apiKeys=[])
        assert make(employee, CHECKOUT).status_code == 502

    def test_the_same_key_with_another_checkout_is_422(self, employee: Autopilot, bank: Stripe) -> None:
        key = str(uuid.uuid4())
        first, again = make(employee, CHECKOUT, key), make(employee, CHECKOUT, key)
        other = make(employee, CHECKOUT | {"successUrl": f"{OK}2"}, key)

        assert (again.status_code, again.json()) == (201, first.json())
        assert (other.status_code, other.json()["title"]) == (422, "Idempotency-Key reused")
        assert len(bank.state()["sessions"]) == 1


class TestWebhook:
    def test_who_has_paid_is_enrolled(self, employee: Autopilot, bank: Stripe) -> None:
        made = make(employee, CHECKOUT).json()

        paid = bank.complete(made["id"])

        assert [each["status"] for each in paid["delivered"]] == [200]
        assert enrolled(employee) == [("Ada@Example.com", "bread-for-beginners")]

    def test_once_for_an_event_and_for_a_session(self, employee: Autopilot, bank: Stripe) -> None:
        event = paid_event(employee, bank)
        late = event | {"id": "evt_2", "type": "checkout.session.async_payment_succeeded"}
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda each: tell(employee, each), [event, late] * 8))

        assert {(answer.status_code, answer.json()["enrolled"]) for answer in answers} == {(200, True)}
        assert len(enrolled(employee)) == 1
        (row,) = employee.sql("EFH_CRM", "SELECT version FROM enrollments")
        assert row["version"] == 1

    def test_who_was_deleted_since_stays_deleted(self, employee: Autopilot, bank: Stripe) -> None:
        event = paid_event(employee, bank)
        tell(employee, event)
        employee.sql("EFH_CRM", "DELETE FROM enrollments")

        assert tell(employee, event).status_code == 200
        assert enrolled(employee) == []

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "v1=00",
            "t=1",
            "t=now,v1=00",
            f"t={int(time.time())},v0=00",
            f"t={int(time.time())},v1=zz",
            f"t={int(time.time())},v1={'0' * 64}",
        ],
        # Without the time, or no two processes of a run collect the same tests.
        ids=["nothing", "no time", "no signature", "no number", "another version", "no hex", "not theirs"],
    )
    def test_what_stripe_did_not_sign_does_nothing(self, employee: Autopilot, bank: Stripe, header: str) -> None:
        answer = tell(employee, paid_event(employee, bank), header)

        assert (answer.status_code, answer.json()["title"]) == (400, "Signature refused")
        assert enrolled(employee) == []

    def test_an_old_event_is_refused_and_one_of_a_clock_that_is_ahead_is_not(
        self, employee: Autopilot, bank: Stripe
    ) -> None:
        event = paid_event(employee, bank)
        now = time.time()
        old, ahead = (stripe_signature(json.dumps(event), SECRET, at) for at in (now - 310, now + 310))

        assert tell(employee, event, old).status_code == 400
        assert tell(employee, event, ahead).status_code == 200

    def test_another_body_with_the_same_signature_is_refused(self, employee: Autopilot, bank: Stripe) -> None:
        event = paid_event(employee, bank)
        signed = stripe_signature(json.dumps(event), SECRET)
        assert tell(employee, event | {"id": "evt_forged"}, signed).status_code == 400

    def test_any_of_several_signatures_and_of_two_secrets_will_do(self, employee: Autopilot, bank: Stripe) -> None:
        event = paid_event(employee, bank)
        signed = stripe_signature(json.dumps(event), NEXT_SECRET)
        moment, _, digest = signed.partition(",")
        assert tell(employee, event, f"{moment},v0=abc,v1={'0' * 64},{digest}").status_code == 200
        assert len(enrolled(employee)) == 1

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"type": "invoice.paid"}, None),
            ({"payment_status": "unpaid"}, None),
            ({"metadata": {}}, None),
            ({"metadata": {"course": "No Course"}}, "course"),
            ({"customer_details": None, "customer_email": None}, "address"),
        ],
        ids=["another event", "not paid yet", "something else", "no course's name", "nobody's address"],
    )
    def test_what_enrols_nobody_is_taken_all_the_same(
        self, employee: Autopilot, bank: Stripe, changes: dict[str, Any], reason: str | None
    ) -> None:
        """Stripe would repeat for days what is not answered 200."""
        event = paid_event(employee, bank)
        event["type"] = changes.pop("type", event["type"])
        event["data"]["object"] |= changes

        answer = tell(employee, event)

        assert (answer.status_code, answer.json()["enrolled"]) == (200, False)
        assert (reason or "") in answer.json().get("reason", "")
        assert enrolled(employee) == []

    def test_without_a_secret_it_is_not_configured(self) -> None:
        with running("employee", bindings={"STRIPE_API_KEY": API_KEY}) as other:
            answer = other.http.post("/stripe/webhook", content="{}")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["STRIPE_WEBHOOK_SECRET"])
