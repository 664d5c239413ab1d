"""S3's calls for one object: read whole or in part, written, copied, deleted, each on conditions."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from starlette.responses import Response, StreamingResponse

from local_cloudflare.api.r2.models import check_key
from local_cloudflare.api.r2.storage_classes import OF_S3, classed, keep
from local_cloudflare.api.s3 import errors, metadata, xml
from local_cloudflare.api.s3.buckets import milliseconds
from local_cloudflare.api.s3.request import S3Call
from local_cloudflare.runtime.models import R2Body, R2Object

_LARGEST_PUT = 5 * 2**30 - 5 * 2**20  # R2's limit of one upload: 5 GiB less 5 MiB
_OVERRIDES = ("content-type", "content-language", "expires", "cache-control", "content-disposition", "content-encoding")


async def get_object(call: S3Call) -> Response:
    bucket = call.bucket()
    wanted = call.headers.get("range")
    found = await call.cloud.runtime.r2.get(bucket.name, call.key, jurisdiction=bucket.jurisdiction, range=wanted)
    if found is None:
        raise errors.no_such_key()
    await _check(call.headers, found)
    item = classed(call.cloud, bucket, found.object)
    headers = {**metadata.headers(item), **_overrides(call)}
    if wanted and (part := item.range) is not None and (part.length != item.size or part.offset):
        headers["content-range"] = f"bytes {part.offset}-{part.offset + part.length - 1}/{item.size}"
        headers["content-length"] = str(part.length)
        return StreamingResponse(found.chunks, HTTPStatus.PARTIAL_CONTENT, headers)
    return StreamingResponse(found.chunks, headers={**headers, "content-length": str(item.size)})


async def head_object(call: S3Call) -> Response:
    item = await _head(call)
    if unmet := _unmet(call.headers, item):
        raise unmet
    return Response(headers={**metadata.headers(item), **_overrides(call), "content-length": str(item.size)})


async def put_object(call: S3Call) -> Response:
    written = await store(call, call.payload, call.payload.size, *given(call))
    return Response(headers={"etag": f'"{written.etag}"'})


async def copy_object(call: S3Call) -> Response:
    """Metadata too, unless the directive says REPLACE."""
    await call.document()
    storage_class_of(call)  # refused before the source is opened
    source = await read_source(call)
    directive = call.headers.get("x-amz-metadata-directive", "COPY")
    if directive not in ("COPY", "REPLACE"):
        await source.close()
        raise errors.invalid_argument("x-amz-metadata-directive")
    item = source.object
    about = given(call) if directive == "REPLACE" else (item.http_metadata, item.custom_metadata)
    written = await store(call, source.chunks, item.size, *about)
    return xml.document(
        "CopyObjectResult", [("ETag", f'"{written.etag}"'), ("LastModified", milliseconds(written.uploaded))]
    )


async def delete_object(call: S3Call) -> Response:
    bucket = call.bucket()
    await call.cloud.runtime.r2.delete(bucket.name, [call.key], jurisdiction=bucket.jurisdiction)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def store(
    call: S3Call, body: AsyncIterable[bytes], size: int, http: Mapping[str, str], custom: Mapping[str, str]
) -> R2Object:
    """Write the call's object, on the call's conditions."""
    bucket = call.bucket()
    if size > _LARGEST_PUT:
        raise errors.entity_too_large()
    storage_class = storage_class_of(call)
    written = await call.cloud.runtime.r2.put(
        bucket.name,
        call.key,
        body,
        size=size,
        jurisdiction=bucket.jurisdiction,
        http_metadata=http,
        custom_metadata=custom,
        only_if=_put_conditions(call.headers),
    )
    return keep(call.cloud, bucket, written, storage_class)


async def read_source(call: S3Call, range: str | None = None) -> R2Body:
    """What `x-amz-copy-source` names, on the conditions of a copy. Close or exhaust it."""
    path = unquote(call.headers["x-amz-copy-source"].partition("?")[0]).removeprefix("/")
    name, _, key = path.partition("/")
    bucket = call.buckets.get(name)
    check_key(key)
    found = await call.cloud.runtime.r2.get(bucket.name, key, jurisdiction=bucket.jurisdiction, range=range)
    if found is None:
        raise errors.no_such_key()
    prefix = "x-amz-copy-source-"
    conditions = {name.removeprefix(prefix): value for name, value in call.headers.items() if name.startswith(prefix)}
    if _unmet(conditions, found.object):
        await found.close()
        raise errors.precondition_failed()
    return found


def given(call: S3Call) -> tuple[dict[str, str], dict[str, str]]:
    """The metadata that a call gives an object: HTTP's, and its own."""
    return metadata.http_fields(call.headers), metadata.custom(call.headers)


def storage_class_of(call: S3Call) -> str:
    """The class that a call gives an object, by R2's name: the bucket's, where it says none."""
    wanted = call.headers.get("x-amz-storage-class")
    if wanted is None:
        return call.bucket().storage_class
    if wanted not in OF_S3:
        raise errors.S3Error(400, "InvalidStorageClass", "The storage class you specified is not valid.")
    return OF_S3[wanted]


async def _head(call: S3Call) -> R2Object:
    bucket = call.bucket()
    found = await call.cloud.runtime.r2.head(bucket.name, call.key, jurisdiction=bucket.jurisdiction)
    if found is None:
        raise errors.no_such_key()
    return classed(call.cloud, bucket, found)


async def _check(headers: Mapping[str, str], found: R2Body) -> None:
    if unmet := _unmet(headers, found.object):
        await found.close()
        raise unmet


def _unmet(headers: Mapping[str, str], item: R2Object) -> errors.S3Error | None:
    """The answer of a read whose conditions do not hold, in the order of RFC 9110, 13.2.2."""
    uploaded = datetime.fromisoformat(item.uploaded).replace(microsecond=0)
    if match := headers.get("if-match"):
        if not _names(match, item.etag):
            return errors.precondition_failed()
    elif (since := headers.get("if-unmodified-since")) and uploaded > metadata.http_date(since, "If-Unmodified-Since"):
        return errors.precondition_failed()
    if none := headers.get("if-none-match"):
        return errors.not_modified() if _names(none, item.etag) else None
    if (since := headers.get("if-modified-since")) and uploaded <= metadata.http_date(since, "If-Modified-Since"):
        return errors.not_modified()
    return None


def _names(condition: str, etag: str) -> bool:
    return any(each.strip().removeprefix("W/").strip('"') in ("*", etag) for each in condition.split(","))


def _put_conditions(headers: Mapping[str, str]) -> dict[str, Any]:
    """What the runtime checks in the same step in which it writes."""
    names = {"if-match": "etagMatches", "if-none-match": "etagDoesNotMatch"}
    return {
        name: [_etag(each.strip()) for each in headers[header].split(",")]
        for header, name in names.items()
        if headers.get(header)
    }


def _etag(value: str) -> dict[str, str]:
    if value == "*":
        return {"type": "wildcard"}
    return {"type": "weak" if value.startswith("W/") else "strong", "value": value.removeprefix("W/").strip('"')}


def _overrides(call: S3Call) -> dict[str, str]:
    """A signed URL may say how the answer's headers are to be."""
    return {
        name: metadata.raw(call.query[f"response-{name}"]) for name in _OVERRIDES if f"response-{name}" in call.query
    }
