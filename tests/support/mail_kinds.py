"""What mails are taken for: tables of them, and a delivery report."""

from __future__ import annotations

from typing import Any

from tests.support.mails import Reader

ADA = "Ada <ada@example.com>"
KINDS = {"bounce", "auto-reply", "mailing-list", "unsubscribe", "payment", "support", "lead", "other", "needs_review"}


DELIVERY_REPORT = """\
From: "Zustellsystem" <system@mx.example>
To: desk@example.com
Subject: =?utf-8?Q?Zustellung_nicht_m=C3=B6glich?=
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8

Leider ging es nicht. Ich m=C3=B6chte mich abmelden, sagte jemand.
--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; nobody@example.com
Action: {action}
Status: {status}
--b1
Content-Type: message/rfc822

From: desk@example.com
Subject: Our course

Unsubscribe here. When does the course start?
--b1--
"""


def kinds(reader: Reader, mails: list[dict[str, Any]]) -> list[str]:
    return [read["kind"] for read in reader.read(mails)]


def assert_kinds(reader: Reader, table: list[tuple[dict[str, Any], str]]) -> None:
    read = reader.read([{"from": ADA} | mail for mail, _ in table])
    wrong = [(mail, right, got["kind"], got["rule"]) for (mail, right), got in zip(table, read, strict=True)
             if got["kind"] != right]  # fmt: skip
    assert wrong == []
