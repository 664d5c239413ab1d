"""S3's calls for buckets: made, listed, deleted, and their objects listed by page."""

from __future__ import annotations

import base64
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from local_cloudflare.api.r2.storage_classes import IN_S3, classed
from local_cloudflare.api.s3 import errors, xml
from local_cloudflare.api.s3.request import S3Call
from local_cloudflare.runtime.models import R2Object

MOST_A_PAGE = 1000
_BY_KEYS = 1000


async def list_buckets(call: S3Call) -> Response:
    buckets: list[xml.Node] = [
        ("Bucket", [("Name", bucket.name), ("CreationDate", milliseconds(bucket.creation_date))])
        for bucket in call.buckets.all()
        if bucket.name.startswith(call.query.get("prefix", ""))
    ]
    owner = [("ID", call.cloud.account_id), ("DisplayName", call.cloud.account_id)]
    return xml.document("ListAllMyBucketsResult", [("Buckets", buckets), ("Owner", owner)])


async def create_bucket(call: S3Call) -> Response:
    await call.document()
    call.buckets.create({"name": call.bucket_name})
    return Response(headers={"location": f"/{call.bucket_name}"})


async def head_bucket(call: S3Call) -> Response:
    call.bucket()
    return Response()


async def bucket_location(call: S3Call) -> Response:
    return xml.document("LocationConstraint", call.bucket().location)


async def delete_bucket(call: S3Call) -> Response:
    await call.buckets.delete(call.bucket_name)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def list_objects_v2(call: S3Call) -> Response:
    after = call.query.get("start-after", "")
    return await _list(call, "continuation-token", after, _second_version)


async def list_objects(call: S3Call) -> Response:
    """The first version: the marker is the last key of the page before."""
    return await _list(call, "", call.query.get("marker", ""), _first_version)


async def _list(call: S3Call, token: str, after: str, form: Callable[[S3Call, str, int], list[xml.Node]]) -> Response:
    bucket, limit = call.bucket(), call.integer("max-keys", MOST_A_PAGE, MOST_A_PAGE)
    encoded = _encoder(call)
    found = None
    if limit:
        found = await call.cloud.runtime.r2.list(
            bucket.name,
            jurisdiction=bucket.jurisdiction,
            prefix=call.query.get("prefix", ""),
            delimiter=call.query.get("delimiter") or None,
            start_after=after or None,
            limit=limit,
            cursor=call.query.get(token) or None,
            metadata=False,
        )
    objects = found.objects if found else ()
    prefixes = found.delimited_prefixes if found else ()
    cursor = (found.cursor if found else None) or ""
    nodes: list[xml.Node] = [
        ("Name", bucket.name),
        ("Prefix", encoded(call.query.get("prefix", ""))),
        ("MaxKeys", limit),
        ("IsTruncated", bool(cursor)),
        *[(name, encoded(value)) for name, value in (("Delimiter", call.query.get("delimiter")),) if value],
        *[("EncodingType", "url") for _ in (1,) if call.query.get("encoding-type")],
        *form(call, cursor, len(objects) + len(prefixes)),
        *[("Contents", _contents(classed(call.cloud, bucket, item), encoded)) for item in objects],
        *[("CommonPrefixes", [("Prefix", encoded(prefix))]) for prefix in prefixes],
    ]
    return xml.document("ListBucketResult", nodes)


def _second_version(call: S3Call, cursor: str, count: int) -> list[xml.Node]:
    told = {
        "ContinuationToken": call.query.get("continuation-token"),
        "StartAfter": _encoder(call)(call.query.get("start-after", "")),
        "NextContinuationToken": cursor,
    }
    return [("KeyCount", count), *[(name, value) for name, value in told.items() if value]]


def _first_version(call: S3Call, cursor: str, _count: int) -> list[xml.Node]:
    """The runtime's cursor is the last key of a page, of a whole prefix too."""
    marker = _encoder(call)(base64.b64decode(cursor).decode())
    return [("Marker", _encoder(call)(call.query.get("marker", ""))), *[("NextMarker", marker) for _ in (1,) if cursor]]


def _contents(item: R2Object, encoded: Callable[[str], str]) -> list[xml.Node]:
    return [
        ("Key", encoded(item.key)),
        ("Size", item.size),
        ("LastModified", milliseconds(item.uploaded)),
        ("ETag", f'"{item.etag}"'),
        ("StorageClass", IN_S3[item.storage_class]),
    ]


async def delete_objects(call: S3Call) -> Response:
    """Up to 1,000 keys; one that is not there counts as deleted."""
    bucket = call.bucket()
    root = xml.parse(await call.document(), "Delete")
    keys = [element.findtext("Key") or "" for element in root.findall("Object")]
    if not 1 <= len(keys) <= _BY_KEYS or not all(keys):
        raise errors.malformed_xml()
    await call.cloud.runtime.r2.delete(bucket.name, keys, jurisdiction=bucket.jurisdiction)
    quiet = root.findtext("Quiet") == "true"
    return xml.document("DeleteResult", [] if quiet else [("Deleted", [("Key", key)]) for key in keys])


def _encoder(call: S3Call) -> Callable[[str], str]:
    wanted: Any = call.query.get("encoding-type")
    if wanted not in (None, "url"):
        raise errors.invalid_argument("Invalid Encoding Method specified in Request")
    return (lambda text: quote(text, safe="/~")) if wanted else str


def milliseconds(moment: str) -> str:
    """S3's form of a moment: RFC 3339 with three digits."""
    return f"{moment[:19]}{(moment[19:].rstrip('Z') + '000')[:4] if '.' in moment else '.000'}Z"
