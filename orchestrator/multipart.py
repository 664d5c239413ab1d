"""multipart/form-data, exactly: parts in order, with their own content types, and their bytes untouched.

The API answers a Worker's modules so, and takes uploads so. Starlette's form parser decodes parts without a file name
as text, which would break a KV value, and forgets their content type; Python's own for mail changes line ends. The
bytes are parsed by python-multipart. The local Cloudflare reads by this too. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part; `filename` and `content_type` are empty where the part has none."""

    name: str
    content: bytes
    filename: str = ""
    content_type: str = ""


def parse(body: bytes, content_type: str) -> list[Part]:
    """The parts of a body. Raises ValueError where it is not multipart/form-data or is cut short."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise ValueError(f"{content_type!r} is not multipart/form-data with a boundary")
    collector = _Collector()
    parser = MultipartParser(boundary, collector.callbacks())
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise ValueError(str(error)) from error
    if not collector.complete:
        raise ValueError("the body ends before its last boundary")
    return collector.parts


def contents(body: bytes, content_type: str) -> list[bytes]:
    """The bytes of each part in order, the whole body where it is not multipart. Raises ValueError as `parse`."""
    if not content_type.lower().startswith("multipart/"):
        return [body]
    return [part.content for part in parse(body, content_type)]


def encode(parts: Iterable[Part], boundary: str) -> bytes:
    chunks: list[bytes] = []
    for part in parts:
        disposition = f'form-data; name="{part.name}"' + (f'; filename="{part.filename}"' if part.filename else "")
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {part.content_type}\r\n\r\n"
        chunks += [head.encode(), part.content, b"\r\n"]
    return b"".join(chunks) + f"--{boundary}--\r\n".encode()


class _Collector:
    """Puts together what the parser's callbacks bring in pieces."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._field = b""
        self._value = b""
        self._content: list[bytes] = []

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._end_header,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._headers = {}
        self._content = []

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self.parts.append(
            Part(
                name=_text(options.get(b"name")),
                filename=_text(options.get(b"filename")),
                content_type=_text(self._headers.get(b"content-type")),
                content=b"".join(self._content),
            )
        )

    def _finish(self) -> None:
        self.complete = True


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
