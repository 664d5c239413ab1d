"""AWS Signature Version 4 for R2's S3 API. Pure: from a request's parts to its headers.

Why not a library: docs/decisions/0025. Source of the rules: AWS, "Create a signed AWS API request", with S3's exception
that the path is encoded once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_REGION = "auto"


@dataclass(frozen=True, kw_only=True)
class S3Keys:
    """R2's access key id, which is the id of an API token, and its secret access key, the SHA-256 of the token."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"S3Keys(id={self.id!r})"


def encoded_path(path: str) -> str:
    """A path with everything encoded that S3 wants encoded; dots and slashes of a key stay as they are."""
    return quote(path, safe="/~")


def encoded_query(query: Mapping[str, str]) -> str:
    """The query in the order in which it is signed."""
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed_headers(
    keys: S3Keys, method: str, host: str, path: str, query: str, amz: Mapping[str, str], payload: str, now: datetime
) -> dict[str, str]:
    """The headers that a request must have: `amz` (in lower case), the date, the hash of the bytes, the signature.

    `path` and `query` encoded; `payload` the SHA-256 of the bytes in hexadecimal; `now` in UTC.
    """
    time = now.strftime("%Y%m%dT%H%M%SZ")
    sent = {**amz, "x-amz-content-sha256": payload, "x-amz-date": time}
    headers = dict(sorted({**sent, "host": host}.items()))
    names = ";".join(headers)
    lines = [method, path, query, *(f"{name}:{' '.join(value.split())}" for name, value in headers.items())]
    canonical = "\n".join([*lines, "", names, payload])
    scope = [time[:8], _REGION, "s3", "aws4_request"]
    text = "\n".join([_ALGORITHM, time, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{keys.secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = "/".join([keys.id, *scope])
    return {
        **sent,
        "authorization": f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}",
    }
