"""Multipart bodies, as the official provider writes them. Pure."""

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
