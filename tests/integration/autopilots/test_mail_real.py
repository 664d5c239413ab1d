"""Messages as programs of many makers send them: nothing of one is lost, and it is taken for what it is."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from tests.support.mail_charsets import CHARSETS, in_charset
from tests.support.mail_kinds import KINDS
from tests.support.mails import Reader, mail_reader
from tests.support.real_machines import AUTOMATIC, BOUNCES
from tests.support.real_mails import RealMail
from tests.support.real_people import PEOPLE

ALL: dict[str, RealMail] = {**BOUNCES, **AUTOMATIC, **PEOPLE}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with mail_reader() as running:
        yield running


def raw(message: bytes) -> dict[str, str]:
    return {"raw": base64.b64encode(message).decode()}


def test_each_is_taken_for_what_it_is_and_nothing_of_it_is_lost(reader: Reader) -> None:
    read = dict(zip(ALL, reader.read([raw(each.raw) for each in ALL.values()]), strict=True))

    kinds = {name: (record["kind"], record["rule"]) for name, record in read.items()}
    assert {name: kinds[name] for name, each in ALL.items() if kinds[name][0] != each.kind} == {}
    texts = {
        name: read[name]["text"] for name, each in ALL.items() if each.text and each.text not in read[name]["text"]
    }
    assert texts == {}
    for name, each in ALL.items():
        record = read[name]
        assert each.subject in (None, record["subject"]), name
        types = [attachment["type"] for attachment in record["attachments"]]
        assert not each.attachments or types == each.attachments, name
        assert record["partial"] or not types, f"{name}: what is attached is only in the original"


def test_half_of_one_is_read_too(reader: Reader) -> None:
    """Half of a message, as when a connection ended, or a size limit."""
    halves = [each.raw[: len(each.raw) * share // 10] for each in ALL.values() for share in (3, 6, 9)]

    assert {record["kind"] for record in reader.read([raw(half) for half in halves])} <= KINDS


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_words_are_read_in_every_character_set_that_mail_has(reader: Reader, encoding: str) -> None:
    read = reader.read([raw(in_charset(*each, encoding)) for each in CHARSETS])

    wrong = {
        name: (record["subject"], record["text"])
        for (name, sentence, _), record in zip(CHARSETS, read, strict=True)
        if (record["subject"], record["text"].strip()) != (sentence, sentence)
    }
    assert wrong == {}
