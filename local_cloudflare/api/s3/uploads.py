"""Multipart uploads. The runtime keeps the parts; which uploads and parts there are is kept beside the buckets.

As on R2 every part but the last has one length, at least 5 MiB. An upload that a Worker began is not listed here.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from local_cloudflare.api.r2.models import Bucket, bucket_id
from local_cloudflare.api.r2.storage_classes import keep
from local_cloudflare.api.s3 import errors, xml
from local_cloudflare.api.s3.buckets import MOST_A_PAGE, milliseconds
from local_cloudflare.api.s3.objects import given, read_source, storage_class_of
from local_cloudflare.api.s3.request import S3Call
from local_cloudflare.runtime.r2 import Md5

KIND = "r2_upload"
_PART = "r2_part"
_MOST_PARTS = 10_000


async def create_upload(call: S3Call) -> Response:
    bucket = call.bucket()
    await call.document()
    http, custom = given(call)
    storage_class = storage_class_of(call)
    id = await call.cloud.runtime.r2.create_upload(
        bucket.name, call.key, jurisdiction=bucket.jurisdiction, http_metadata=http, custom_metadata=custom
    )
    about = {"id": id, "key": call.key, "initiated": call.cloud.now(), "storage_class": storage_class}
    call.cloud.store.put(KIND, _id(bucket, id), about)
    return xml.document("InitiateMultipartUploadResult", [("Bucket", bucket.name), ("Key", call.key), ("UploadId", id)])


async def upload_part(call: S3Call) -> Response:
    if "x-amz-copy-source" in call.headers:
        return await _copy_part(call)
    etag = await _put_part(call, call.payload, call.payload.size)
    return Response(headers={"etag": f'"{etag}"'})


async def _copy_part(call: S3Call) -> Response:
    source = await read_source(call, call.headers.get("x-amz-copy-source-range"))
    part = source.object.range
    etag = await _put_part(call, source.chunks, part.length if part else source.object.size)
    now = milliseconds(call.cloud.now())
    return xml.document("CopyPartResult", [("ETag", f'"{etag}"'), ("LastModified", now)])


async def _put_part(call: S3Call, body: Any, size: int) -> str:
    bucket, number = call.bucket(), call.integer("partNumber", 0, _MOST_PARTS + 1)
    if not 1 <= number <= _MOST_PARTS:
        raise errors.invalid_argument("Part number must be an integer between 1 and 10000, inclusive")
    id = _upload(call, bucket)
    content = Md5(body)
    mark = await call.cloud.runtime.r2.upload_part(
        bucket.name, call.key, id, number, content, size, jurisdiction=bucket.jurisdiction
    )
    part = {"number": number, "size": size, "etag": content.hexdigest(), "mark": mark, "written": call.cloud.now()}
    call.cloud.store.put(_PART, f"{_id(bucket, id)}/{number:05}", part)
    return content.hexdigest()


async def list_parts(call: S3Call) -> Response:
    bucket = call.bucket()
    id = _upload(call, bucket)
    after, limit = (
        call.integer("part-number-marker", 0, _MOST_PARTS),
        call.integer("max-parts", MOST_A_PAGE, MOST_A_PAGE),
    )
    left = [part for part in _parts(call, bucket, id) if part["number"] > after]
    shown = left[:limit]
    nodes: list[xml.Node] = [
        ("Bucket", bucket.name),
        ("Key", call.key),
        ("UploadId", id),
        ("PartNumberMarker", after),
        *[("NextPartNumberMarker", shown[-1]["number"]) for _ in (1,) if shown],
        ("MaxParts", limit),
        ("IsTruncated", len(left) > len(shown)),
        *[
            (
                "Part",
                [
                    ("PartNumber", part["number"]),
                    ("LastModified", milliseconds(part["written"])),
                    ("ETag", f'"{part["etag"]}"'),
                    ("Size", part["size"]),
                ],
            )
            for part in shown
        ],
    ]
    return xml.document("ListPartsResult", nodes)


async def list_uploads(call: S3Call) -> Response:
    bucket, prefix = call.bucket(), call.query.get("prefix", "")
    found = call.cloud.store.all(KIND, id_prefix=f"{bucket_id(bucket.name, bucket.jurisdiction)}/")
    uploads: list[xml.Node] = [
        ("Upload", [("Key", each["key"]), ("UploadId", each["id"]), ("Initiated", milliseconds(each["initiated"]))])
        for each in sorted(found, key=lambda each: (each["key"], each["initiated"]))
        if each["key"].startswith(prefix)
    ]
    head: list[xml.Node] = [("Bucket", bucket.name), ("Prefix", prefix), ("IsTruncated", False)]
    return xml.document("ListMultipartUploadsResult", [*head, *uploads])


async def complete_upload(call: S3Call) -> Response:
    bucket = call.bucket()
    id = _upload(call, bucket)
    root = xml.parse(await call.document(), "CompleteMultipartUpload")
    kept = {part["number"]: part for part in _parts(call, bucket, id)}
    wanted = [(part.findtext("PartNumber") or "", part.findtext("ETag") or "") for part in root.findall("Part")]
    if not wanted or not all(number.isascii() and number.isdigit() for number, _ in wanted):
        raise errors.malformed_xml()
    numbers = [int(number) for number, _ in wanted]
    if numbers != sorted(set(numbers)):
        raise errors.S3Error(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
    for number, (_, etag) in zip(numbers, wanted, strict=True):
        if number not in kept or kept[number]["etag"] != etag.strip('"'):
            raise errors.invalid_part()
    written = await call.cloud.runtime.r2.complete_upload(
        bucket.name,
        call.key,
        id,
        [(number, kept[number]["mark"]) for number in numbers],
        jurisdiction=bucket.jurisdiction,
    )
    begun = call.cloud.store.get(KIND, _id(bucket, id)) or {}
    keep(call.cloud, bucket, written, begun.get("storage_class", bucket.storage_class))
    _forget(call, bucket, id)
    return xml.document(
        "CompleteMultipartUploadResult",
        [("Bucket", bucket.name), ("Key", call.key), ("ETag", f'"{written.etag}"')],
    )


async def abort_upload(call: S3Call) -> Response:
    bucket = call.bucket()
    id = _upload(call, bucket)
    await call.cloud.runtime.r2.abort_upload(bucket.name, call.key, id, jurisdiction=bucket.jurisdiction)
    _forget(call, bucket, id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _upload(call: S3Call, bucket: Bucket) -> str:
    """The id of the call's upload, which is not complete yet. Raises S3Error where there is none of this key."""
    id = call.query["uploadId"]
    found = call.cloud.store.get(KIND, _id(bucket, id))
    if found is None or found["key"] != call.key:
        raise errors.no_such_upload()
    return id


def _parts(call: S3Call, bucket: Bucket, id: str) -> list[dict[str, Any]]:
    found = call.cloud.store.all(_PART, id_prefix=f"{_id(bucket, id)}/")
    return sorted(found, key=lambda part: part["number"])


def _forget(call: S3Call, bucket: Bucket, id: str) -> None:
    store = call.cloud.store
    with store.transaction():
        for part in _parts(call, bucket, id):
            store.delete(_PART, f"{_id(bucket, id)}/{part['number']:05}")
        store.delete(KIND, _id(bucket, id))


def _id(bucket: Bucket, upload_id: str) -> str:
    return f"{bucket_id(bucket.name, bucket.jurisdiction)}/{upload_id}"
