"""Multipart bodies: written as the official provider writes them, and read for the content of a Worker. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part; `filename` is left out where it is empty."""

    name: str
    filename: str = ""
    content_type: str
    content: bytes


def encode(parts: Iterable[Part]) -> tuple[bytes, str]:
    """The body of `parts` and its content type, which has the boundary."""
    boundary = uuid4().hex
    body = b"".join(f"--{boundary}\r\n{_head(part)}\r\n".encode() + part.content + b"\r\n" for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _head(part: Part) -> str:
    filename = f'; filename="{_escape(part.filename)}"' if part.filename else ""
    disposition = f'form-data; name="{_escape(part.name)}"{filename}'
    return f"Content-Disposition: {disposition}\r\nContent-Type: {part.content_type}\r\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def first_part(body: bytes, content_type: str) -> bytes:
    """The content of the first part; the whole body when it is not multipart."""
    kind, _, parameters = content_type.partition(";")
    if not kind.strip().lower().startswith("multipart/"):
        return body
    boundary = parameters.partition("boundary=")[2].partition(";")[0].strip().strip('"').encode()
    opened = body.partition(b"--" + boundary + b"\r\n")[2]
    return opened.partition(b"\r\n\r\n")[2].partition(b"\r\n--" + boundary)[0]
