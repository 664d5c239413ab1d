"""What an object is; its metadata as headers of S3's API, and what those headers cannot carry. Pure.

R2 decodes RFC 2047 in values of `x-amz-meta-…`, so any text can be a value; a name must be ASCII, and arrives in lower
case (R2's page "Extensions").
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime

FOLDER = "objects"
HTTP_FIELDS = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "cacheControl": "cache-control",
}
EXPIRY = "cacheExpiry"
LARGEST_REST_PUT = 300 * 2**20
_CLASSES = {"Standard": "STANDARD", "InfrequentAccess": "STANDARD_IA"}
_NAME = re.compile(r"[0-9a-z!#$%&'*+.^_`|~-]+")
_WORD_BYTES = 45  # of which an encoded word of at most 75 characters can be made
_CHUNKED = "aws-chunked"


@dataclass(frozen=True, kw_only=True)
class Object:
    """One object as it is listed.

    A line of the index also has `file`, below the backup's folder, with `sha256` and `md5` of its bytes, and `problem`:
    why it cannot come back as it was, empty where it can. Without `sha256` its bytes could not be read.
    """

    key: str
    size: int
    etag: str
    storage_class: str = "Standard"
    http_metadata: dict[str, str] = field(default_factory=dict)
    custom_metadata: dict[str, str] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""
    md5: str = ""
    problem: str = ""

    def as_listed(self) -> Object:
        """Without what only the backup knows."""
        return replace(self, file="", sha256="", md5="", problem="")


def file_name(key: str) -> str:
    """Where the bytes of an object are below the backup's folder; any key has a name there, of one length."""
    return f"{FOLDER}/{hashlib.sha256(key.encode()).hexdigest()}"


def s3_problem(one: Object) -> str:
    """Why S3's headers cannot carry all of its metadata; empty where they can."""
    if names := sorted(name for name in one.custom_metadata if not _NAME.fullmatch(name)):
        return f"S3's API cannot write custom metadata named {', '.join(map(repr, names))}"
    if unknown := sorted(set(one.http_metadata) - {*HTTP_FIELDS, EXPIRY}):
        return f"S3's API has no header for {', '.join(unknown)}"
    for name, value in one.http_metadata.items():
        if name != EXPIRY and (value != value.strip() or any(ord(each) < 32 or ord(each) == 127 for each in value)):
            return f"a header cannot carry {name} {value!r}"
    if _CHUNKED in one.http_metadata.get("contentEncoding", ""):
        return f"S3's API takes {_CHUNKED} out of contentEncoding"
    if (expiry := one.http_metadata.get(EXPIRY)) and _moment(expiry).microsecond:
        return f"a header has no fraction of a second, and {EXPIRY} is {expiry}"
    if one.storage_class not in _CLASSES:
        return f"its storage class {one.storage_class} is not known"
    return ""


def needs_s3(one: Object) -> str:
    """Why Cloudflare's REST API cannot write it as it is, and S3's can; empty where both can."""
    if one.size > LARGEST_REST_PUT:
        return "it is over 300 MiB"
    if one.custom_metadata:
        return "it has custom metadata"
    if {".", ".."} & set(one.key.split("/")):
        return "its key cannot be named in a URL"
    return ""


def http_headers(one: Object) -> dict[str, str]:
    headers = {HTTP_FIELDS[name]: value for name, value in one.http_metadata.items() if name in HTTP_FIELDS}
    if expiry := one.http_metadata.get(EXPIRY):
        headers["expires"] = format_datetime(_moment(expiry), usegmt=True)
    return headers


def amz_headers(one: Object) -> dict[str, str]:
    named = {name: value for name, value in one.custom_metadata.items() if _NAME.fullmatch(name)}
    custom = {f"x-amz-meta-{name}": _encoded(value) for name, value in named.items()}
    return {**custom, "x-amz-storage-class": _CLASSES.get(one.storage_class, "STANDARD")}


def _moment(rfc3339: str) -> datetime:
    return datetime.fromisoformat(rfc3339).astimezone(UTC)


def _encoded(value: str) -> str:
    """As it is where a header can carry it and nobody takes it for RFC 2047; else as encoded words."""
    if value.isascii() and value.isprintable() and "=?" not in value and value == " ".join(value.split()):
        return value
    words, word = [], b""
    for character in value:
        encoded = character.encode()
        if len(word) + len(encoded) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += encoded
    return " ".join(f"=?UTF-8?B?{base64.b64encode(each).decode()}?=" for each in [*words, word])
