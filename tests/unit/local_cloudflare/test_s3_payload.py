"""Bodies in signed and unsigned chunks; the signed one is the example of AWS's own documentation."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping

import pytest

from local_cloudflare.api.s3.errors import S3Error
from local_cloudflare.api.s3.payload import Payload
from local_cloudflare.api.s3.signature import Claim, sign

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    (b"a" * 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (b"a" * 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)
CRC = base64.b64encode(zlib.crc32(b"a" * 66560).to_bytes(4, "big")).decode()
TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


def claim(payload: str) -> Claim:
    return Claim(
        access_key="",
        time="20130524T000000Z",
        scope="20130524/us-east-1/s3/aws4_request",
        canonical=b"",
        signature=SEED,
        payload=payload,
    )


def read(kind: str, body: bytes, headers: Mapping[str, str] | None = None, pieces: int = 700) -> bytes:
    """What a handler gets of a body that arrives in `pieces` bytes at a time."""

    async def arriving() -> AsyncIterator[bytes]:
        for start in range(0, len(body), pieces):
            yield body[start : start + pieces]

    made = claim(kind)
    sizes = {"x-amz-decoded-content-length": "66560"} if kind.startswith("STREAMING") else {}
    given = {"content-length": str(len(body)), **sizes, **(headers or {})}
    return asyncio.run(Payload(arriving(), given, made, made.key(SECRET)).read())


def chunked(signatures: bool, trailer: str = "") -> bytes:
    return (
        b"".join(
            f"{len(data):x}{f';chunk-signature={signature}' if signatures else ''}\r\n".encode()
            + data
            + (b"\r\n" if data or not trailer else b"")
            for data, signature in CHUNKS
        )
        + trailer.encode()
    )


def test_signed_chunks_are_taken_apart() -> None:
    assert read(SIGNED, chunked(True)) == b"a" * 66560


def test_chunks_with_a_checksum_behind_them_are_taken_apart() -> None:
    body = chunked(False, f"x-amz-checksum-crc32:{CRC}\r\n\r\n")
    assert read(TRAILER, body, {"x-amz-trailer": "x-amz-checksum-crc32"}) == b"a" * 66560


def test_signed_chunks_with_a_signed_checksum_are_taken_apart() -> None:
    made = claim(f"{SIGNED}-TRAILER")
    scope = f"{made.scope}\n{CHUNKS[-1][1]}"
    text = f"x-amz-checksum-crc32:{CRC}\n".encode()
    signature = sign(made.key(SECRET), made.time, scope, "AWS4-HMAC-SHA256-TRAILER", text)
    good = chunked(True, f"x-amz-checksum-crc32:{CRC}\r\nx-amz-trailer-signature:{signature}\r\n\r\n")
    bad = good.replace(signature.encode(), b"0" * 64)

    assert read(made.payload, good, {"x-amz-trailer": "x-amz-checksum-crc32"}) == b"a" * 66560
    assert code(made.payload, bad, {"x-amz-trailer": "x-amz-checksum-crc32"}) == "SignatureDoesNotMatch"


def code(kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> str:
    with pytest.raises(S3Error) as error:
        read(kind, body, headers)
    return error.value.code


CHANGED = chunked(True).replace(b"a" * 1024 + b"\r\n0;", b"b" * 1024 + b"\r\n0;")
WRONG = {
    "a byte of a signed chunk": (SIGNED, CHANGED, {}, "SignatureDoesNotMatch"),
    "chunks without signatures": (SIGNED, chunked(False), {}, "SignatureDoesNotMatch"),
    "an end that is missing": (SIGNED, chunked(True)[:-100], {}, "IncompleteBody"),
    "no chunks at all": (SIGNED, b"a" * 66560, {}, "IncompleteBody"),
    "a negative chunk": (TRAILER, b"-5\r\nhello", {}, "InvalidRequest"),
    "the checksum": (
        TRAILER,
        chunked(False, "x-amz-checksum-crc32:AAAAAA==\r\n\r\n"),
        {"x-amz-trailer": "x-amz-checksum-crc32"},
        "BadDigest",
    ),
    "a checksum that was announced and does not come": (
        TRAILER,
        chunked(False),
        {"x-amz-trailer": "x-amz-checksum-crc32"},
        "BadDigest",
    ),
    "a length": (SIGNED, chunked(True), {"x-amz-decoded-content-length": "66559"}, "IncompleteBody"),
    "no length": (SIGNED, chunked(True), {"x-amz-decoded-content-length": "many"}, "MissingContentLength"),
    "the hash": (hashlib.sha256(b"x").hexdigest(), b"y", {}, "XAmzContentSHA256Mismatch"),
    "a form that is not known": ("STREAMING-ECDSA", b"y", {}, "NotImplemented"),
    "a checksum that R2 has not": ("UNSIGNED-PAYLOAD", b"y", {"x-amz-checksum-md5": "AAAA"}, "NotImplemented"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_body_that_is_not_what_was_signed_is_refused(what: str) -> None:
    kind, body, headers, expected = WRONG[what]
    assert code(kind, body, headers) == expected


def test_the_last_bytes_wait_for_the_check() -> None:
    """So that whoever stores them never has all of a body that is refused."""
    got: list[bytes] = []

    async def arriving() -> AsyncIterator[bytes]:
        for piece in (b"one", b"two"):
            yield piece

    async def take() -> None:
        made = claim(hashlib.sha256(b"other").hexdigest())
        async for piece in Payload(arriving(), {"content-length": "6"}, made, b""):
            got.append(piece)

    with pytest.raises(S3Error):
        asyncio.run(take())
    assert got == [b"one"]


CHECKSUMS = {  # of "123456789", as the catalogue of CRC algorithms has them
    "crc32": 0xCBF43926.to_bytes(4, "big"),
    "crc32c": 0xE3069283.to_bytes(4, "big"),
    "crc64nvme": 0xAE8B14860A799888.to_bytes(8, "big"),
    "sha1": hashlib.sha1(b"123456789").digest(),  # noqa: S324
    "sha256": hashlib.sha256(b"123456789").digest(),
}


@pytest.mark.parametrize("pieces", [1, 4, 9])
@pytest.mark.parametrize("name", CHECKSUMS)
def test_each_checksum_of_r2_is_checked(name: str, pieces: int) -> None:
    given = {f"x-amz-checksum-{name}": base64.b64encode(CHECKSUMS[name]).decode()}

    assert read("UNSIGNED-PAYLOAD", b"123456789", given, pieces) == b"123456789"
    with pytest.raises(S3Error) as refused:
        read("UNSIGNED-PAYLOAD", b"123456788", given, pieces)
    assert refused.value.code == "BadDigest"
