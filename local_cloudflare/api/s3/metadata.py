"""An object's metadata as S3's headers, and back. Pure.

As on R2: values of `x-amz-meta-…` are RFC 2047 where they are not ASCII; names that are not ASCII are left out and
counted in `x-amz-missing-meta`. Names arrive in lower case, as every header does. (R2's page "Extensions".)
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import format_datetime, parsedate_to_datetime

from local_cloudflare.api.cloud import timestamp
from local_cloudflare.api.r2.storage_classes import IN_S3
from local_cloudflare.api.s3 import errors
from local_cloudflare.runtime.models import R2Object

HTTP_FIELDS = {
    "content-type": "contentType",
    "content-language": "contentLanguage",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "cache-control": "cacheControl",
}
_META = "x-amz-meta-"
_CHUNKED = "aws-chunked"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def text(raw: str) -> str:
    """A header's value, which Starlette decodes as Latin-1: UTF-8 where it is that."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        return raw


def raw(text: str) -> str:
    """A text as Starlette takes it for a header that is to be sent as UTF-8; without what no header can carry."""
    return _CONTROLS.sub("", text).strip().encode().decode("latin-1")


def http_fields(headers: Mapping[str, str]) -> dict[str, str]:
    """R2's `httpMetadata` of a request's headers. Raises S3Error for an `Expires` that is no date."""
    fields = {name: text(headers[header]) for header, name in HTTP_FIELDS.items() if headers.get(header)}
    if _CHUNKED in fields.get("contentEncoding", ""):  # of the body on its way, not of the object
        codings = [part.strip() for part in fields.pop("contentEncoding").split(",")]
        if rest := [part for part in codings if part != _CHUNKED]:
            fields["contentEncoding"] = ", ".join(rest)
    if expires := headers.get("expires"):
        fields["cacheExpiry"] = timestamp(http_date(expires, "Expires"))
    return fields


def custom(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(_META): _decoded(text(value)) for name, value in headers.items() if name.startswith(_META)
    }


def http_date(value: str, header: str) -> datetime:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError as error:
        raise errors.invalid_argument(header) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def headers(item: R2Object) -> dict[str, str]:
    """The headers of a GET's or HEAD's answer, without its length."""
    fields = {
        header: raw(item.http_metadata[name]) for header, name in HTTP_FIELDS.items() if name in item.http_metadata
    }
    if expiry := item.http_metadata.get("cacheExpiry"):
        fields["expires"] = last_modified(expiry)
    named = {name: value for name, value in item.custom_metadata.items() if name.isascii()}
    missing = len(item.custom_metadata) - len(named)
    return {
        "content-type": "application/octet-stream",
        **fields,
        **{f"{_META}{name}": _encoded(value) for name, value in named.items()},
        **({"x-amz-missing-meta": str(missing)} if missing else {}),
        **({"x-amz-storage-class": IN_S3[item.storage_class]} if item.storage_class != "Standard" else {}),
        "etag": f'"{item.etag}"',
        "last-modified": last_modified(item.uploaded),
        "accept-ranges": "bytes",
    }


def last_modified(rfc3339: str) -> str:
    """A moment as HTTP writes it."""
    return format_datetime(datetime.fromisoformat(rfc3339).astimezone(UTC), usegmt=True)


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeDecodeError):
        return value


def _encoded(value: str) -> str:
    if value.isascii() and value.isprintable() and value == value.strip():
        return value
    return f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="
