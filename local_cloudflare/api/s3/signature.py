"""AWS Signature Version 4, as R2 takes it: in the Authorization header or in a presigned URL. Fails closed.

The access key id is an API token's id, the secret access key the SHA-256 of its value in hexadecimal (R2's page
"Authentication"). `Host` and every `x-amz-…` header must be signed.

Pure: from a request's parts to the signed claim, or S3Error.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from local_cloudflare.api.s3 import errors

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_REGIONS = ("auto", "us-east-1", "", "wnam", "enam", "weur", "eeur", "apac", "oc")
_TIME = "%Y%m%dT%H%M%SZ"
_SKEW = timedelta(minutes=15)
_KEY_LENGTH = 32
_LONGEST = 7 * 24 * 3600
_QUERY = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who claims to have signed a request, and what: `payload` is the payload's hash as it went into the signature."""

    access_key: str
    time: str
    scope: str
    canonical: bytes
    signature: str
    payload: str

    def key(self, secret: str) -> bytes:
        """The signing key, which also signs the chunks of a body."""
        key = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key

    def check(self, secret: str) -> None:
        """Raise S3Error where the signature was not made with `secret`."""
        made = sign(self.key(secret), self.time, self.scope, ALGORITHM, self.canonical)
        if not hmac.compare_digest(made.encode(), self.signature.encode()):
            raise errors.signature_does_not_match()


def sign(key: bytes, time: str, scope: str, algorithm: str, *texts: bytes) -> str:
    """The signature of texts of which the hashes are signed, in hexadecimal."""
    hashes = [hashlib.sha256(text).hexdigest() for text in texts]
    return hmac.digest(key, "\n".join([algorithm, time, scope, *hashes]).encode(), "sha256").hex()


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """The parameters of a query, decoded."""
    parts = [part.partition("=") for part in query.decode("ascii").split("&") if part]
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


def read(method: str, raw_path: str, query: Pairs, headers: Sequence[tuple[bytes, bytes]], now: datetime) -> Claim:
    """The claim of a request. Raises S3Error where there is none, or it is malformed, too old or of another service."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.decode("latin-1").lower(), []).append(" ".join(value.decode("latin-1").split()))
    given = {name: ",".join(several) for name, several in values.items()}
    presigned = dict(query)
    if "authorization" in given:
        fields = _fields(given["authorization"])
        time, payload = given.get("x-amz-date", ""), given.get("x-amz-content-sha256", "")
        if not payload:
            raise errors.invalid_request("Missing x-amz-content-sha256")
    elif "X-Amz-Signature" in presigned:
        if any(name not in presigned for name in _QUERY) or presigned["X-Amz-Algorithm"] != ALGORITHM:
            raise errors.invalid_argument("The query parameters of the signature are not complete.")
        fields = {name: presigned[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature")}
        time, payload = presigned["X-Amz-Date"], given.get("x-amz-content-sha256", UNSIGNED)
    else:
        raise errors.invalid_argument("Authorization")
    access_key, _, scope = fields["Credential"].partition("/")
    if len(access_key) != _KEY_LENGTH:
        raise errors.invalid_argument(f"Credential access key has length {len(access_key)}, should be {_KEY_LENGTH}")
    _check_scope(scope, time)
    _check_time(time, presigned.get("X-Amz-Expires") if "authorization" not in given else None, now)
    signed = fields["SignedHeaders"].split(";")
    needed = {"host"} | {name for name in given if name.startswith("x-amz-")}
    if not needed <= set(signed) or not set(signed) <= set(given):
        raise errors.signature_does_not_match()
    canonical = _canonical(method, raw_path, query, [(name, given[name]) for name in signed], payload)
    return Claim(
        access_key=access_key,
        time=time,
        scope=scope,
        canonical=canonical,
        signature=fields["Signature"],
        payload=payload,
    )


def _canonical(method: str, raw_path: str, query: Pairs, signed: Pairs, payload: str) -> bytes:
    path = quote(unquote_to_bytes(raw_path), safe="/~")
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in query if name != "X-Amz-Signature")
    lines = [
        method,
        path,
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{value}" for name, value in signed),
        "",
        ";".join(name for name, _ in signed),
        payload,
    ]
    return "\n".join(lines).encode("latin-1")  # a header's bytes, as they were sent


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _fields(authorization: str) -> Mapping[str, str]:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise errors.invalid_argument("Authorization")
    fields = {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in rest.split(","))}
    if not {"Credential", "SignedHeaders", "Signature"} <= set(fields):
        raise errors.invalid_argument("Authorization")
    return fields


def _check_scope(scope: str, time: str) -> None:
    parts = scope.split("/")
    if len(parts) != 4 or parts[0] != time[:8] or parts[2:] != ["s3", "aws4_request"]:
        raise errors.invalid_argument("The credential's scope is not valid.")
    if parts[1] not in _REGIONS:
        raise errors.invalid_region(parts[1])


def _check_time(time: str, expires: str | None, now: datetime) -> None:
    try:
        moment = datetime.strptime(time, _TIME).replace(tzinfo=UTC)
        seconds = None if expires is None else int(expires)
    except ValueError as error:
        raise errors.invalid_argument("X-Amz-Date") from error
    if moment - now > _SKEW or (seconds is None and now - moment > _SKEW):
        raise errors.time_too_skewed()
    if seconds is not None:
        if not 1 <= seconds <= _LONGEST:
            raise errors.invalid_argument("X-Amz-Expires")
        if now - moment > timedelta(seconds=seconds):
            raise errors.expired()
