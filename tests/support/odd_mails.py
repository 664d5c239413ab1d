"""Messages as mail programs, filters and attackers really send them: built from oddities, the same ones for a seed.

Every message has the word MARKER in what its sender wrote, in ASCII, so that whoever reads it can be asked for it.
"""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass
from random import Random

MARKER = "marker4711"
ENDS = (b"\r\n", b"\n")
CHARSETS = (
    "utf-8",
    "iso-8859-1",
    "windows-1252",
    "koi8-r",
    "shift_jis",
    "x-unknown",
    "",
    "utf-8; format=flowed",
    "UTF 8",
)
FROM = (
    b"Ada <ada@example.com>",
    b"ada@example.com",
    b'"Ada, of \\"x\\"" <ada@example.com>',
    b"",
    b"<>",
    b"MAILER-DAEMON",
    b"=?utf-8?b?QWRh?= <ada@example.com>",
    b"=?x-unknown?q?Ad=61?= <ada@example.com>",
    b"Ada\xe9 <ada@example.com>",
    b"ada@[192.0.2.1]",
    b"undisclosed-recipients:;",
    b"Team: a@example.com, b@example.com;",
    b"Ada <ada@example.com",
    b"Ada ada@example.com>",
    b"ada@@example.com",
    b"\x00ada@example.com",
    "用户@例子.公司".encode(),
    b", , ,",
)
SUBJECTS = (
    b"Hello",
    b"",
    b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
    b"=?utf-8?q?broken=",
    b"=?utf-8?b?!!!!?=",
    b"=?utf-8?q?a?=\t=?utf-8?q?b?=",
    b"=?iso-8859-1?q?caf=E9?= and =?koi8-r?b?8NLJ18XU?=",
    b"caf\xe9",
    "世界".encode(),
    b"a\x00b",
    b"x" * 5_000,
    b"=?utf-8?q?=E4?=",
    b"=?utf-8?B?4oKs?==?utf-8?B?4oKs?=",
    b"=??q??=",
    b"=?utf-8?x?a?=",
    b"Re: " * 200,
)
TYPES = (
    b"text/plain",
    b"TEXT/PLAIN; charset=",
    b"text/html",
    b"text",
    b"",
    b"text/plain;;;",
    b"application/octet-stream",
    b'text/plain; charset="utf-8',
    b"multipart/mixed",
    b"message/rfc822",
    b"text/plain; name*0*=utf-8''a; name*2=b",
)
HEADERS = (
    b"X-Empty:",
    b"X-Long: " + b"y" * 9_000,
    b"X-Folded: a\r\n\tb\r\n  c",
    b"X-8bit: \xff\xfe\x80",
    b"X-Null: a\x00b",
    b"No colon at all",
    b": no name",
    b"X Space : v",
    b"Received: from a by b\r\n for <x@example.com>; Mon, 2 Mar 2026",
    b"To: " + b", ".join(b"person%d@example.com" % number for number in range(20)),
    b"Cc: Team: a@b.example, c@d.example;",
    b"Date: yesterday",
    b"Message-ID: no angles",
    b"Message-ID: <a@b> <c@d>",
    b"Subject: another one",
    b"From: b@example.com",
    b"References: " + b" ".join(b"<%040d@example.com>" % number for number in range(300)),
    b"MIME-Version: 7",
    b'Content-Disposition: attachment; filename="../../etc/passwd"',
    b"Content-Transfer-Encoding: x-uuencode",
)


@dataclass(frozen=True, kw_only=True)
class OddMail:
    """`is_whole`: no oddity is in it that may hide the marker from a reader. `is_encoded`: the sender's words are in
    base64 or quoted-printable, so whoever is told otherwise sees those."""

    raw: bytes
    is_whole: bool
    is_encoded: bool


def odd_mail(seed: int) -> OddMail:
    random = Random(seed)  # noqa: S311
    end = random.choice(ENDS)
    head = [b"From: " + random.choice(FROM), b"Subject: " + random.choice(SUBJECTS)]
    head += random.sample(HEADERS, random.randint(0, 5))
    random.shuffle(head)
    body, is_whole, is_encoded = _body(random, end, depth=random.choice((0, 0, 0, 1, 2, 8)))
    content = b"".join(line.replace(b"\r\n", end) + end for line in head)
    mbox = b"From ada Mon Mar  2 09:00:00 2026" + end if random.random() < 0.05 else b""
    hidden = any(line.startswith((b"Content-", b": no", b"No colon")) for line in head)
    return OddMail(raw=mbox + content + body, is_whole=is_whole and not hidden, is_encoded=is_encoded)


def _body(random: Random, end: bytes, depth: int) -> tuple[bytes, bool, bool]:
    """From the headers of the content on; what OddMail says of it."""
    if depth == 0:
        return _leaf(random, end)
    boundary = random.choice((b"b", b"=_x.y", b"a b", b"-" * 60)) + b"%d" % depth
    inner, is_whole, is_encoded = _body(random, end, depth - 1)
    other, *_ = _leaf(random, end)
    closing = b"--" + boundary + b"--" + end if random.random() < 0.8 else b""
    declared = b'"' + boundary + b'"' if random.random() < 0.9 else b'"other"'
    kind = random.choice((b"mixed", b"alternative", b"related", b"report", b"x-odd"))
    parts = b"".join(b"--" + boundary + end + part + end for part in (inner, other))
    head = b"Content-Type: multipart/" + kind + b"; boundary=" + declared + end
    return head + end + b"preamble" + end + parts + closing, is_whole and declared != b'"other"', is_encoded


def _leaf(random: Random, end: bytes) -> tuple[bytes, bool, bool]:
    text = f"Hello, this is {MARKER}. Grüße, 世界.\n> quoted\n".replace("\n", end.decode())
    charset = random.choice(CHARSETS)
    real = random.choice(("utf-8", "iso-8859-1", "koi8-r"))
    content = text.encode(real, errors="replace") + random.choice((b"", b"\x00", b"\xff\xfe", b"\x1b[0m"))
    encoding = random.choice(("7bit", "8bit", "base64", "quoted-printable", "", "x-odd"))
    if encoding == "base64":
        content = base64.encodebytes(content).replace(b"\n", end) + random.choice((b"", b"!", b"==="))
    elif encoding == "quoted-printable":
        content = quopri.encodestring(content).replace(b"\n", end) + random.choice((b"", b"=", b"=ZZ"))
    media = random.choice(TYPES)
    if media.endswith(b"charset="):
        media += charset.encode()
    lines = [b"Content-Type: " + media, b"Content-Transfer-Encoding: " + encoding.encode()]
    head = b"".join(line + end for line in random.sample(lines, random.randint(0, 2)))
    is_text = b"Content-Type" not in head or media.lower().startswith(b"text/plain") or media == b"text/html"
    is_encoded = encoding in ("base64", "quoted-printable")
    is_plain = not is_encoded or b"Content-Transfer-Encoding" in head
    return head + end + content + end, is_text and is_plain and encoding != "x-odd", is_encoded


REPORTS = {
    "English": "Undelivered Mail Returned to Sender",
    "German": "Unzustellbar: Ihr Kurs",
    "French": "Échec de la remise du message",
    "Spanish": "No se puede entregar el mensaje",
    "Japanese": "配信不能メール",
    "Russian": "Сообщение не доставлено",
    "Arabic": "تعذر تسليم الرسالة",
    "Turkish": "Teslim edilemedi",
}


def report(language: str) -> bytes:
    """A delivery status notification (RFC 3464) whose words are in a language; it quotes a lead's mail."""
    subject = base64.b64encode(REPORTS[language].encode()).decode()
    return f"""\
From: =?utf-8?b?{subject}?= <postmaster@mail.example>\r
To: desk@example.com\r
Subject: =?utf-8?b?{subject}?=\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r
\r
--r\r
Content-Type: text/plain; charset=utf-8\r
\r
{REPORTS[language]}\r
--r\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mail.example\r
\r
Final-Recipient: rfc822; nobody@example.net\r
Action: failed\r
Status: 5.1.1\r
\r
--r\r
Content-Type: message/rfc822\r
\r
From: desk@example.com\r
Subject: I want to book the course, please send me the price\r
\r
I want to unsubscribe.\r
--r--\r
""".encode()
