"""R2's S3 API, with boto3 as the client: the same buckets and objects as over the REST API and in Workers."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.s3_client import S3Keys, keys_of, s3_client

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from botocore.exceptions import ClientError

BUCKET = "efh-pages"
PART = 5 * 2**20
ODD_KEYS = [
    "a/../b", "..", "/leading", "trailing/", "a//b", "a b+c&d=e?f#g%h", "line\u2028\u2029\u0085end", "e\u0301 \u00e9 ☃",
    "tab\there", "new\nline", "quote'\"<>&", "x" * 1024, "~._-", "%2F", "back\\slash", ".", "\u202egnp.exe",
]  # fmt: skip


@pytest.fixture
def keys(cloudflare_api: LocalCloudflare) -> S3Keys:
    return keys_of(cloudflare_api)


@pytest.fixture
def s3(cloudflare_api: LocalCloudflare, keys: S3Keys) -> Iterator[Any]:
    """On an account with one empty bucket."""
    client = s3_client(cloudflare_api, keys)
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


def refused(call: Any, **parameters: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def test_buckets_are_made_listed_and_deleted(s3: Any, cloudflare_api: LocalCloudflare) -> None:
    s3.create_bucket(Bucket="efh-other", CreateBucketConfiguration={"LocationConstraint": "auto"})

    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["efh-other", BUCKET]
    s3.head_bucket(Bucket="efh-other")
    assert s3.get_bucket_location(Bucket="efh-other")["LocationConstraint"] == "WNAM"
    s3.delete_bucket(Bucket="efh-other")
    listed = cloudflare_api.call("GET", "/r2/buckets").json()["result"]["buckets"]
    assert [bucket["name"] for bucket in listed] == [BUCKET]


def test_an_object_has_the_metadata_that_it_was_given(s3: Any, cloudflare_api: LocalCloudflare) -> None:
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    s3.put_object(
        Bucket=BUCKET,
        Key="page",
        Body=b"<h1>Hello</h1>",
        ContentType="text/html",
        ContentDisposition="attachment; filename=a.html",
        ContentEncoding="br",
        ContentLanguage="de",
        CacheControl="max-age=60",
        Expires=expires,
        Metadata={"by": "Ada", "words": "=?UTF-8?B?4piDIHNub3c=?="},
    )

    found = s3.get_object(Bucket=BUCKET, Key="page")
    assert found["Body"].read() == b"<h1>Hello</h1>"
    head = s3.head_object(Bucket=BUCKET, Key="page")
    for answer in (found, head):
        assert answer["ETag"] == f'"{hashlib.md5(b"<h1>Hello</h1>", usedforsecurity=False).hexdigest()}"'
        told = [answer[f"Content{name}"] for name in ("Type", "Disposition", "Encoding", "Language", "Length")]
        assert told == ["text/html", "attachment; filename=a.html", "br", "de", 14]
        assert (answer["CacheControl"], answer["ExpiresString"]) == ("max-age=60", "Wed, 02 Jan 2030 03:04:05 GMT")
        assert answer["Metadata"] == {"by": "Ada", "words": "=?UTF-8?B?4piDIHNub3c=?="}
    (listed,) = cloudflare_api.call("GET", f"/r2/buckets/{BUCKET}/objects").json()["result"]
    assert listed["custom_metadata"] == {"by": "Ada", "words": "☃ snow"}
    assert listed["http_metadata"] == {
        "contentType": "text/html",
        "contentDisposition": "attachment; filename=a.html",
        "contentEncoding": "br",
        "contentLanguage": "de",
        "cacheControl": "max-age=60",
        "cacheExpiry": "2030-01-02T03:04:05.000Z",
    }


def test_any_key_is_a_key(s3: Any) -> None:
    for key in ODD_KEYS:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())

    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert listed == sorted(ODD_KEYS, key=str.encode)
    for key in ODD_KEYS:
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == key.encode()
    deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in ODD_KEYS[:9]]})
    assert [each["Key"] for each in deleted["Deleted"]] == ODD_KEYS[:9]
    for key in ODD_KEYS[9:]:
        s3.delete_object(Bucket=BUCKET, Key=key)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert refused(s3.put_object, Bucket=BUCKET, Key="x" * 1025, Body=b"")[:2] == (400, "InvalidObjectName")


@pytest.mark.parametrize("version", ["list_objects_v2", "list_objects"])
def test_objects_are_listed_by_page_and_by_folder(s3: Any, version: str) -> None:
    names = [f"{folder}/{number}" for folder in ("a", "b", "c") for number in range(3)] + ["top", "über"]
    for name in names:
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"x")

    def pages(**options: Any) -> list[dict[str, Any]]:
        return list(s3.get_paginator(version).paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2}, **options))

    found = pages()
    assert [item["Key"] for page in found for item in page["Contents"]] == names
    assert len(found) == 6
    folders = pages(Delimiter="/")
    prefixes = [each["Prefix"] for page in folders for each in page.get("CommonPrefixes", [])]
    assert prefixes == ["a/", "b/", "c/"]
    assert [item["Key"] for page in folders for item in page.get("Contents", [])] == ["top", "über"]
    below = [item["Key"] for page in pages(Prefix="b/") for item in page["Contents"]]
    assert below == ["b/0", "b/1", "b/2"]


def test_parts_of_an_object_are_read(s3: Any) -> None:
    content = bytes(range(256))
    s3.put_object(Bucket=BUCKET, Key="bytes", Body=content)

    for header, part in {"bytes=10-19": content[10:20], "bytes=250-": content[250:], "bytes=-6": content[-6:]}.items():
        found = s3.get_object(Bucket=BUCKET, Key="bytes", Range=header)
        assert (found["ResponseMetadata"]["HTTPStatusCode"], found["Body"].read()) == (206, part)
        assert found["ContentRange"].endswith("/256")


def test_reads_and_writes_on_conditions(s3: Any) -> None:
    etag = s3.put_object(Bucket=BUCKET, Key="one", Body=b"1", IfNoneMatch="*")["ETag"]
    now = datetime.now(UTC)

    assert refused(s3.put_object, Bucket=BUCKET, Key="one", Body=b"2", IfNoneMatch="*")[:2] == (
        412,
        "PreconditionFailed",
    )
    assert refused(s3.put_object, Bucket=BUCKET, Key="one", Body=b"2", IfMatch='"other"')[0] == 412
    for call in (s3.get_object, s3.head_object):
        assert refused(call, Bucket=BUCKET, Key="one", IfNoneMatch=etag)[0] == 304
        assert refused(call, Bucket=BUCKET, Key="one", IfMatch='"other"')[0] == 412
        assert refused(call, Bucket=BUCKET, Key="one", IfModifiedSince=now + timedelta(hours=1))[0] == 304
        assert refused(call, Bucket=BUCKET, Key="one", IfUnmodifiedSince=now - timedelta(hours=1))[0] == 412
        call(Bucket=BUCKET, Key="one", IfMatch=etag, IfModifiedSince=now - timedelta(hours=1))
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"2", IfMatch=etag)
    assert s3.get_object(Bucket=BUCKET, Key="one")["Body"].read() == b"2"


def test_an_object_is_copied_with_its_metadata_or_with_new_one(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a ☃", Body=b"1", ContentType="text/plain", Metadata={"by": "Ada"})
    source = {"Bucket": BUCKET, "Key": "a ☃"}

    s3.copy_object(Bucket=BUCKET, Key="same", CopySource=source)
    s3.copy_object(Bucket=BUCKET, Key="new", CopySource=source, MetadataDirective="REPLACE", Metadata={"by": "Bob"})

    assert s3.head_object(Bucket=BUCKET, Key="same")["Metadata"] == {"by": "Ada"}
    assert s3.head_object(Bucket=BUCKET, Key="new")["Metadata"] == {"by": "Bob"}
    assert s3.get_object(Bucket=BUCKET, Key="new")["Body"].read() == b"1"
    failed = refused(s3.copy_object, Bucket=BUCKET, Key="c", CopySource=source, CopySourceIfMatch='"other"')
    assert failed[:2] == (412, "PreconditionFailed")


def test_an_object_goes_up_in_parts(s3: Any) -> None:
    content = bytes(range(256)) * (11 * 2**20 // 256)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)

    s3.upload_fileobj(io.BytesIO(content), BUCKET, "large", {"Metadata": {"by": "Ada"}}, Config=config)

    sums = [hashlib.md5(content[at : at + PART], usedforsecurity=False).digest() for at in range(0, len(content), PART)]
    head = s3.head_object(Bucket=BUCKET, Key="large")
    assert head["ETag"] == f'"{hashlib.md5(b"".join(sums), usedforsecurity=False).hexdigest()}-3"'
    assert (head["ContentLength"], head["Metadata"]) == (len(content), {"by": "Ada"})
    target = io.BytesIO()
    s3.download_fileobj(BUCKET, "large", target, Config=config)
    assert target.getvalue() == content
    across = s3.get_object(Bucket=BUCKET, Key="large", Range=f"bytes={PART - 2}-{PART + 1}")["Body"].read()
    assert across == content[PART - 2 : PART + 2]


def test_an_upload_in_parts_is_listed_and_taken_back(s3: Any) -> None:
    id = s3.create_multipart_upload(Bucket=BUCKET, Key="large")["UploadId"]
    etags = [
        s3.upload_part(Bucket=BUCKET, Key="large", UploadId=id, PartNumber=number, Body=b"x" * number)["ETag"]
        for number in (1, 2, 3)
    ]

    assert [each["UploadId"] for each in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == [id]
    first = s3.list_parts(Bucket=BUCKET, Key="large", UploadId=id, MaxParts=2)
    rest = s3.list_parts(Bucket=BUCKET, Key="large", UploadId=id, PartNumberMarker=first["NextPartNumberMarker"])
    parts = [(part["PartNumber"], part["ETag"], part["Size"]) for part in [*first["Parts"], *rest["Parts"]]]
    assert parts == list(zip((1, 2, 3), etags, (1, 2, 3), strict=True))

    def complete(*parts: tuple[int, str]) -> tuple[int, str, str]:
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        upload = {"Bucket": BUCKET, "Key": "large", "UploadId": id}
        return refused(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": listed})

    assert complete((1, etags[0]), (2, etags[1]))[1] == "EntityTooSmall"
    assert complete((1, etags[1]))[1] == "InvalidPart"
    assert complete((2, etags[1]), (1, etags[0]))[1] == "InvalidPartOrder"
    s3.abort_multipart_upload(Bucket=BUCKET, Key="large", UploadId=id)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
    assert refused(s3.list_parts, Bucket=BUCKET, Key="large", UploadId=id)[:2] == (404, "NoSuchUpload")
    assert complete((1, etags[0]))[:2] == (404, "NoSuchUpload")


def test_parts_must_have_one_length(s3: Any) -> None:
    """As R2 has it, other than S3."""
    upload = {"Bucket": BUCKET, "Key": "large"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    parts = []
    for number, size in enumerate((PART, PART + 1, 1), 1):
        etag = s3.upload_part(**upload, PartNumber=number, Body=b"x" * size)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})

    failed = refused(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts})
    assert failed == (400, "InvalidPart", "All non-trailing parts must have the same length.")


def test_each_jurisdiction_has_an_endpoint_of_its_own(cloudflare_api: LocalCloudflare, s3: Any, keys: S3Keys) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"here")
    eu = s3_client(cloudflare_api, keys, jurisdiction="eu")

    assert refused(eu.get_object, Bucket=BUCKET, Key="a")[:2] == (404, "NoSuchBucket")
    eu.create_bucket(Bucket=BUCKET)
    assert refused(eu.get_object, Bucket=BUCKET, Key="a")[:2] == (404, "NoSuchKey")
    cloudflare_api.local("PATCH", "/account", {"r2Enabled": False})
    assert refused(eu.list_buckets)[1] == "NotEntitled"


@pytest.mark.parametrize("checksum", ["CRC32", "SHA1", "SHA256"])
def test_a_wrong_checksum_leaves_nothing(s3: Any, checksum: str) -> None:
    wrong = {"Bucket": BUCKET, "Key": "a", "Body": b"x" * 100_000, f"Checksum{checksum}": "AAAAAA=="}
    assert refused(s3.put_object, **wrong)[:2] == (400, "BadDigest")
    assert refused(s3.put_object, Bucket=BUCKET, Key="a", Body=b"x", ContentMD5="A" * 22 + "==")[1] == "BadDigest"
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_an_object_has_a_storage_class(s3: Any, cloudflare_api: LocalCloudflare) -> None:
    cold = {"Bucket": BUCKET, "StorageClass": "STANDARD_IA"}
    s3.put_object(Key="cold", Body=b"1", **cold)
    s3.put_object(Key="warm", Body=b"2", Bucket=BUCKET)
    s3.copy_object(Key="copied", CopySource={"Bucket": BUCKET, "Key": "warm"}, **cold)
    upload = s3.create_multipart_upload(Key="parts", **cold)["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=1, Body=b"3")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload=parts)
    rest = {"cf-r2-storage-class": "InfrequentAccess"}
    cloudflare_api.call("PUT", f"/r2/buckets/{BUCKET}/objects/rest", content=b"4", headers=rest).raise_for_status()

    listed = {each["Key"]: each["StorageClass"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert listed == {**dict.fromkeys(("cold", "copied", "parts", "rest"), "STANDARD_IA"), "warm": "STANDARD"}
    objects = cloudflare_api.call("GET", f"/r2/buckets/{BUCKET}/objects").json()["result"]
    assert [each["key"] for each in objects if each["storage_class"] == "Standard"] == ["warm"]
    assert s3.head_object(Bucket=BUCKET, Key="cold")["StorageClass"] == "STANDARD_IA"
    assert "StorageClass" not in s3.get_object(Bucket=BUCKET, Key="warm")
    s3.put_object(Key="cold", Body=b"5", Bucket=BUCKET)
    assert "StorageClass" not in s3.head_object(Bucket=BUCKET, Key="cold")


def test_what_r2_does_not_have_is_refused(s3: Any) -> None:
    assert refused(s3.get_bucket_acl, Bucket=BUCKET)[:2] == (501, "NotImplemented")
    assert refused(s3.put_object, Bucket=BUCKET, Key="a", Body=b"", Tagging="a=b") == (
        501,
        "NotImplemented",
        "Header 'x-amz-tagging' with value 'a=b' not implemented",
    )
    assert refused(s3.put_object, Bucket=BUCKET, Key="a", Body=b"", StorageClass="GLACIER")[1] == "InvalidStorageClass"


def test_who_may_not_is_refused(s3: Any, cloudflare_api: LocalCloudflare, keys: S3Keys) -> None:
    def client(**changed: str) -> Any:
        return s3_client(cloudflare_api, S3Keys(**{**vars(keys), **changed}))

    listing = {"Bucket": BUCKET}
    assert refused(client(secret="0" * 64).list_objects_v2, **listing)[:2] == (403, "SignatureDoesNotMatch")
    assert refused(client(id="0" * 32).list_objects_v2, **listing)[:2] == (401, "Unauthorized")
    short = refused(client(id="short").list_objects_v2, **listing)
    assert short == (400, "InvalidArgument", "Credential access key has length 5, should be 32")
    reader = s3_client(cloudflare_api, minted(cloudflare_api, "Workers R2 Storage Read"))
    assert reader.list_objects_v2(**listing)["KeyCount"] == 0
    assert refused(reader.put_object, Bucket=BUCKET, Key="a", Body=b"")[:2] == (403, "AccessDenied")
    other = s3_client(cloudflare_api, minted(cloudflare_api, "Workers KV Storage Write"))
    assert refused(other.list_objects_v2, **listing)[:2] == (403, "AccessDenied")
    disabled = s3_client(cloudflare_api, minted(cloudflare_api, "Workers R2 Storage Read", status="disabled"))
    assert refused(disabled.list_objects_v2, **listing)[0] == 401
    west = s3_client(cloudflare_api, keys, region="eu-west-1")
    assert refused(west.list_objects_v2, **listing)[1] == "InvalidRegionName"
    assert httpx.get(f"{cloudflare_api.s3_url}/{BUCKET}").status_code == 400


def test_nothing_of_a_request_can_be_changed_after_it_was_signed(s3: Any) -> None:
    url = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "a", "ContentType": "text/plain"})

    assert httpx.put(url, content=b"x", headers={"content-type": "text/html"}).status_code == 403
    assert httpx.put(url.replace("/a?", "/b?"), content=b"x", headers={"content-type": "text/plain"}).status_code == 403
    assert httpx.put(f"{url}&uploads", content=b"x", headers={"content-type": "text/plain"}).status_code == 403
    meta = {"content-type": "text/plain", "x-amz-meta-by": "Eve"}
    assert httpx.put(url, content=b"x", headers=meta).status_code == 403
    assert httpx.put(url, content=b"x", headers={"content-type": "text/plain"}).status_code == 200
    read = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "a"}, ExpiresIn=60)
    assert httpx.get(read).content == b"x"
    old = read.replace("X-Amz-Expires=60", "X-Amz-Expires=6000000")
    assert httpx.get(old).status_code == 400


@pytest.mark.parametrize("signed", [True, False])
def test_a_body_may_be_signed_or_not(s3: Any, cloudflare_api: LocalCloudflare, keys: S3Keys, signed: bool) -> None:
    client = s3_client(cloudflare_api, keys, config=Config(s3={"payload_signing_enabled": signed}))

    client.put_object(Bucket=BUCKET, Key="stream", Body=io.BytesIO(b"y" * 200_000))

    assert s3.get_object(Bucket=BUCKET, Key="stream")["Body"].read() == b"y" * 200_000


def minted(server: LocalCloudflare, permission: str, status: str = "active") -> S3Keys:
    body = {"permissions": [permission], "status": status}
    token = server.local("POST", "/tokens", body)
    return S3Keys(id=token["id"], secret=hashlib.sha256(token["value"].encode()).hexdigest())
