"""What the employee reads in mails and takes them for: tables, each one request to a Worker that stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.mail_kinds import ADA, DELIVERY_REPORT, KINDS, assert_kinds
from tests.support.mails import Reader, mail_reader


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with mail_reader() as running:
        yield running


class TestMachines:
    def test_bounces_are_told_by_headers_and_parts(self, reader: Reader) -> None:
        assert_kinds(
            reader,
            [
                ({"raw": DELIVERY_REPORT.format(action="failed", status="5.1.1")}, "bounce"),
                ({"raw": DELIVERY_REPORT.format(action="delayed", status="4.4.1")}, "bounce"),
                ({"raw": DELIVERY_REPORT.format(action="delivered", status="2.0.0")}, "auto-reply"),
                ({"headers": {"Content-Type": 'multipart/report; report-type="delivery-status"'}}, "bounce"),
                ({"headers": {"Content-Type": "multipart/report; report-type=feedback-report"}}, "bounce"),
                ({"headers": {"Content-Type": "multipart/report; report-type=disposition-notification"}}, "auto-reply"),
                ({"headers": {"X-Failed-Recipients": "nobody@example.com"}}, "bounce"),
                ({"headers": {"Return-Path": "<>"}, "subject": "Nieuws", "text": "x"}, "bounce"),
                ({"headers": {"Return-Path": "<MAILER-DAEMON>"}, "subject": "x"}, "bounce"),
                ({"returnPath": "<>", "text": "550 5.1.1 user unknown"}, "bounce"),
                ({"envelope": {"from": "", "to": "desk@example.com"}, "text": "x"}, "bounce"),
                ({"from": "MAILER-DAEMON"}, "bounce"),
                ({"from": "<MAILER-DAEMON>"}, "bounce"),
                ({"from": "Mail Delivery System <Mailer-Daemon@mx.example.com>"}, "bounce"),
                ({"from": {"name": "Mail Delivery Subsystem", "address": "x@example.com"}}, "bounce"),
                ({"from": "=?utf-8?Q?Mailer-Daemon?= <robot@example.com>"}, "bounce"),
                ({"from": "postmaster@example.com", "text": "Es ging nicht"}, "bounce"),
                ({"from": "Postmaster"}, "bounce"),
                ({"from": ""}, "bounce"),
                ({"from": None, "subject": "x"}, "bounce"),
                ({"from": [], "text": "x"}, "bounce"),
                ({"from": "mx@example.com", "subject": "Undeliverable: Hello"}, "bounce"),
                ({"subject": "Undeliverable: Hello", "text": "550 5.1.1 no such user"}, "bounce"),
            ],
        )

    def test_automatic_answers_are_told_by_headers_in_any_language(self, reader: Reader) -> None:
        headers: list[dict[str, Any]] = [
            {"Auto-Submitted": "auto-replied"},
            {"auto-submitted": "Auto-Replied; owner-token=1"},
            {"AUTO-SUBMITTED": "auto-generated (by a robot)"},
            {"Auto-Submitted": ["no", "auto-notified"]},
            {"X-Auto-Response-Suppress": "All"},
            {"X-Autoreply": "yes"},
            {"X-Autorespond": "Ihre Anfrage"},
            {"X-Apple-Action": "VACATION"},
            {"Precedence": "auto_reply"},
            {"Precedence": "Bulk"},
            {"Precedence": "junk"},
        ]
        table = [
            ({"headers": each, "subject": "Ihr Kurs", "text": "Was kostet das?"}, "auto-reply") for each in headers
        ]
        vacation = {"Return-Path": "<>", "Auto-Submitted": "auto-replied"}
        assert_kinds(reader, [*table, ({"headers": vacation, "text": "Ich bin weg"}, "auto-reply")])

    def test_a_header_that_says_no_makes_no_machine(self, reader: Reader) -> None:
        headers = [
            {"Auto-Submitted": "no"},
            {"Auto-Submitted": " No (a person wrote this)"},
            {"Auto-Submitted": ""},
            {"X-Auto-Response-Suppress": "None"},
            {"X-Autoreply": "no"},
            {"Precedence": "first-class"},
        ]
        assert_kinds(reader, [({"headers": each, "text": "I want a place"}, "lead") for each in headers])

    def test_mailing_lists_are_told_by_their_headers(self, reader: Reader) -> None:
        headers: list[dict[str, Any]] = [
            {"List-Id": "Bakers <bakers.example.org>"},
            {"List-Unsubscribe": "<mailto:off@example.org>", "Precedence": "bulk"},
            {"Precedence": "list"},
            {"List-Post": "<mailto:bakers@example.org>", "Auto-Submitted": "auto-generated"},
        ]
        assert_kinds(reader, [({"headers": each, "text": "Please help"}, "mailing-list") for each in headers])

    def test_the_subject_of_an_automatic_answer_is_the_last_rule(self, reader: Reader) -> None:
        subjects = [
            "Automatic reply: Course", "Auto-Reply", "Out of Office: Re: course", "Out of office",
            "Automatische Antwort: Kurs", "Abwesenheitsnotiz", "Réponse automatique : cours",
            "Respuesta automática: curso", "Risposta automatica: corso",
            "Resposta automática", "Automatisch antwoord: cursus", "Autosvar: kurs", "Automaattinen vastaus: kurssi",
            "Automatyczna odpowiedź: kurs", "Automatická odpověď: kurz", "Automatikus válasz: x",
            "Автоматический ответ: курс",
            "自动回复: 课程", "自動返信：コース", "자동 회신: 과정", "رد تلقائي: دورة", "תשובה אוטומטית: קורס",
            "=?iso-8859-1?Q?R=E9ponse_automatique?= : cours", "=?utf-8?B?6Ieq5Yqo5Zue5aSN?= : x",
        ]  # fmt: skip
        assert_kinds(reader, [({"subject": each, "text": "x"}, "auto-reply") for each in subjects])

    def test_a_person_who_writes_about_machines_is_a_person(self, reader: Reader) -> None:
        table: list[tuple[dict[str, Any], str]] = [
            ({"subject": "Undelivered parcel", "text": "It never arrived. Where is it?"}, "support"),
            ({"subject": "Out of office furniture", "text": "How much is a desk?"}, "lead"),
            ({"subject": "Re: Automatic reply: Course", "text": "I want a place when you are back"}, "lead"),
            ({"subject": "On holiday", "text": "Is there a course in July?"}, "lead"),
            ({"subject": "Failure notice", "text": "My payment of 550 euros came back"}, "payment"),
            ({"subject": "Returned parcel", "text": "I would like a refund"}, "payment"),
            ({"from": "Postmaster <postmaster@example.com>", "headers": {"Auto-Submitted": "no"},
              "text": "What is the price?"}, "lead"),
        ]  # fmt: skip
        assert_kinds(reader, table)


class TestPeople:
    def test_kinds_by_what_was_written(self, reader: Reader) -> None:
        table = [
            ({"text": "Please remove me, the price is too high"}, "unsubscribe"),
            ({"text": "Please unsubscribe me."}, "unsubscribe"),
            ({"subject": "unsubscribe"}, "unsubscribe"),
            ({"text": "I could not unsubscribe on your page"}, "unsubscribe"),
            ({"text": "I am not sure how to unsubscribe"}, "unsubscribe"),
            ({"text": "STOP", "subject": "Re: Newsletter"}, "unsubscribe"),
            ({"text": "I don't want these mails, so unsubscribe me"}, "unsubscribe"),
            ({"text": "Bitte den Newsletter abbestellen"}, "unsubscribe"),
            ({"text": "Merci de me désabonner"}, "unsubscribe"),
            ({"text": "Quiero darme de baja"}, "unsubscribe"),
            ({"subject": "Invoice 12"}, "payment"),
            ({"text": "Ich habe die Rechnung zweimal bezahlt"}, "payment"),
            ({"text": "I can't log in to the course"}, "support"),
            ({"text": "Das Video funktioniert nicht"}, "support"),
            ({"text": "Je n'ai pas encore reçu le colis"}, "support"),
            ({"text": "What are your prices?"}, "lead"),
            ({"text": "Was kostet der Kurs?"}, "lead"),
            ({"text": "Combien coûte le cours ?"}, "lead"),
            ({"text": "I never asked to unsubscribe, keep me on!"}, "other"),
            ({"text": "Please do not remove me."}, "other"),
            ({"text": "Sorry, I am not interested."}, "other"),
            ({"text": "No problem, see you on Monday.", "subject": "Re: x"}, "other"),
            ({"text": "Of course, 3 pm suits me.", "subject": "AW: Kurs"}, "other"),
            ({"text": "Thank you for your help!"}, "other"),
            ({}, "other"),
            ({"text": "Grüße aus 世界"}, "needs_review"),
            ({"text": "Lorem ipsum dolor sit amet?"}, "needs_review"),
        ]
        assert_kinds(reader, table)

    @pytest.mark.parametrize(
        "quoted",
        [
            "> To unsubscribe click here",
            ">> old\n> older problem",
            "On Mon, 2 Mar 2026, EFH Desk wrote:\n> unsubscribe me",
            "On Mon, 2 Mar 2026 at 09:00, EFH Desk <desk@example.com>\nwrote:\n\nPlease unsubscribe me",
            "Am 02.03.26 um 09:00 schrieb EFH Desk:\n> Rechnung",
            "Am Mo., 2. März 2026 um 09:00 Uhr schrieb EFH <desk@example.com>:\n> Rechnung",
            "Le lun. 2 mars 2026 à 09:00, EFH <desk@example.com> a écrit :\nfacture",
            "El lun, 2 mar 2026 a las 9:00, EFH (<desk@example.com>) escribió:\nfactura",
            "Il giorno lun 2 mar 2026 EFH <desk@example.com> ha scritto:\nfattura",
            "Em seg., 2 de mar. de 2026 às 09:00, EFH <desk@example.com> escreveu:\nfatura",
            "Op ma 2 mrt 2026 om 09:00 schreef EFH <desk@example.com>:\nfactuur",
            "Den mån 2 mars 2026 skrev EFH <desk@example.com>:\nunsubscribe",
            "W dniu 2.03.2026 o 09:00, EFH napisał(a):\nunsubscribe",
            "пн, 2 мар. 2026 г. в 09:00, EFH <desk@example.com>:\nunsubscribe",
            "2026年3月2日(月) 9:00 EFH <desk@example.com>:\nunsubscribe",
            "EFH <desk@example.com> 于2026年3月2日周一 09:00写道：\nunsubscribe",
            "-----Original Message-----\nFrom: EFH\nunsubscribe",
            "-----Ursprüngliche Nachricht-----\nVon: EFH\nRechnung",
            "---------- Forwarded message ---------\nFrom: EFH <a@example.com>\nDate: Mon\nSubject: refund",
            "Begin forwarded message:\n\nFrom: EFH\nrefund",
            "________________________________\nFrom: EFH\nSent: Monday\nTo: Ada\nSubject: refund\n\nrefund",
            "From: EFH\nSent: Monday\nTo: Ada\nSubject: refund\n\nrefund",
            "Von: EFH\nGesendet: Montag\nAn: Ada\nBetreff: Rechnung\n\nRechnung",
            "-- \nAda, head of refunds and complaints",
            "Sent from my iPhone, which has a problem",
            "Von meinem iPhone gesendet",
        ],
    )
    def test_what_others_wrote_is_left_out(self, reader: Reader, quoted: str) -> None:
        [above] = reader.written([f"Yes please, I would like a place!\n\n{quoted}\n"])

        assert above == "Yes please, I would like a place!"

    def test_an_answer_below_and_between_quoted_lines_is_the_senders(self, reader: Reader) -> None:
        below = "On Mon, 2 Mar 2026, EFH Desk wrote:\n> Which day?\n\nThursday.\n> How many?\nTwo."

        assert reader.written([below, "On Monday I wrote: it is broken."]) == [
            "Thursday.\nTwo.", "On Monday I wrote: it is broken.",
        ]  # fmt: skip

    def test_quoted_html_is_left_out(self, reader: Reader) -> None:
        html = "<p>I want a <b>place</b> &amp; a seat</p><blockquote class='x'><div>unsubscribe me</div></blockquote>"

        [read] = reader.read([{"from": ADA, "html": html}])

        assert (read["kind"], read["text"].splitlines()[0]) == ("lead", "I want a place & a seat")
        assert "> unsubscribe me" in read["text"]
        assert read["html"] == html


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELD = st.sampled_from(["from", "to", "cc", "subject", "text", "html", "headers", "date", "messageId", "attachments",
                         "replyTo", "envelope", "sender", "returnPath", "x", "__proto__", "constructor"])  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(FIELD, ANYTHING, max_size=8) | st.builds(lambda raw: {"raw": raw}, st.text()), max_size=20)
)
def test_whatever_comes_is_read(reader: Reader, metas: list[dict[str, Any]]) -> None:
    for read in reader.read(metas):
        assert read["kind"] in KINDS
        assert read["rule"]
        assert all(character >= " " or character in "\n\t" for character in read["text"] + read["subject"])


def test_long_mails_do_not_send_the_rules_backtracking(reader: Reader) -> None:
    texts = ["can can't not working out of " * 6000, "On a" + " b" * 90_000 + " wrote:", "a:\n" * 60_000, "> " * 90_000,
             "- " * 90_000, "-" * 180_000, "From: a\n" * 20_000, "not " * 45_000, "<" * 180_000, "@" * 180_000,
             "on 1 <a@b>x:\n" * 10_000]  # fmt: skip
    mails = [{"from": ADA, member: text} for text in texts for member in ("text", "html", "subject")]

    # Patterns that backtrack would take minutes here: the client's own time-out would end the call.
    assert len(reader.read([*mails, *({"from": text} for text in texts)])) == 4 * len(texts)
