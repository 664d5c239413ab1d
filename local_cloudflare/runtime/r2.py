"""R2 buckets: the protocol of workerd's R2 binding.

A request is JSON, in a header for reads and before the bytes for writes; an answer is JSON, before the bytes of an
object; a header tells the length of that JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import Any

import httpx

from local_cloudflare.runtime.errors import DataError, RuntimeFault
from local_cloudflare.runtime.gateway import Send
from local_cloudflare.runtime.models import R2Body, R2Object, R2Page, R2Range

_SIZE = "cf-r2-metadata-size"
_NO_SUCH_KEY = 10007
_CHUNK = 1 << 16
_IN_MEMORY = 8 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _NoSuchKeyError(DataError):
    """There is no object of that key."""


class R2:
    """Objects by bucket and key; the same bucket name in another jurisdiction is another bucket.

    Methods may raise DataError.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    async def get(
        self, bucket: str, key: str, *, jurisdiction: str = "default", range: str | None = None
    ) -> R2Body | None:
        """An object with its bytes, those of a Range header where there is one; None where there is no object."""
        response = await self._find(
            bucket_name(bucket, jurisdiction),
            {"method": "get", "object": key, **({"rangeHeader": range} if range else {})},
        )
        if response is None:
            return None
        rest = response.aiter_bytes()
        size, buffer = int(response.headers[_SIZE]), b""
        while len(buffer) < size:
            buffer += await anext(rest)
        fields = json.loads(buffer[:size])
        item = replace(_object(fields), range=R2Range(**fields["range"]) if range else None)
        return R2Body(object=item, chunks=_body(response, buffer[size:], rest), close=response.aclose)

    async def head(self, bucket: str, key: str, *, jurisdiction: str = "default") -> R2Object | None:
        """An object without its bytes; None where there is none."""
        response = await self._find(bucket_name(bucket, jurisdiction), {"method": "head", "object": key})
        return None if response is None else _object(json.loads(await response.aread()))

    async def put(
        self,
        bucket: str,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        jurisdiction: str = "default",
        http_metadata: Mapping[str, str] | None = None,
        custom_metadata: Mapping[str, str] | None = None,
        only_if: Mapping[str, Any] | None = None,
        size: int | None = None,
    ) -> R2Object:
        """Write an object. With its `size` the bytes go through; without, they wait in a file until all are there.

        `only_if` as in R2's binding.
        """
        request = {"method": "put", "object": key, **_fields(http_metadata or {}, custom_metadata or {})}
        if only_if:
            request["onlyIf"] = dict(only_if)
        name = bucket_name(bucket, jurisdiction)
        if isinstance(body, bytes):
            response = await self._write(name, request, body)
        elif size is not None:
            response = await self._write(name, request, aiter(body), size)
        else:
            with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:  # R2 wants to know the length before the bytes
                async for chunk in body:
                    file.write(chunk)
                size = file.tell()
                file.seek(0)
                response = await self._write(name, request, _chunks(file), size)
        return _object(json.loads(response.content))

    async def create_upload(
        self,
        bucket: str,
        key: str,
        *,
        jurisdiction: str,
        http_metadata: Mapping[str, str],
        custom_metadata: Mapping[str, str],
    ) -> str:
        """Begin a multipart upload; its id."""
        request = {"method": "createMultipartUpload", "object": key, **_fields(http_metadata, custom_metadata)}
        name = bucket_name(bucket, jurisdiction)
        return str(json.loads((await self._write(name, request)).content)["uploadId"])

    async def upload_part(
        self,
        bucket: str,
        key: str,
        upload: str,
        number: int,
        body: AsyncIterable[bytes],
        size: int,
        *,
        jurisdiction: str,
    ) -> str:
        """The runtime's mark of the part, which it wants to see when the upload is completed."""
        request = {"method": "uploadPart", "object": key, "uploadId": upload, "partNumber": number}
        name = bucket_name(bucket, jurisdiction)
        return str(json.loads((await self._write(name, request, aiter(body), size)).content)["etag"])

    async def complete_upload(
        self, bucket: str, key: str, upload: str, parts: Sequence[tuple[int, str]], *, jurisdiction: str
    ) -> R2Object:
        """Make an object of parts: number and mark of each, in order."""
        listed = [{"part": number, "etag": mark} for number, mark in parts]
        request = {"method": "completeMultipartUpload", "object": key, "uploadId": upload, "parts": listed}
        return _object(json.loads((await self._write(bucket_name(bucket, jurisdiction), request)).content))

    async def abort_upload(self, bucket: str, key: str, upload: str, *, jurisdiction: str) -> None:
        """End a multipart upload and forget its parts."""
        request = {"method": "abortMultipartUpload", "object": key, "uploadId": upload}
        await self._write(bucket_name(bucket, jurisdiction), request)

    async def delete(self, bucket: str, keys: Sequence[str], *, jurisdiction: str = "default") -> None:
        """Remove objects; a key that is not there is no error."""
        await self._write(bucket_name(bucket, jurisdiction), {"method": "delete", "objects": list(keys)})

    async def list(
        self,
        bucket: str,
        *,
        jurisdiction: str = "default",
        prefix: str = "",
        delimiter: str | None = None,
        start_after: str | None = None,
        limit: int = 1000,
        cursor: str | None = None,
        metadata: bool = True,
    ) -> R2Page:
        """Objects in key order: 1,000 a page at most, 100 with their metadata."""
        options = {"prefix": prefix, "delimiter": delimiter, "startAfter": start_after, "cursor": cursor}
        request = {
            "method": "list",
            "limit": limit,
            "include": [0, 1] if metadata else [],
            **{name: value for name, value in options.items() if value},
        }
        response = await self._read(bucket_name(bucket, jurisdiction), request)
        page = json.loads(await response.aread())
        return R2Page(
            objects=tuple(_object(item) for item in page["objects"]),
            delimited_prefixes=tuple(page["delimitedPrefixes"]),
            cursor=page.get("cursor") if page["truncated"] else None,
        )

    async def is_empty(self, bucket: str, *, jurisdiction: str = "default") -> bool:
        """Whether a bucket has no object."""
        return not (await self.list(bucket, jurisdiction=jurisdiction, limit=1)).objects

    async def purge(self, bucket: str, *, jurisdiction: str = "default") -> None:
        """Remove every object of a bucket."""
        while objects := (await self.list(bucket, jurisdiction=jurisdiction)).objects:
            await self.delete(bucket, [item.key for item in objects], jurisdiction=jurisdiction)

    async def _find(self, bucket: str, request: Mapping[str, Any]) -> httpx.Response | None:
        try:
            return await self._read(bucket, request)
        except _NoSuchKeyError:
            return None

    async def _read(self, bucket: str, request: Mapping[str, Any]) -> httpx.Response:
        headers = {"cf-r2-request": json.dumps({"version": 1, **request})}
        response = await self._send("r2", bucket, "GET", "/", headers=headers, stream=True)
        if response.is_success:
            return response
        await response.aclose()
        error = _error(response)
        raise (_NoSuchKeyError if error["v4code"] == _NO_SUCH_KEY else DataError)(error["message"], error["v4code"])

    async def _write(
        self, bucket: str, request: Mapping[str, Any], body: bytes | AsyncIterator[bytes] = b"", size: int = 0
    ) -> httpx.Response:
        metadata = json.dumps({"version": 1, **request}).encode()
        headers = {_SIZE: str(len(metadata))}
        content: bytes | AsyncIterator[bytes]
        if isinstance(body, bytes):
            content = metadata + body
        else:
            content = _after(metadata, body)
            headers["content-length"] = str(len(metadata) + size)
        response = await self._send("r2", bucket, "PUT", "/", headers=headers, content=content)
        if not response.is_success:
            error = _error(response)
            raise DataError(error["message"], error["v4code"])
        return response


class Md5:
    """Pass bytes on and take their MD5, which S3 names a part by."""

    def __init__(self, body: AsyncIterable[bytes]) -> None:
        self._body = body
        self._md5 = hashlib.md5(usedforsecurity=False)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            self._md5.update(piece)
            yield piece

    def hexdigest(self) -> str:
        return self._md5.hexdigest()


def bucket_name(name: str, jurisdiction: str) -> str:
    """Two buckets of one name in two jurisdictions are two buckets (as in options.mjs)."""
    return name if jurisdiction == "default" else f"{jurisdiction}.{name}"


def _error(response: httpx.Response) -> dict[str, Any]:
    header = response.headers.get("cf-r2-error")
    if header is None:
        raise RuntimeFault(f"R2 could not be reached: status {response.status_code}")
    error: dict[str, Any] = json.loads(header)
    return error


def _object(fields: Mapping[str, Any]) -> R2Object:
    http = dict(fields.get("httpFields") or {})
    if expiry := http.get("cacheExpiry"):
        http["cacheExpiry"] = _rfc3339(int(expiry))
    return R2Object(
        key=fields["name"],
        size=int(fields["size"]),
        etag=fields["etag"],
        version=fields["version"],
        uploaded=_rfc3339(int(fields["uploaded"])),
        http_metadata=http,
        custom_metadata={field["k"]: field["v"] for field in fields.get("customFields") or ()},
    )


def _rfc3339(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds() * 1000)


def _fields(http_metadata: Mapping[str, str], custom_metadata: Mapping[str, str]) -> dict[str, Any]:
    fields = dict(http_metadata)
    if expiry := fields.get("cacheExpiry"):
        fields["cacheExpiry"] = str(_milliseconds(datetime.fromisoformat(expiry)))
    return {"httpFields": fields, "customFields": [{"k": name, "v": value} for name, value in custom_metadata.items()]}


async def _body(response: httpx.Response, first: bytes, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        if first:
            yield first
        async for chunk in rest:
            yield chunk
    except httpx.HTTPError as error:
        raise RuntimeFault(f"an R2 object's bytes ended early: {error!r}") from error
    finally:
        await response.aclose()


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A piece is given on when there is another, or the end: who breaks off has not sent the whole of an object, empty
    ones included."""
    held = first
    async for chunk in rest:
        yield held
        held = chunk
    yield held


async def _chunks(file: SpooledTemporaryFile[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
