"""What is read of a mail, in whatever form it comes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from tests.support.mail_kinds import ADA, DELIVERY_REPORT, KINDS
from tests.support.mails import Reader, mail_reader


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with mail_reader() as running:
        yield running


class TestReading:
    def test_headers_come_in_any_form(self, reader: Reader) -> None:
        folded = "from a.example by b.example\r\n\tfor <desk@example.com>"
        forms: list[Any] = [
            {"Received": [folded, "second"], "X-Empty": "", "x-empty": None},
            [{"key": "received", "value": folded}, {"name": "RECEIVED", "value": "second"}, {"key": "x-empty"},
             ["X-Empty", ""]],
            f"Received: {folded}\r\nReceived: second\r\nX-Empty:\r\nX-Empty: \r\n",
        ]  # fmt: skip

        read = reader.read([{"from": ADA, "headers": form} for form in forms])

        right = {"received": ["from a.example by b.example for <desk@example.com>", "second"], "x-empty": [""]}
        expected = [right | {"x-empty": ["", ""]}] * 3
        assert [each["headers"] for each in read] == expected

    def test_what_no_record_can_hold_is_changed_and_noted(self, reader: Reader) -> None:
        mails: list[dict[str, Any]] = [
            {"text": "a\0b\fc"},
            {"text": "don\x92t"},
            {"text": "half \ud83d"},
            {"text": "x" * 200_001},
            {"subject": "a\r\nBcc: b@example.com\tc"},
            {"subject": "s" * 3_000},
            {"headers": {"x-long": "y" * 10_000}},
            {"headers": {f"x-{n}": "y" for n in range(600)}},
            {"to": [f"p{n}@example.com" for n in range(600)]},
            {"html": "<p>Hello</p>"},
            {"text": 7, "tekst": "Hello"},
        ]
        read = reader.read([{"from": ADA} | mail for mail in mails])

        assert [each["text"] for each in read[:3]] == ["a\ufffdb\ufffdc", "don’t", "half \ufffd"]
        assert read[3]["text"] == "x" * 200_000 + "[… 1 more characters were cut]"
        assert read[4]["subject"] == "a Bcc: b@example.com c"
        assert [each["partial"] for each in read] == [False] * 3 + [True, False, True, True, True, True, False, True]
        assert [bool(each["notes"]) for each in read] == [True] * 4 + [False] + [True] * 6
        assert read[0]["notes"] == ["text: U+0000 replaced by U+FFFD", "text: U+000C replaced by U+FFFD"]

    def test_recipients_come_in_any_form(self, reader: Reader) -> None:
        addresses = [f"p{n:02}@example.com" for n in range(30)]
        forms: list[Any] = [
            ", ".join(addresses),
            addresses,
            [{"address": each} for each in addresses],
            [{"name": "", "email": each} for each in addresses],
            f"Team: {', '.join(addresses)};",
        ]
        read = reader.read([{"from": ADA, "to": form} for form in forms])

        assert all([to["address"] for to in each["to"]] == addresses for each in read)

    def test_a_message_is_read_as_text_and_as_base64(self, reader: Reader) -> None:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = "Zoë <zoe@example.com>", "desk@example.com", "Grüße ✓"
        message["Message-ID"] = "<1@example.com>"
        message.set_content("Wie viel kostet der Kurs?", charset="iso-8859-1")
        message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="größe.pdf")
        raw = message.as_bytes()

        forms = [
            raw.decode(),
            base64.b64encode(raw).decode(),
            base64.encodebytes(raw).decode(),
            f"From x Mon\n{raw.decode()}",
        ]
        *same, mailbox = reader.read([{"raw": form} for form in forms])

        assert same[0] == same[1] == same[2]
        assert (mailbox["subject"], mailbox["notes"]) == ("Grüße ✓", [
            "message: the line `From …` of a mailbox file before it was left out"
        ])  # fmt: skip
        assert same[0]["from"] == {"name": "Zoë", "address": "zoe@example.com"}
        assert (same[0]["text"].strip(), same[0]["kind"]) == ("Wie viel kostet der Kurs?", "lead")
        assert same[0]["attachments"] == [{"name": "größe.pdf", "type": "application/pdf", "size": 4}]
        assert same[0]["partial"], "the attachment's bytes are only in the original"

    def test_lines_may_end_as_on_any_system(self, reader: Reader) -> None:
        raw = "From x Mon\n" + DELIVERY_REPORT.format(action="failed", status="5.1.1")

        read = reader.read([{"raw": base64.b64encode(raw.replace("\n", end).encode()).decode()}
                            for end in ("\n", "\r\n", "\r")])  # fmt: skip

        assert [each["subject"] for each in read] == ["Zustellung nicht möglich"] * 3
        assert [each["rule"] for each in read] == ["a delivery report (RFC 3464)"] * 3

    def test_of_a_large_message_the_beginning_is_read(self, reader: Reader) -> None:
        message = EmailMessage(policy=SMTP)
        message["From"] = ADA
        message.set_content("What is the price?")
        message.add_attachment(b"0" * 400_000, maintype="application", subtype="pdf", filename="a.pdf")

        [read] = reader.read([{"raw": message.as_string()}])

        assert (read["kind"], read["partial"]) == ("lead", True)
        assert read["attachments"] == [{"name": "a.pdf", "type": "application/pdf", "size": None}]

    def test_messages_that_are_hardly_any_are_kept(self, reader: Reader) -> None:
        parts = "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n" * 500
        raws = ["", "\r\n\r\n", "hello", "aGVsbG8=", ":", "From: a\n" * 2_000, parts,
                "Content-Type: text/plain; charset=klingon\n\nx", "\0\0\0"]  # fmt: skip
        deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(400))

        read = reader.read([{"raw": raw} for raw in [*raws, deep]])

        assert {each["kind"] for each in read} <= KINDS
        assert any("not read as MIME" in note for note in read[-1]["notes"])
