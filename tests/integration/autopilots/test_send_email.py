"""email.send by Cloudflare's binding `send_email`: through miniflare's own, and through a Worker in its place that
fails as that binding does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.autopilots import Autopilot, running

MAIL = {
    "to": "ada@example.com",
    "subject": "Grüße",
    "text": "Hello Ada",
    "html": "<p>Hello</p>",
    "replyTo": "d@example.com",
}
BOUND = {"STAGE": "prod", "MAIL_FROM": "Desk <desk@example.com>"}
# Records what it is handed in KV; says by the subject how it ends.
MAILER = """
import { WorkerEntrypoint } from "cloudflare:workers";
export class Mailer extends WorkerEntrypoint {
  async send(mail) {
    const number = Number((await this.env.AI_EMPLOYEE_LOGS.get("calls")) ?? "0") + 1;
    await this.env.AI_EMPLOYEE_LOGS.put("calls", String(number));
    await this.env.AI_EMPLOYEE_LOGS.put("mail", JSON.stringify(mail));
    if (mail.subject.includes(" ")) throw new Error(mail.subject);
    return { messageId: "<1@example.com>" };
  }
}
export default { fetch: () => new Response() };
"""


@pytest.fixture(scope="module")
def employee() -> Iterator[Autopilot]:
    mailer = {
        **{"name": "mailer", "modules": True, "compatibilityDate": "2026-07-01", "script": MAILER},
        "kvNamespaces": ["AI_EMPLOYEE_LOGS"],
    }
    bound = {"SEND_EMAIL": {"name": "mailer", "entrypoint": "Mailer"}}
    with running("employee", bindings=BOUND, serviceBindings=bound, beside=[mailer]) as autopilot:
        yield autopilot


def calls(employee: Autopilot) -> int:
    answer = employee.stored("AI_EMPLOYEE_LOGS", "calls")
    return int(answer.text) if answer.is_success else 0


def send(employee: Autopilot, key: str, **changes: str) -> Any:
    return employee.call("email.send", MAIL | changes, idempotency_key=key)


def test_a_mail_is_handed_over_once_for_its_key(employee: Autopilot) -> None:
    before = calls(employee)
    answers = [send(employee, "once") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json() == {"status": "accepted", "id": "<1@example.com>", "to": MAIL["to"]}
    assert calls(employee) == before + 1
    assert employee.stored("AI_EMPLOYEE_LOGS", "mail").json() == {
        "from": {"name": "Desk", "email": "desk@example.com"},
        "to": ["ada@example.com"],
        **{member: MAIL[member] for member in ("subject", "text", "html", "replyTo")},
    }


@pytest.mark.parametrize(
    ("said", "status", "title"),
    [
        ("E_RECIPIENT_NOT_ALLOWED destination address is not a verified address", 422, "Upstream refused"),
        ("email to ada@example.com not allowed", 422, "Upstream refused"),
        ("E_SENDER_NOT_VERIFIED the sender's domain", 502, "Upstream refused"),
        ("E_RATE_LIMIT_EXCEEDED too many", 503, "Upstream busy"),
    ],
)
def test_what_it_refuses_was_not_sent_and_the_key_is_good_again(
    employee: Autopilot, said: str, status: int, title: str
) -> None:
    refused = send(employee, said[:20].replace(" ", "-"), subject=said)
    again = send(employee, said[:20].replace(" ", "-"), subject="Right")

    assert (refused.status_code, refused.json()["title"], refused.json()["outcome"]) == (status, title, "rejected")
    assert again.status_code == 202


def test_where_nobody_knows_it_is_not_sent_again(employee: Autopilot) -> None:
    """The binding takes no key, so a repeat would be a second mail."""
    subject = "internal error; reference = 1"
    first = send(employee, "unknown", subject=subject)
    sent = calls(employee)
    at_once = send(employee, "unknown", subject=subject)
    employee.sql("EFH_CRM", "UPDATE sent SET tried_at = tried_at - 61000, claimed_at = claimed_at - 61000")
    later = send(employee, "unknown", subject=subject)

    assert (first.status_code, first.json()["title"], first.json()["outcome"]) == (502, "Upstream failed", "unknown")
    assert [(each.status_code, each.json()["outcome"]) for each in (at_once, later)] == [(409, "unknown")] * 2
    assert later.json()["title"] == "Outcome unknown"
    assert calls(employee) == sent


def test_the_binding_of_the_runtime_takes_what_is_handed_over() -> None:
    """Miniflare's own, which is as strict as it is at Cloudflare about who may be written to."""
    email = {"send_email": [{"name": "SEND_EMAIL", "allowed_destination_addresses": ["ada@example.com"]}]}
    with running("employee", bindings=BOUND, email=email) as employee:
        sent = send(employee, "sent")
        refused = send(employee, "refused", to="eve@example.com")

    assert (sent.status_code, sent.json()["status"]) == (202, "accepted")
    assert (refused.status_code, refused.json()["title"]) == (422, "Upstream refused")


def test_without_a_sender_it_is_not_configured_and_that_alone_is_named() -> None:
    email = {"send_email": [{"name": "SEND_EMAIL"}]}
    with running("employee", bindings={"STAGE": "prod"}, email=email) as employee:
        answer = employee.call("email.send", MAIL)

    assert (answer.status_code, answer.json()["missing"]) == (503, ["MAIL_FROM"])
