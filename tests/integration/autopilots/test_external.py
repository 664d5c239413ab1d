"""ai-employee's calls to other companies: follow-ups through a mail service, checkouts at Stripe.

Both are real HTTP servers on loopback that record what they were sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.support.autopilots import Autopilot, envelope, running, signature
from tests.support.loopback_service import Service, service

MAIL = {"to": "ada@example.com", "subject": "Grüße", "text": "Hello Ada", "replyTo": "desk@example.com"}
CHECKOUT = {
    "lineItems": [
        {"price": "price_123"},
        {"name": "Rye & more", "amount": 4900, "currency": "eur", "quantity": 2},
    ],
    "successUrl": "https://example.com/thanks?session={CHECKOUT_SESSION_ID}",
    "customerEmail": "ada@example.com",
    "metadata": {"course": "rye"},
}


@pytest.fixture(scope="module")
def outside() -> Iterator[Service]:
    with service() as running_service:
        yield running_service


@pytest.fixture(scope="module")
def employee() -> Iterator[Autopilot]:
    """With no key for any other company's API, as after the first `pulumi up` of a real account."""
    with running("employee", bindings={"STAGE": "prod"}) as autopilot:
        yield autopilot


@pytest.fixture(scope="module")
def equipped(outside: Service) -> Iterator[Autopilot]:
    """With keys for the mail service and for Stripe."""
    bindings = {
        "MAIL_API_KEY": "mail-key-1234",
        "MAIL_API_URL": f"{outside.url}/emails",
        "MAIL_FROM": "Desk <desk@example.com>",
        "STRIPE_API_KEY": "sk_test_1234",
        "STRIPE_API_URL": outside.url,
    }
    with running("employee", bindings=bindings) as autopilot:
        yield autopilot


def key_of(capability: str, key: str) -> str:
    """A caller's key as others get it: of the caller and the capability too, so that no two callers share one."""
    return hashlib.sha256(json.dumps(["shop", capability, key], separators=(",", ":")).encode()).hexdigest()


@pytest.fixture(autouse=True)
def _fresh_service(outside: Service) -> None:
    outside.status, outside.answer, outside.headers, outside.calls = 200, {}, {}, []


def test_a_followup_is_handed_to_the_mail_service(equipped: Autopilot, outside: Service) -> None:
    outside.answer = {"id": "mail-1"}

    answer = equipped.call("email.send", MAIL, idempotency_key="followup-1")

    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "id": "mail-1", "to": MAIL["to"]})
    [(path, headers, body)] = outside.calls
    assert path == "/emails"
    assert headers["authorization"] == "Bearer mail-key-1234"
    assert headers["idempotency-key"] == key_of("email.send", "followup-1")
    assert json.loads(body) == {
        "from": "Desk <desk@example.com>",
        "to": ["ada@example.com"],
        "subject": "Grüße",
        "text": "Hello Ada",
        "reply_to": "desk@example.com",
    }


def test_nothing_is_sent_until_the_mail_service_is_configured(employee: Autopilot) -> None:
    answer = employee.call("email.send", MAIL)

    assert (answer.status_code, answer.json()["title"]) == (503, "Not configured")
    assert answer.json()["missing"] == ["MAIL_API_KEY", "MAIL_FROM"]
    assert "`pulumi config set --secret --path secrets.MAIL_API_KEY -s prod`" in answer.json()["detail"]
    assert "`MAIL_FROM: " in answer.json()["detail"]
    assert "`pulumi up -s prod`" in answer.json()["detail"]


def test_on_the_local_stack_mail_is_logged_where_it_can_be_read() -> None:
    with running("employee") as employee:
        answers = [employee.call("email.send", MAIL, idempotency_key="followup-1") for _ in range(2)]
        logged = employee.stored("EFH_PRIVATE", answers[0].json()["key"]).json()

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["status"], logged.pop("loggedAt")[:2]) == ("logged", "20")
    assert logged == {
        "from": None,
        "to": ["ada@example.com"],
        "subject": "Grüße",
        "text": "Hello Ada",
        "reply_to": "desk@example.com",
    }


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"to": "nobody"}, "/meta/to"),
        ({"subject": "Hi\r\nBcc: all@example.com"}, "/meta/subject"),
        ({"text": ""}, "/meta"),
    ],
)
def test_an_email_that_cannot_be_sent_is_refused(
    equipped: Autopilot, outside: Service, change: dict[str, str], pointer: str
) -> None:
    answer = equipped.call("email.send", MAIL | change)

    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert outside.calls == []


def test_a_checkout_is_created_at_stripe(equipped: Autopilot, outside: Service) -> None:
    outside.answer = {"id": "cs_1", "url": "https://checkout.stripe.com/c/cs_1", "expires_at": 1, "secret": "no"}

    answer = equipped.call("payment.checkout.create", CHECKOUT, idempotency_key="order-1")

    assert answer.status_code == 201
    assert answer.json() == {"id": "cs_1", "url": "https://checkout.stripe.com/c/cs_1", "expiresAt": 1}
    [(path, headers, body)] = outside.calls
    assert path == "/v1/checkout/sessions"
    assert headers["authorization"] == "Bearer sk_test_1234"
    assert headers["idempotency-key"] == key_of("payment.checkout.create", "order-1")
    assert headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert dict(parse_qsl(body)) == {
        "mode": "payment",
        "success_url": "https://example.com/thanks?session={CHECKOUT_SESSION_ID}",
        "customer_email": "ada@example.com",
        "metadata[course]": "rye",
        "line_items[0][price]": "price_123",
        "line_items[0][quantity]": "1",
        "line_items[1][quantity]": "2",
        "line_items[1][price_data][currency]": "eur",
        "line_items[1][price_data][unit_amount]": "4900",
        "line_items[1][price_data][product_data][name]": "Rye & more",
    }


def test_a_replayed_message_has_the_same_key_at_stripe(equipped: Autopilot, outside: Service) -> None:
    outside.answer = {"id": "cs_1", "url": "https://checkout.stripe.com/c/cs_1"}
    signed = signature(envelope("payment.checkout.create", CHECKOUT, autopilot="employee"))

    for _ in range(2):
        equipped.call("payment.checkout.create", CHECKOUT, headers=signed)

    assert len({headers["idempotency-key"] for _, headers, _ in outside.calls}) == 1


def test_there_is_no_checkout_until_stripe_is_configured(employee: Autopilot) -> None:
    answer = employee.call("payment.checkout.create", CHECKOUT)

    assert (answer.status_code, answer.json()["missing"]) == (503, ["STRIPE_API_KEY"])


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"lineItems": []}, ["/meta/lineItems"]),
        ({"lineItems": [{"price": "price_1", "name": "Rye"}]}, ["/meta/lineItems/0"]),
        ({"lineItems": [{"name": "Rye", "amount": 1}]}, ["/meta/lineItems/0"]),
        ({"lineItems": [{"price": "prod_1"}, {}]}, ["/meta/lineItems/0/price", "/meta/lineItems/1"]),
        (
            {"lineItems": [{"name": "R", "amount": 1.5, "currency": "EUR", "quantity": 0}]},
            ["/meta/lineItems/0/amount", "/meta/lineItems/0/currency", "/meta/lineItems/0/quantity"],
        ),
        ({"successUrl": "http://example.com"}, ["/meta/successUrl"]),
        ({"mode": "gift", "metadata": {"a/b": 1}}, ["/meta/mode", "/meta/metadata/a~1b"]),
    ],
)
def test_a_checkout_that_makes_no_sense_is_refused(
    equipped: Autopilot, outside: Service, change: dict[str, Any], pointers: list[str]
) -> None:
    answer = equipped.call("payment.checkout.create", CHECKOUT | change)

    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert outside.calls == []


@pytest.mark.parametrize(
    ("status", "error", "answered", "outcome", "said"),
    [
        (400, {"message": "No such price: 'price_123'"}, 422, "rejected", "No such price"),
        (401, {"message": "Invalid API Key provided: sk_test_**34"}, 502, "rejected", "does not accept the key"),
        (429, {"message": "Too many"}, 503, "rejected", "answered 429"),
        (500, {"message": "Internal thing"}, 502, "unknown", "answered 500"),
        (302, {}, 502, "unknown", "answered 302"),
    ],
)
def test_what_stripe_refuses_is_told_without_secrets(
    equipped: Autopilot,
    outside: Service,
    status: int,
    error: dict[str, str],
    answered: int,
    outcome: str,
    said: str,
) -> None:
    outside.status, outside.answer, outside.headers = status, {"error": error}, {"location": f"{outside.url}/else"}

    answer = equipped.call("payment.checkout.create", CHECKOUT)

    assert (answer.status_code, answer.json()["outcome"]) == (answered, outcome)
    assert said in answer.json()["detail"]
    assert "sk_test" not in answer.text
    assert ("retry-after" in answer.headers) is (status == 429)
    assert len(outside.calls) == 1, "one try, and no redirect followed"


def test_a_service_that_cannot_be_reached_is_named() -> None:
    with service() as gone:
        bindings = {"STRIPE_API_KEY": "sk_test_1234", "STRIPE_API_URL": gone.url}
    with running("employee", bindings=bindings) as employee:
        answer = employee.call("payment.checkout.create", CHECKOUT)

    assert (answer.status_code, answer.json()["title"]) == (502, "Upstream failed")
    assert answer.json()["detail"] == "Stripe did not answer."


@pytest.mark.parametrize(
    ("stage", "url"), [("prod", "http://127.0.0.1:1"), ("local", "http://example.com"), ("local", "no url")]
)
def test_the_key_is_never_sent_unencrypted(stage: str, url: str) -> None:
    bindings = {"STAGE": stage, "STRIPE_API_KEY": "sk_test_1234", "STRIPE_API_URL": url}
    with running("employee", bindings=bindings) as employee:
        answer = employee.call("payment.checkout.create", CHECKOUT)

    assert (answer.status_code, answer.json()["missing"]) == (503, ["STRIPE_API_URL"])
