"""R2 over the REST API, with the official SDK as the client."""

from __future__ import annotations

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare


@pytest.fixture
def bucket(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> str:
    sdk.r2.buckets.create(account_id=cloudflare_api.account_id, name="efh-pages")
    return "efh-pages"


def test_a_bucket_is_created_edited_and_deleted(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    created = sdk.r2.buckets.create(
        account_id=account, name="efh-private", location_hint="weur", storage_class="Standard", cf_r2_jurisdiction="eu"
    )
    assert (created.name, created.location, created.storage_class, created.jurisdiction) == (
        "efh-private",
        "WEUR",
        "Standard",
        "eu",
    )
    edited = sdk.r2.buckets.edit(
        "efh-private", account_id=account, storage_class="InfrequentAccess", cf_r2_jurisdiction="eu"
    )
    assert edited.storage_class == "InfrequentAccess"
    assert sdk.r2.buckets.get("efh-private", account_id=account, cf_r2_jurisdiction="eu") == edited
    sdk.r2.buckets.delete("efh-private", account_id=account, cf_r2_jurisdiction="eu")
    assert sdk.r2.buckets.list(account_id=account, cf_r2_jurisdiction="eu").buckets == []


def test_the_same_name_in_another_jurisdiction_is_another_bucket(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, bucket: str
) -> None:
    account = cloudflare_api.account_id
    with pytest.raises(cloudflare.NotFoundError):
        sdk.r2.buckets.get(bucket, account_id=account, cf_r2_jurisdiction="eu")
    sdk.r2.buckets.create(account_id=account, name=bucket, cf_r2_jurisdiction="eu")
    sdk.r2.buckets.objects.upload("a", account_id=account, bucket_name=bucket, body=b"here", cf_r2_jurisdiction="eu")
    assert sdk.r2.buckets.objects.list(bucket, account_id=account).result == []


def test_buckets_are_listed_by_cursor(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    names = [f"bucket-{number:02}" for number in range(7)]
    for name in reversed(names):
        sdk.r2.buckets.create(account_id=account, name=name)
    found: list[str] = []
    cursor = ""
    while True:
        page = cloudflare_api.call("GET", f"/r2/buckets?per_page=3&cursor={cursor}").json()
        found += [bucket["name"] for bucket in page["result"]["buckets"]]
        cursor = page["result_info"].get("cursor", "")
        if not cursor:
            break
    assert found == names
    some = sdk.r2.buckets.list(account_id=account, name_contains="-03").buckets or []
    assert [bucket.name for bucket in some] == ["bucket-03"]


def test_an_object_is_put_read_listed_and_deleted(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, bucket: str
) -> None:
    path = f"/r2/buckets/{bucket}/objects/pages/hello world.html"
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "max-age=60"}
    put = cloudflare_api.call("PUT", path, content=b"<h1>Hello</h1>", headers=headers).json()["result"]
    assert (put["key"], put["size"], put["storage_class"]) == ("pages/hello world.html", "14", "Standard")

    found = cloudflare_api.call("GET", path)
    assert found.content == b"<h1>Hello</h1>"
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["cache-control"] == "max-age=60"
    assert found.headers["etag"] == f'"{put["etag"]}"'
    head = cloudflare_api.call("HEAD", path)
    assert (head.content, head.headers["content-length"]) == (b"", "14")

    listed = sdk.r2.buckets.objects.list(bucket, account_id=cloudflare_api.account_id, prefix="pages/").result
    assert [(item.key, item.size, item.etag) for item in listed] == [("pages/hello world.html", 14, put["etag"])]

    sdk.r2.buckets.objects.delete("pages/hello world.html", account_id=cloudflare_api.account_id, bucket_name=bucket)
    assert cloudflare_api.call("GET", path).json()["errors"] == [
        {"code": 10007, "message": "The specified key does not exist."}
    ]


def test_the_sdk_reads_what_it_uploads(sdk: Cloudflare, cloudflare_api: LocalCloudflare, bucket: str) -> None:
    account, content = cloudflare_api.account_id, bytes(range(256)) * 4096
    sdk.r2.buckets.objects.upload("a/b", account_id=account, bucket_name=bucket, body=content)
    assert sdk.r2.buckets.objects.get("a/b", account_id=account, bucket_name=bucket).read() == content


def test_a_bucket_that_is_not_empty_is_not_deleted(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, bucket: str
) -> None:
    account = cloudflare_api.account_id
    sdk.r2.buckets.objects.upload("a", account_id=account, bucket_name=bucket, body=b"x")
    with pytest.raises(cloudflare.ConflictError) as error:
        sdk.r2.buckets.delete(bucket, account_id=account)
    assert (error.value.errors[0].code, error.value.errors[0].message) == (
        10008,
        f"The bucket you tried to delete ({bucket}) is not empty (account {account}).",
    )


REFUSALS = [
    ("POST", "", {"name": "efh-pages"}, 409, 10004),
    ("POST", "", {"name": "Efh_Pages"}, 400, 10005),
    ("POST", "", {"name": "ab"}, 400, 10005),
    ("POST", "", {"name": "efh-other", "locationHint": "moon"}, 400, 10062),
    ("GET", "/absent", None, 404, 10006),
    ("PATCH", "/absent", None, 404, 10006),
    ("DELETE", "/absent", None, 404, 10006),
    ("GET", "/absent/objects/a", None, 404, 10006),
    ("PATCH", "/efh-pages", None, 400, 10062),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), REFUSALS)
def test_what_the_real_service_refuses_is_refused(
    cloudflare_api: LocalCloudflare, bucket: str, method: str, path: str, body: object, status: int, code: int
) -> None:
    answer = cloudflare_api.call(method, f"/r2/buckets{path}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


@pytest.mark.parametrize("told", [True, False])
def test_an_object_above_300_mib_must_go_another_way(cloudflare_api: LocalCloudflare, bucket: str, told: bool) -> None:
    """Whether its length is told beforehand or not."""
    block = bytes(2**20)
    headers = {"content-length": str(301 * len(block))} if told else {}

    answer = cloudflare_api.call(
        "PUT", f"/r2/buckets/{bucket}/objects/a", content=(block for _ in range(301)), headers=headers
    )

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, 100100)
    assert cloudflare_api.call("GET", f"/r2/buckets/{bucket}/objects").json()["result"] == []


def test_an_account_that_has_not_switched_r2_on_is_told_so(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    cloudflare_api.local("PATCH", "/account", {"r2Enabled": False})
    with pytest.raises(cloudflare.PermissionDeniedError) as error:
        sdk.r2.buckets.list(account_id=cloudflare_api.account_id)
    assert error.value.errors[0].code == 10042


def test_how_a_bucket_is_set_up_is_kept_and_goes_with_it(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    buckets = sdk.r2.buckets
    buckets.create(account_id=account, name="set-up")
    before = buckets.lifecycle.get("set-up", account_id=account).rules or []
    assert [rule.id for rule in before] == ["Default Multipart Abort Rule"]
    with pytest.raises(cloudflare.NotFoundError):
        buckets.cors.get("set-up", account_id=account)

    buckets.domains.managed.update("set-up", account_id=account, enabled=True)
    buckets.domains.custom.create("set-up", account_id=account, domain="a.example.com", enabled=True, zone_id="0" * 32)
    buckets.cors.update(
        "set-up", account_id=account, rules=[{"allowed": {"methods": ["GET"], "origins": ["https://a.example.com"]}}]
    )
    buckets.lifecycle.update("set-up", account_id=account, rules=[])
    buckets.locks.update(
        "set-up", account_id=account, rules=[{"id": "hold", "enabled": True, "condition": {"type": "Indefinite"}}]
    )

    assert buckets.domains.managed.list("set-up", account_id=account).enabled
    (domain,) = buckets.domains.custom.list("set-up", account_id=account).domains
    assert (domain.domain, domain.enabled, domain.status.ownership) == ("a.example.com", True, "active")
    (cors,) = buckets.cors.get("set-up", account_id=account).rules or []
    assert cors.allowed.origins == ["https://a.example.com"]
    assert buckets.lifecycle.get("set-up", account_id=account).rules == []
    assert [each.id for each in buckets.locks.get("set-up", account_id=account).rules or []] == ["hold"]

    buckets.delete("set-up", account_id=account)
    buckets.create(account_id=account, name="set-up")
    assert not buckets.domains.managed.list("set-up", account_id=account).enabled
