"""Any mail that exists is kept: messages of every oddity, read and kept. `ODD_MAILS=20000` makes so many of them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator

import pytest

from tests.support.autopilots import Autopilot
from tests.support.mails import Reader, mail_reader
from tests.support.odd_mails import MARKER, REPORTS, odd_mail, report

COUNT = int(os.environ.get("ODD_MAILS", "600"))
AT_ONCE = 200


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with mail_reader() as started:
        yield started


def raw(message: bytes) -> dict[str, str]:
    return {"raw": base64.b64encode(message).decode()}


@pytest.mark.parametrize("first", range(0, COUNT, AT_ONCE))
def test_every_message_is_read_and_what_its_sender_wrote_is_in_the_record(reader: Reader, first: int) -> None:
    mails = [odd_mail(seed) for seed in range(first, first + AT_ONCE)]

    records = reader.read([raw(mail.raw) for mail in mails])

    for seed, mail, record in zip(range(first, first + AT_ONCE), mails, records, strict=True):
        assert record["kind"], seed
        assert record["rule"], seed
        said = json.dumps(record, ensure_ascii=False)
        said.encode()  # well-formed
        assert "\\u0000" not in said, seed
        assert not mail.is_whole or MARKER in record["text"], (seed, mail.raw, record["text"][:200])
        is_kept = MARKER in said or record["partial"] or record["attachments"]
        assert is_kept or mail.is_encoded, (seed, mail.raw)


def test_every_message_is_kept_with_all_of_it(employee: Autopilot) -> None:
    for seed in range(40):
        message = odd_mail(seed).raw
        answer = employee.call("email.process", raw(message))
        assert answer.status_code in (200, 201), (seed, answer.text)
        record = answer.json()
        [row] = employee.sql("EFH_CRM", f"SELECT record FROM mails WHERE id = '{record['id']}'")  # noqa: S608
        assert json.loads(row["record"]) == record
        if record["original"]:
            assert employee.stored("EFH_PRIVATE", record["original"]).content == message


@pytest.mark.parametrize("language", REPORTS)
def test_a_bounce_is_one_in_any_language_and_nobody_answers_it(employee: Autopilot, language: str) -> None:
    record = employee.call("email.process", raw(report(language))).json()
    answer = {"to": "postmaster@mail.example", "subject": "Re:", "text": "Hello", "inReplyTo": record["id"]}

    refused = employee.call("email.send", answer)

    assert record["kind"] == "bounce"
    assert (refused.status_code, refused.json()["title"]) == (409, "Not to be answered")
