"""S3's XML documents. Pure: from values to text, and from a request's text to values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from xml.etree import ElementTree

from starlette.responses import Response

from local_cloudflare.api.s3 import errors

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_SPECIAL = re.compile('[&<>"\x00-\x1f\x7f\ufffe\uffff]')

Node = tuple[str, "str | int | bool | Iterable[Node]"]
"""An element: its name, and its text or the elements in it."""


def document(name: str, content: str | Iterable[Node]) -> Response:
    """An answer with one document of S3's namespace."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{_NAMESPACE}">{_text(content)}</{name}>'
    return Response(body.encode(), media_type="application/xml")


def error(failure: errors.S3Error) -> Response:
    if failure.status == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=failure.status)
    nodes: list[Node] = [("Code", failure.code), ("Message", failure.message)]
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error>{_text(nodes)}</Error>'
    return Response(body.encode(), failure.status, media_type="application/xml")


def parse(body: bytes, root: str) -> ElementTree.Element:
    """The root of a request's document, its namespace taken away. Raises S3Error."""
    try:
        tree = ElementTree.fromstring(body)  # noqa: S314  signed by the account's token; expat bounds what entities grow to
    except ElementTree.ParseError as failure:
        raise errors.malformed_xml() from failure
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
    if tree.tag != root:
        raise errors.malformed_xml()
    return tree


def _text(value: str | int | bool | Iterable[Node]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return _SPECIAL.sub(lambda found: f"&#x{ord(found[0]):X};", str(value))
    return "".join(f"<{name}>{_text(inner)}</{name}>" for name, inner in value)
