"""What people send, in the forms that their mail programs give it."""

from __future__ import annotations

from tests.support.real_mails import LEAD, RealMail, b64, lines, mail, multipart, part

P7S = part("application/pkcs7-signature; name=smime.p7s", b64(b"\x30\x82" * 300), "Content-Transfer-Encoding: base64")
CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Rye\r\nEND:VEVENT\r\nEND:VCALENDAR"

PEOPLE = {
    "S/MIME, signed": RealMail(
        raw=mail(
            'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="s"',
            body=multipart("s", part("text/plain", LEAD), P7S),
        ),
        kind="lead",
        text=LEAD,
        attachments=["application/pkcs7-signature"],
    ),
    "S/MIME, encrypted": RealMail(
        raw=mail(
            "Subject: Rye",
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            "Content-Transfer-Encoding: base64",
            body=lines(b64(b"\x30\x80" * 400)),
        ),
        kind="needs_review",
        text=None,
        attachments=["application/pkcs7-mime"],
    ),
    "PGP/MIME": RealMail(
        raw=mail(
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="p"',
            "Subject: ...",
            body=multipart(
                "p",
                part("application/pgp-encrypted", "Version: 1"),
                part("application/octet-stream; name=encrypted.asc", "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA"),
            ),
        ),
        kind="needs_review",
        text=None,
        attachments=["application/pgp-encrypted", "application/octet-stream"],
    ),
    "an invitation": RealMail(
        raw=mail(
            "Subject: Invitation: Rye",
            'Content-Type: multipart/alternative; boundary="a"',
            body=multipart(
                "a",
                part("text/plain", LEAD),
                part("text/html", f"<p>{LEAD}</p>"),
                part("text/calendar; method=REQUEST", CALENDAR),
            ),
        ),
        kind="lead",
        text=LEAD,
        attachments=["text/calendar"],
    ),
    "an invitation and nothing else": RealMail(
        raw=mail("Subject: Rye on Monday", "Content-Type: text/calendar; method=REQUEST", body=lines(CALENDAR)),
        kind="needs_review",
        text=None,
        attachments=["text/calendar"],
    ),
    "Outlook's winmail.dat (TNEF)": RealMail(
        raw=mail(
            'Content-Type: multipart/mixed; boundary="t"',
            body=multipart(
                "t",
                part("text/plain", LEAD),
                part(
                    "application/ms-tnef; name=winmail.dat",
                    b64(b"\x78\x9f\x3e\x22" * 200),
                    "Content-Transfer-Encoding: base64",
                ),
            ),
        ),
        kind="lead",
        text=LEAD,
        attachments=["application/ms-tnef"],
    ),
    "uuencode in the text": RealMail(
        raw=mail("Subject: Rye", body=lines(LEAD, "", "begin 644 cat.txt", "#0V%T", "`", "end")),
        kind="lead",
        text="begin 644 cat.txt",
    ),
    "mixed in related in alternative": RealMail(
        raw=mail(
            'Content-Type: multipart/mixed; boundary="m"',
            body=multipart(
                "m",
                b'Content-Type: multipart/related; boundary="r"\r\n\r\n'
                + multipart(
                    "r",
                    b'Content-Type: multipart/alternative; boundary="a"\r\n\r\n'
                    + multipart("a", part("text/plain", LEAD), part("text/html", f"<b>{LEAD}</b>")),
                    part("image/png; name=logo.png", b64(b"\x89PNG"), "Content-Transfer-Encoding: base64"),
                ),
                part("application/pdf; name=a.pdf", b64(b"%PDF"), "Content-Transfer-Encoding: base64"),
            ),
        ),
        kind="lead",
        text=LEAD,
        attachments=["image/png", "application/pdf"],
    ),
    "a multipart that names no boundary": RealMail(
        raw=mail("Content-Type: multipart/mixed", body=multipart("x", part("text/plain", LEAD))),
        kind="lead",
        text=LEAD,
    ),
    "a boundary that begins another one": RealMail(
        raw=mail(
            'Content-Type: multipart/mixed; boundary="b"',
            body=multipart(
                "b",
                b'Content-Type: multipart/alternative; boundary="b2"\r\n\r\n'
                + multipart("b2", part("text/plain", LEAD), part("text/html", f"<b>{LEAD}</b>")),
                part("application/pdf; name=a.pdf", "%PDF"),
            ),
        ),
        kind="lead",
        text=LEAD,
        attachments=["application/pdf"],
    ),
    "a boundary without its end": RealMail(
        raw=mail('Content-Type: multipart/mixed; boundary="b"', body=b"--b\r\n" + part("text/plain", LEAD)),
        kind="lead",
        text=LEAD,
    ),
    "base64 with noise in it and no padding": RealMail(
        raw=mail(
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: BASE64",
            body=lines(b64(LEAD)[:10] + " ", "\t" + b64(LEAD)[10:].rstrip("=") + "!"),
        ),
        kind="lead",
        text=LEAD,
    ),
    "quoted-printable with broken ends": RealMail(
        raw=mail(
            "Content-Transfer-Encoding: quoted-printable",
            "Content-Type: text/plain; charset=utf-8",
            body=lines(LEAD, "Gr=C3=BC=C3=9Fe =", "=ZZ =") + b"=",
        ),
        kind="lead",
        text="Grüße",
    ),
    "a forwarded mail, attached": RealMail(
        raw=mail(
            "Subject: Fwd: refund",
            'Content-Type: multipart/mixed; boundary="f"',
            body=multipart(
                "f",
                part("text/plain", LEAD),
                part("message/rfc822", "From: b@example.com\r\nSubject: refund\r\n\r\nI want my money back"),
            ),
        ),
        kind="lead",
        text=LEAD,
        attachments=["message/rfc822"],
    ),
    "a forwarded mail, below": RealMail(
        raw=mail(
            "Subject: WG: Rechnung",
            body=lines(
                LEAD,
                "",
                "-----Ursprüngliche Nachricht-----",
                "Von: b@example.com",
                "Betreff: Rechnung",
                "",
                "Bitte erstatten.",
            ),
        ),
        kind="lead",
        text=LEAD,
    ),
    "format=flowed with DelSp": RealMail(
        raw=mail("Content-Type: text/plain; format=flowed; delsp=yes", body=lines("What does the cou ", "rse cost?")),
        kind="lead",
        text="course cost?",
    ),
    "a part of a message, and a message elsewhere": RealMail(
        raw=mail(
            'Content-Type: multipart/mixed; boundary="e"',
            body=multipart(
                "e",
                part("text/plain", LEAD),
                part('message/partial; id="1"; number=1; total=3', "x"),
                part('message/external-body; access-type=URL; URL="https://example.com/"', "x"),
            ),
        ),
        kind="lead",
        text=LEAD,
        attachments=["message/partial", "message/external-body"],
    ),
    "two thousand headers": RealMail(
        raw=mail(*(f"X-Spam-{number}: {number}" for number in range(2_000)), body=lines(LEAD)), kind="lead", text=LEAD
    ),
    "an attachment with a name in pieces (RFC 2231)": RealMail(
        raw=mail(
            'Content-Type: multipart/mixed; boundary="n"',
            body=multipart(
                "n",
                part("text/plain", LEAD),
                part(
                    "application/pdf",
                    "%PDF",
                    "Content-Disposition: attachment;\r\n filename*0*=utf-8''gr%C3%B6%C3%9F;\r\n filename*1=\"e.pdf\"",
                ),
            ),
        ),
        kind="lead",
        text=LEAD,
        attachments=["application/pdf"],
    ),
    "HTML alone, of Outlook": RealMail(
        raw=mail(
            "Content-Type: text/html; charset=us-ascii",
            body=lines(
                "<html><head><style>p{color:red}</style></head><body><!--[if mso]>x<![endif]-->",
                f"<p>{LEAD}<o:p></o:p></p></body></html>",
            ),
        ),
        kind="lead",
        text=LEAD,
    ),
    "no empty line before the text": RealMail(
        raw=lines("From: Ada <ada@example.com>", "Subject: Rye", LEAD, "Thank you"), kind="lead", text=LEAD
    ),
    "a digest": RealMail(
        raw=mail(
            "List-Id: <bakers.example.org>",
            'Content-Type: multipart/digest; boundary="d"',
            body=multipart("d", lines("", f"Subject: x\r\n\r\n{LEAD}"), lines("", "Subject: y\r\n\r\nyes")),
        ),
        kind="mailing-list",
        text=None,
    ),
}
