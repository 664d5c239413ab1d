"""Bounces and automatic answers, in the form in which the systems of many makers write them."""

from __future__ import annotations

from tests.support.real_mails import LEAD, STATUS, RealMail, lines, mail, multipart, part, word

JAPANESE = "不在のお知らせ: パンのコース"

BOUNCES = {
    "exchange online, German": RealMail(
        raw=mail(
            "Subject: Unzustellbar: Ihr Kurs",
            "X-MS-Exchange-Message-Is-Ndr:",
            "Auto-Submitted: auto-replied",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="x"',
            sender="From: <postmaster@firma.onmicrosoft.example>",
            body=multipart(
                "x",
                part("text/plain; charset=utf-8", "Ihre Nachricht an x@example.net konnte nicht zugestellt werden."),
                part("message/delivery-status", STATUS),
                part("message/rfc822", f"Subject: Kurs\r\n\r\n{LEAD}"),
            ),
        ),
        kind="bounce",
        text="konnte nicht zugestellt werden",
        attachments=["message/delivery-status", "message/rfc822"],
    ),
    "outlook without a report": RealMail(
        raw=mail(
            "Subject: Undeliverable: Rye bread",
            "Content-Type: text/plain",
            sender="From: System Administrator <system@example.com>",
            body=lines("Your message did not reach some or all of the intended recipients.", f"Subject: {LEAD}"),
        ),
        kind="bounce",
        text="did not reach",
    ),
    "qmail": RealMail(
        raw=mail(
            "Subject: failure notice",
            sender="From: MAILER-DAEMON@mx.example",
            body=lines(
                "Hi. This is the qmail-send program at mx.example.",
                "I'm afraid I wasn't able to deliver your message to the following addresses.",
                "<x@example.net>:",
                "Sorry, no mailbox here by that name. (#5.1.1)",
                "--- Below this line is a copy of the message.",
                LEAD,
            ),
        ),
        kind="bounce",
        text="qmail-send",
    ),
    "exim, which calls it an automatic answer": RealMail(
        raw=mail(
            "Subject: Mail delivery failed: returning message to sender",
            "X-Failed-Recipients: x@example.net",
            "Auto-Submitted: auto-replied",
            sender="From: Mail Delivery System <Mailer-Daemon@mx.example>",
            body=lines("A message that you sent could not be delivered.", LEAD),
        ),
        kind="bounce",
        text="could not be delivered",
    ),
    "sendmail": RealMail(
        raw=mail(
            "Subject: Returned mail: see transcript for details",
            "Return-Path: <>",
            sender="From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
            body=lines("   ----- Transcript of session follows -----", "550 5.1.1 <x@example.net>... User unknown"),
        ),
        kind="bounce",
        text="Transcript of session",
    ),
    "postfix, French, in Latin-1": RealMail(
        raw=mail(
            "Subject: =?iso-8859-1?Q?=C9chec_de_la_remise_du_message?=",
            "Content-Type: text/plain; charset=iso-8859-1",
            "Content-Transfer-Encoding: 8bit",
            sender="From: mailer-daemon@fournisseur.example",
            body=lines("Votre message n'a pas pu être délivré à <x@example.net>".encode("latin-1")),
        ),
        kind="bounce",
        text="n'a pas pu être délivré",
        subject="Échec de la remise du message",
    ),
    "Japanese, in ISO-2022-JP": RealMail(
        raw=mail(
            f"Subject: {word('エラーメール', 'iso-2022-jp')}",
            "Content-Type: text/plain; charset=ISO-2022-JP",
            "Content-Transfer-Encoding: 7bit",
            sender="From: Postmaster <postmaster@docomo.example>",
            body=lines("宛先不明です".encode("iso-2022-jp")),
        ),
        kind="bounce",
        text="宛先不明です",
        subject="エラーメール",
    ),
    "notes": RealMail(
        raw=mail(
            "Subject: DELIVERY FAILURE: User x (x@example.net) not listed in Domino Directory",
            "Return-Path: <>",
            sender="From: Postmaster@notes.example",
            body=lines("Your message", "  Subject: rye", "was not delivered to:", "  x@example.net"),
        ),
        kind="bounce",
        text="was not delivered",
    ),
    "a report in UTF-8 (RFC 6533)": RealMail(
        raw=mail(
            'Content-Type: multipart/report; report-type=global-delivery-status; boundary="x"',
            sender="From: <berichte@mx.example>",
            body=multipart("x", part("text/plain", "no"), part("message/global-delivery-status", STATUS)),
        ),
        kind="bounce",
        text="no",
    ),
    "a complaint (ARF)": RealMail(
        raw=mail(
            "Subject: complaint about message from 192.0.2.1",
            'Content-Type: multipart/report; report-type=feedback-report; boundary="x"',
            sender="From: <fbl@provider.example>",
            body=multipart(
                "x",
                part("text/plain", "This is an abuse report."),
                part("message/feedback-report", "Feedback-Type: abuse\r\nVersion: 1"),
                part("message/rfc822", f"Subject: x\r\n\r\n{LEAD}"),
            ),
        ),
        kind="bounce",
        text="abuse report",
    ),
}

AUTOMATIC = {
    "gmail's vacation": RealMail(
        raw=mail(
            "Subject: Out of office Re: Rye",
            "Auto-Submitted: auto-replied",
            "Precedence: bulk",
            "X-Autoreply: yes",
            body=lines(f"I am away until Monday. {LEAD}"),
        ),
        kind="auto-reply",
        text="away until Monday",
    ),
    "Japanese, without any header": RealMail(
        raw=mail(
            f"Subject: {word(JAPANESE, 'iso-2022-jp')}",
            "Content-Type: text/plain; charset=iso-2022-jp",
            body=lines("月曜日まで不在です。".encode("iso-2022-jp")),
        ),
        kind="auto-reply",
        text="月曜日まで不在です。",
        subject=JAPANESE,
    ),
    "German, without any header": RealMail(
        raw=mail(
            "Subject: =?windows-1252?Q?Abwesenheitsnotiz:_Ihr_Kurs_=84Brot=93?=",
            body=lines("Ich bin bis zum 4. August nicht im Büro."),
        ),
        kind="auto-reply",
        text="nicht im Büro",
        subject="Abwesenheitsnotiz: Ihr Kurs „Brot“",
    ),
    "French, without any header": RealMail(
        raw=mail("Subject: =?utf-8?Q?R=C3=A9ponse_automatique=C2=A0:_cours?=", body=lines("Je suis en congé.")),
        kind="auto-reply",
        text="Je suis en congé",
    ),
    "a receipt (RFC 8098)": RealMail(
        raw=mail(
            "Subject: Read: Rye",
            'Content-Type: multipart/report; report-type=disposition-notification; boundary="x"',
            body=multipart(
                "x",
                part("text/plain", "Your message was read."),
                part("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"),
            ),
        ),
        kind="auto-reply",
        text="was read",
    ),
    "FirstClass": RealMail(
        raw=mail("Subject: Re: Rye", "X-FC-MachineGenerated: true", body=lines("Away.")),
        kind="auto-reply",
        text="Away.",
    ),
    "GroupWise and its like": RealMail(
        raw=mail("Subject: Re: Rye", "X-Autogenerated: Reply", body=lines("Away.")),
        kind="auto-reply",
        text="Away.",
    ),
    "Mercury": RealMail(
        raw=mail("Subject: Re: Rye", "X-POST-MessageClass: 9; Autoresponder", body=lines("Away.")),
        kind="auto-reply",
        text="Away.",
    ),
    "cPanel": RealMail(
        raw=mail("Subject: Re: Rye", "Delivered-To: Autoresponder", "Preference: auto_reply", body=lines("Away.")),
        kind="auto-reply",
        text="Away.",
    ),
}
