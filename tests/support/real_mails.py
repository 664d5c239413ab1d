"""Messages in the form in which mail programs of many makers and years send them; every word in them is made up.

Each says what it is taken for, and what has to be found in its text (None where it has none).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

TO = "To: desk@example.com"


@dataclass(frozen=True, kw_only=True)
class RealMail:
    """`raw` as it came; `subject` and `attachments` (their types) where they are looked at too."""

    raw: bytes
    kind: str
    text: str | None
    subject: str | None = None
    attachments: list[str] = field(default_factory=list)


def lines(*parts: str | bytes, end: bytes = b"\r\n") -> bytes:
    return end.join(part.encode() if isinstance(part, str) else part for part in parts) + end


def part(content_type: str, body: str | bytes, *more: str) -> bytes:
    return lines(f"Content-Type: {content_type}", *more, "", body)


def multipart(boundary: str, *parts: bytes) -> bytes:
    return b"".join(b"--" + boundary.encode() + b"\r\n" + each for each in parts) + lines(f"--{boundary}--")


def mail(*head: str | bytes, body: bytes = b"", sender: str = "From: Ada <ada@example.com>") -> bytes:
    return lines(sender, TO, *head) + b"\r\n" + body


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def word(text: str, charset: str) -> str:
    return f"=?{charset}?B?{b64(text.encode(charset))}?="


LEAD = "What does the course on rye bread cost?"
STATUS = "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; x@example.net\r\nAction: failed\r\n"
