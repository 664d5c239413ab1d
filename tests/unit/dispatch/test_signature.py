"""Standard Webhooks signatures: what a secret is, and a message that the stock library takes."""

from __future__ import annotations

import base64
import time

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from orchestrator.dispatch.signature import key_of, secret_of, secrets_of, signature_headers

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
OTHER = "whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlc2UgdGVzdHM="


def signed(secrets: list[str], body: bytes) -> dict[str, str]:
    return signature_headers(secrets, message_id="msg_1", timestamp=int(time.time()), body=body)


@pytest.mark.parametrize("body", [b"", b"{}", '{"title": "Grüße 😀"}'.encode(), b'{"n": "' + b"x" * 100_000 + b'"}'])
def test_the_stock_library_takes_it(body: bytes) -> None:
    Webhook(SECRET).verify(body, signed([SECRET], body), json_parse=False)


def test_with_two_secrets_either_is_enough() -> None:
    headers = signed([OTHER, SECRET], b"{}")

    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (OTHER, SECRET):
        Webhook(secret).verify(b"{}", headers)


def test_another_body_is_refused() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b'{"amount": 2}', signed([SECRET], b'{"amount": 1}'))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_???",
        "whsec_abc",
        base64.b64encode(b"without a prefix").decode(),
        f"WHSEC_{'A' * 32}",
        f"whsec_{'A' * 32}\n",
        "whsec_AA==",  # one byte
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)
def test_what_is_no_secret_is_an_error_that_does_not_show_it(secret: str) -> None:
    with pytest.raises(ValueError, match="not a Standard Webhooks secret") as error:
        key_of(secret)

    assert secret == "" or secret.removeprefix("whsec_").strip() == "" or secret not in str(error.value)


@pytest.mark.parametrize("autopilot", ["payer", "ai-employee", "a" * 64])
def test_an_autopilots_secret_is_hkdf_of_the_stacks_with_its_name(autopilot: str) -> None:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=autopilot.encode()).derive(key_of(SECRET))

    assert secret_of(SECRET, autopilot) == "whsec_" + base64.b64encode(derived).decode()


def test_it_verifies_the_tasks_of_no_other_autopilot() -> None:
    headers = signed([secret_of(SECRET, "payer")], b"{}")

    Webhook(secret_of(SECRET, "payer")).verify(b"{}", headers)
    for other in (SECRET, secret_of(SECRET, "mailer"), secret_of(OTHER, "payer")):
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(b"{}", headers)


def test_a_worker_has_the_secrets_of_all_it_serves_for_each_of_the_stacks() -> None:
    both = secrets_of(f"{OTHER} {SECRET}", ["a", "b"])

    assert both.split() == [secret_of(root, name) for root in (OTHER, SECRET) for name in ("a", "b")]
