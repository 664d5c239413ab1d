"""A request's bytes, checked while they stream: signed hash, signed chunks, checksums, length.

The last bytes are held back until everything has been checked, so whoever stores them never has the whole of a body
that is not what was signed. Bytes in memory: two pieces of the connection's size, and one signed chunk.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from local_cloudflare.api.s3 import errors
from local_cloudflare.api.s3.crc import Crc32, crc32c, crc64_nvme
from local_cloudflare.api.s3.signature import UNSIGNED, Claim, sign

_SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_SIGNED_CHUNKS_TRAILER = f"{_SIGNED_CHUNKS}-TRAILER"
_UNSIGNED_CHUNKS_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_CHUNKED = (_SIGNED_CHUNKS, _SIGNED_CHUNKS_TRAILER, _UNSIGNED_CHUNKS_TRAILER)
_LINE = 8192
_LARGEST_CHUNK = 64 << 20
_CHECKSUM = "x-amz-checksum-"
_ABOUT_CHECKSUMS = tuple(f"{_CHECKSUM}{name}" for name in ("algorithm", "type", "mode"))


class _Digest(Protocol):
    def update(self, data: bytes, /) -> object: ...
    def digest(self) -> bytes: ...


class Payload:
    """Iterate to get the bytes, `size` of them. Raises S3Error before the last of them where they are not as signed."""

    def __init__(self, stream: AsyncIterator[bytes], headers: Mapping[str, str], claim: Claim, key: bytes) -> None:
        kind = claim.payload
        if kind.startswith("STREAMING-") and kind not in _CHUNKED:
            raise errors.not_implemented(kind)
        length = headers.get("x-amz-decoded-content-length" if kind in _CHUNKED else "content-length")
        self.size = _length(length, headers)
        self._headers = headers
        self._digests: dict[str, tuple[str, _Digest]] = {}
        self._trailer = headers.get("x-amz-trailer", "").lower()
        self.md5 = hashlib.md5(usedforsecurity=False)
        if kind in _CHUNKED:
            chunks = _Chunks(stream, claim, None if kind == _UNSIGNED_CHUNKS_TRAILER else key)
            self._trailers: Mapping[str, str] = chunks.trailers
            self._stream: AsyncIterator[bytes] = chunks.read()
        else:
            self._trailers, self._stream = {}, stream
            if kind != UNSIGNED:
                self._expect("SHA-256", kind, hashlib.sha256())
        for name in headers:
            if name.startswith(_CHECKSUM) and name not in _ABOUT_CHECKSUMS:
                self._digests[name] = (name, _digest(name))
        if self._trailer:
            self._digests[self._trailer] = (self._trailer, _digest(self._trailer))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen, held = 0, b""
        async for piece in self._stream:
            if not piece:
                continue
            seen += len(piece)
            if seen > self.size:
                raise errors.incomplete_body()
            self.md5.update(piece)
            for _, digest in self._digests.values():
                digest.update(piece)
            if held:
                yield held
            held = piece
        if seen != self.size:
            raise errors.incomplete_body()
        self._check()
        if held:
            yield held

    async def read(self) -> bytes:
        """All of it at once."""
        return b"".join([piece async for piece in self])

    def _expect(self, name: str, wanted: str, digest: _Digest) -> None:
        self._digests[f"={wanted}"] = (name, digest)

    def _check(self) -> None:
        if (md5 := self._headers.get("content-md5")) and not _is(self.md5.digest(), md5):
            raise errors.bad_digest("MD5")
        for wanted, (name, digest) in self._digests.items():
            if wanted.startswith("="):
                if not hmac.compare_digest(digest.digest().hex(), wanted[1:]):
                    raise errors.S3Error(
                        400,
                        "XAmzContentSHA256Mismatch",
                        "The provided 'x-amz-content-sha256' header does not match what was computed.",
                    )
                continue
            if not _is(digest.digest(), self._trailers.get(name) or self._headers.get(name, "")):
                raise errors.bad_digest(name.removeprefix(_CHECKSUM).upper())


class _Chunks:
    """The body's coding `aws-chunked`: `<hex size>[;chunk-signature=…] CRLF <bytes> CRLF`, an empty one, trailers."""

    def __init__(self, stream: AsyncIterator[bytes], claim: Claim, key: bytes | None) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._claim = claim
        self._key = key
        self._previous = claim.signature
        self.trailers: dict[str, str] = {}

    async def read(self) -> AsyncIterator[bytes]:
        while True:
            size, signature = self._head(await self._line())
            data = await self._exactly(size)
            if self._key is not None:
                self._compare(self._key, signature, "AWS4-HMAC-SHA256-PAYLOAD", b"", data)
                self._previous = signature
            if not size:
                break
            yield data
            if await self._line():
                raise errors.incomplete_body()
        lines: list[tuple[str, str]] = []
        while line := await self._line(end=b""):
            name, _, value = line.decode("latin-1").partition(":")
            lines.append((name.strip().lower(), value.strip()))
        signature = dict(lines).pop("x-amz-trailer-signature", "")
        self.trailers.update((name, value) for name, value in lines if name != "x-amz-trailer-signature")
        if self._key is not None and self._claim.payload == _SIGNED_CHUNKS_TRAILER:
            text = "".join(f"{name}:{value}\n" for name, value in self.trailers.items())
            self._compare(self._key, signature, "AWS4-HMAC-SHA256-TRAILER", text.encode("latin-1"))

    def _head(self, line: bytes) -> tuple[int, str]:
        number, _, extension = line.decode("latin-1").partition(";")
        try:
            size = int(number, 16)
        except ValueError as error:
            raise errors.incomplete_body() from error
        if not 0 <= size <= _LARGEST_CHUNK:
            raise errors.invalid_request("A chunk is too large.")
        return size, extension.partition("chunk-signature=")[2]

    def _compare(self, key: bytes, signature: str, algorithm: str, *texts: bytes) -> None:
        scope = f"{self._claim.scope}\n{self._previous}"
        if not hmac.compare_digest(sign(key, self._claim.time, scope, algorithm, *texts).encode(), signature.encode()):
            raise errors.signature_does_not_match()

    async def _line(self, end: bytes | None = None) -> bytes:
        """Up to the next CRLF; `end`: what is given where the body ends before it (None: an error)."""
        while (at := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LINE:
                raise errors.incomplete_body()
            if not await self._more():
                if end is None:
                    raise errors.incomplete_body()
                return end
        line = bytes(self._buffer[:at])
        del self._buffer[: at + 2]
        return line

    async def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if not await self._more():
                raise errors.incomplete_body()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    async def _more(self) -> bool:
        piece = await anext(self._stream, None)
        if piece is not None:
            self._buffer += piece
        return piece is not None


def _length(value: str | None, headers: Mapping[str, str]) -> int:
    if value is None and "transfer-encoding" not in headers:
        return 0
    if value is None or not value.isascii() or not value.isdigit():
        raise errors.missing_content_length()
    return int(value)


def _digest(header: str) -> _Digest:
    """The checksum that a header names. Raises S3Error for one that R2 does not know either."""
    match header.removeprefix(_CHECKSUM):
        case "crc32":
            return Crc32()
        case "crc32c":
            return crc32c()
        case "crc64nvme":
            return crc64_nvme()
        case "sha1":
            return hashlib.sha1(usedforsecurity=False)
        case "sha256":
            return hashlib.sha256()
        case _:
            raise errors.not_implemented(f"Header '{header}'")


def _is(digest: bytes, encoded: str) -> bool:
    return hmac.compare_digest(base64.b64encode(digest).decode(), encoded)
