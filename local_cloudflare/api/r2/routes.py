"""R2's calls. The jurisdiction and an object's metadata travel in headers; lists are paged by cursor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from starlette.responses import Response, StreamingResponse

from local_cloudflare.api.auth import R2_READ, R2_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.cloud import timestamp
from local_cloudflare.api.envelope import Answer
from local_cloudflare.api.r2 import errors, settings
from local_cloudflare.api.r2.models import Bucket, Buckets, check_key, storage_class_of
from local_cloudflare.api.r2.storage_classes import classed, keep
from local_cloudflare.runtime.models import R2Object

_BUCKETS_A_PAGE = 20
_MOST_A_PAGE = 1000
_LARGEST_PUT = 300 * 2**20
_HEADERS = {
    "content-type": "contentType",
    "content-language": "contentLanguage",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "cache-control": "cacheControl",
}


def _jurisdiction(call: Call) -> str:
    return call.header("cf-r2-jurisdiction") or "default"


def _buckets(call: Call) -> Buckets:
    return Buckets(call.cloud, _jurisdiction(call))


def _limit(call: Call, default: int) -> int:
    limit = call.integer("per_page", default, malformed=errors.invalid_parameter)
    if limit > _MOST_A_PAGE:
        raise errors.invalid_parameter("per_page")
    return limit


async def list_buckets(call: Call) -> Answer:
    """The cursor is the name after which the next page begins."""
    per_page = _limit(call, _BUCKETS_A_PAGE)
    after = call.query.get("cursor") or call.query.get("start_after", "")
    descending = call.query.get("direction") == "desc"
    found = _buckets(call).all()
    if descending:
        found.reverse()
    contained = call.query.get("name_contains", "")
    found = [bucket for bucket in found if contained in bucket.name and _follows(bucket, after, descending)]
    info: dict[str, Any] = {"per_page": per_page}
    if len(found) > per_page:
        info["cursor"] = found[per_page - 1].name
    return Answer(result={"buckets": [asdict(bucket) for bucket in found[:per_page]]}, info=info)


def _follows(bucket: Bucket, after: str, descending: bool) -> bool:
    return not after or (bucket.name < after if descending else bucket.name > after)


async def create_bucket(call: Call) -> Answer:
    return Answer(result=asdict(_buckets(call).create(await call.json_object())))


async def get_bucket(call: Call) -> Answer:
    return Answer(result=asdict(_buckets(call).get(call["bucket_name"])))


async def edit_bucket(call: Call) -> Answer:
    storage_class = call.header("cf-r2-storage-class")
    return Answer(result=asdict(_buckets(call).set_storage_class(call["bucket_name"], storage_class)))


async def delete_bucket(call: Call) -> Answer:
    await _buckets(call).delete(call["bucket_name"])
    return Answer(result={})


async def list_objects(call: Call) -> Answer:
    bucket = _buckets(call).get(call["bucket_name"])
    per_page = _limit(call, _MOST_A_PAGE)
    found = await call.cloud.runtime.r2.list(
        bucket.name,
        jurisdiction=bucket.jurisdiction,
        prefix=call.query.get("prefix", ""),
        delimiter=call.query.get("delimiter") or None,
        start_after=call.query.get("start_after") or None,
        limit=per_page,
        cursor=call.query.get("cursor") or None,
    )
    info: dict[str, Any] = {"per_page": per_page, "is_truncated": found.cursor is not None}
    if found.cursor is not None:
        info["cursor"] = found.cursor
    if found.delimited_prefixes:
        info["delimited"] = list(found.delimited_prefixes)
    return Answer(result=[_listed(classed(call.cloud, bucket, item)) for item in found.objects], info=info)


async def get_object(call: Call) -> Response:
    bucket, key = _bucket_and_key(call)
    if call.request.method == "HEAD":
        head = await call.cloud.runtime.r2.head(bucket.name, key, jurisdiction=bucket.jurisdiction)
        if head is None:
            raise errors.key_not_found()
        return Response(headers=_object_headers(head))
    found = await call.cloud.runtime.r2.get(bucket.name, key, jurisdiction=bucket.jurisdiction)
    if found is None:
        raise errors.key_not_found()
    return StreamingResponse(found.chunks, headers=_object_headers(found.object))


async def put_object(call: Call) -> Answer:
    bucket, key = _bucket_and_key(call)
    length = int(call.header("content-length", "0"))
    if length > _LARGEST_PUT:
        raise errors.too_large()
    metadata = {name: call.header(header) for header, name in _HEADERS.items() if call.header(header)}
    if call.header("expires"):
        metadata["cacheExpiry"] = _expiry(call.header("expires"))
    storage_class = storage_class_of(call.header("cf-r2-storage-class") or bucket.storage_class)
    stored = await call.cloud.runtime.r2.put(
        bucket.name,
        key,
        _limited(call.request.stream()),
        jurisdiction=bucket.jurisdiction,
        size=length if "content-length" in call.request.headers else None,
        http_metadata=metadata,
    )
    written = keep(call.cloud, bucket, stored, storage_class)
    return Answer(
        result={
            "key": written.key,
            "etag": written.etag,
            "size": str(written.size),
            "version": written.version,
            "uploaded": written.uploaded,
            "storage_class": written.storage_class,
        }
    )


async def delete_object(call: Call) -> Answer:
    bucket, key = _bucket_and_key(call)
    await call.cloud.runtime.r2.delete(bucket.name, [key], jurisdiction=bucket.jurisdiction)
    return Answer(result={"key": key})


async def _limited(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The bytes of a body whose length was not told, as far as they may go."""
    size = 0
    async for piece in body:
        size += len(piece)
        if size > _LARGEST_PUT:
            raise errors.too_large()
        yield piece


def _bucket_and_key(call: Call) -> tuple[Bucket, str]:
    bucket = _buckets(call).get(call["bucket_name"])
    check_key(call["object_key"])
    return bucket, call["object_key"]


def _listed(item: R2Object) -> dict[str, Any]:
    return {
        "key": item.key,
        "size": item.size,
        "etag": item.etag,
        "last_modified": item.uploaded,
        "storage_class": item.storage_class,
        "http_metadata": dict(item.http_metadata),
        "custom_metadata": dict(item.custom_metadata),
    }


def _object_headers(item: R2Object) -> Mapping[str, str]:
    headers = {header: item.http_metadata[name] for header, name in _HEADERS.items() if name in item.http_metadata}
    uploaded = datetime.fromisoformat(item.uploaded).astimezone(UTC)
    return {
        "content-type": "application/octet-stream",
        **headers,
        "content-length": str(item.size),
        "etag": f'"{item.etag}"',
        "last-modified": format_datetime(uploaded, usegmt=True),
    }


def _expiry(expires: str) -> str:
    try:
        return timestamp(parsedate_to_datetime(expires))
    except ValueError as error:
        raise errors.invalid_parameter("expires") from error


_BUCKETS = "/accounts/{account_id}/r2/buckets"
_BUCKET = f"{_BUCKETS}/{{bucket_name}}"
_OBJECT = f"{_BUCKET}/objects/{{object_key:path}}"

ROUTES = (
    Route(method="GET", path=_BUCKETS, handler=list_buckets, permission=R2_READ),
    Route(method="POST", path=_BUCKETS, handler=create_bucket, permission=R2_WRITE),
    Route(method="GET", path=_BUCKET, handler=get_bucket, permission=R2_READ),
    Route(method="PATCH", path=_BUCKET, handler=edit_bucket, permission=R2_WRITE),
    Route(method="DELETE", path=_BUCKET, handler=delete_bucket, permission=R2_WRITE),
    Route(method="GET", path=f"{_BUCKET}/objects", handler=list_objects, permission=R2_READ),
    Route(method="GET", path=_OBJECT, handler=get_object, permission=R2_READ),
    Route(method="PUT", path=_OBJECT, handler=put_object, permission=R2_WRITE),
    Route(method="DELETE", path=_OBJECT, handler=delete_object, permission=R2_WRITE),
    *settings.ROUTES,
)
