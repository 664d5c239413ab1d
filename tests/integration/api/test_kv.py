"""Workers KV over the REST API, with the official SDK as the client."""

from __future__ import annotations

import cloudflare
import pytest
from cloudflare import Cloudflare
from cloudflare.types.kv.namespace_bulk_update_params import Body

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import create_namespace


@pytest.fixture
def namespace(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> str:
    return create_namespace(sdk, cloudflare_api.account_id, "LOGS").id


def test_a_namespace_is_created_renamed_and_deleted(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    created = create_namespace(sdk, account, "REGISTRY")
    assert (created.title, created.supports_url_encoding, len(created.id)) == ("REGISTRY", True, 32)

    renamed = sdk.kv.namespaces.update(created.id, account_id=account, title="REGISTRY2")
    assert renamed is not None
    assert (renamed.id, renamed.title) == (created.id, "REGISTRY2")
    assert sdk.kv.namespaces.get(created.id, account_id=account) == renamed

    sdk.kv.namespaces.delete(created.id, account_id=account)
    with pytest.raises(cloudflare.NotFoundError) as error:
        sdk.kv.namespaces.get(created.id, account_id=account)
    assert error.value.errors[0].code == 10013


def test_namespaces_are_listed_by_page_in_the_order_asked_for(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    for number in range(12):
        sdk.kv.namespaces.create(account_id=account, title=f"N{number:02}")
    titles = [f"N{number:02}" for number in range(12)]

    listed = sdk.kv.namespaces.list(account_id=account, order="title", direction="desc", per_page=5)
    assert [namespace.title for namespace in listed] == titles[::-1]

    last = cloudflare_api.call("GET", "/storage/kv/namespaces?per_page=5&page=3").json()
    assert [namespace["title"] for namespace in last["result"]] == titles[10:]
    assert last["result_info"] == {"page": 3, "per_page": 5, "count": 2, "total_count": 12, "total_pages": 3}
    assert cloudflare_api.call("GET", "/storage/kv/namespaces?per_page=5&page=4").json()["result"] == []


@pytest.mark.parametrize("key", ["plain", "a/b", "with space", "ü?&#%", "a%2Fb"], ids=repr)
def test_a_value_comes_back_as_it_was_put_whatever_its_key(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, namespace: str, key: str
) -> None:
    account = cloudflare_api.account_id
    value = bytes(range(256))
    sdk.kv.namespaces.values.update(key, account_id=account, namespace_id=namespace, value=value)
    found = sdk.kv.namespaces.values.get(key, account_id=account, namespace_id=namespace)
    assert found.read() == value
    sdk.kv.namespaces.values.delete(key, account_id=account, namespace_id=namespace)
    assert sdk.kv.namespaces.keys.list(namespace, account_id=account).result == []


def test_a_value_has_metadata_and_an_expiration(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, namespace: str
) -> None:
    account = cloudflare_api.account_id
    sdk.kv.namespaces.values.update(
        "lead", account_id=account, namespace_id=namespace, value=b"{}", metadata={"from": "mail"}, expiration_ttl=3600
    )
    assert sdk.kv.namespaces.metadata.get("lead", account_id=account, namespace_id=namespace) == {"from": "mail"}
    (key,) = sdk.kv.namespaces.keys.list(namespace, account_id=account).result
    assert (key.name, key.metadata) == ("lead", {"from": "mail"})
    assert key.expiration is not None


def test_keys_are_listed_by_cursor_and_prefix(sdk: Cloudflare, cloudflare_api: LocalCloudflare, namespace: str) -> None:
    account = cloudflare_api.account_id
    names = [f"key-{number:02}" for number in range(25)]
    body: list[Body] = [{"key": name, "value": "x"} for name in [*names, "other"]]
    done = sdk.kv.namespaces.bulk_update(namespace, account_id=account, body=body)
    assert done is not None
    assert done.successful_key_count == 26

    listed = sdk.kv.namespaces.keys.list(namespace, account_id=account, prefix="key-", limit=10)
    assert [key.name for key in listed] == names


def test_values_are_put_read_and_deleted_in_bulk(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, namespace: str
) -> None:
    account = cloudflare_api.account_id
    body: list[Body] = [{"key": "text", "value": "one"}, {"key": "bytes", "value": "AP8=", "base64": True}]
    sdk.kv.namespaces.bulk_update(namespace, account_id=account, body=body)
    assert sdk.kv.namespaces.values.get("bytes", account_id=account, namespace_id=namespace).read() == b"\x00\xff"

    found = sdk.kv.namespaces.bulk_get(namespace, account_id=account, keys=["text", "absent"])
    assert found is not None
    assert found.values == {"text": "one", "absent": None}

    sdk.kv.namespaces.bulk_delete(namespace, account_id=account, body=["text", "bytes"])
    assert sdk.kv.namespaces.keys.list(namespace, account_id=account).result == []


def test_a_bound_namespace_is_not_deleted(sdk: Cloudflare, cloudflare_api: LocalCloudflare, namespace: str) -> None:
    account = cloudflare_api.account_id
    sdk.workers.scripts.update(
        "agent",
        account_id=account,
        metadata={
            "main_module": "w.js",
            "bindings": [{"type": "kv_namespace", "name": "LOGS", "namespace_id": namespace}],
        },
        files=[("w.js", b"export default { fetch() {} };", "application/javascript+module")],
    )
    with pytest.raises(cloudflare.BadRequestError) as error:
        sdk.kv.namespaces.delete(namespace, account_id=account)
    assert (error.value.errors[0].code, error.value.errors[0].message) == (
        10052,
        "remove namespace: 'namespace has associated scripts: agent'",
    )
    sdk.workers.scripts.delete("agent", account_id=account)
    sdk.kv.namespaces.delete(namespace, account_id=account)


LONG = "k" * 513
REFUSALS = [
    ("POST", "", {"title": "LOGS"}, 400, 10014, "a namespace with this account ID and title already exists"),
    ("POST", "", {"title": ""}, 400, 10019, "missing title"),
    ("POST", "", {"title": "x" * 513}, 400, 10030, "title length limit exceeded: at most 512 bytes"),
    ("PUT", "/absent", {"title": "A"}, 404, 10013, "rename namespace: 'namespace not found'"),
    ("DELETE", "/absent", None, 404, 10013, "remove namespace: 'namespace not found'"),
    ("GET", "/absent/keys", None, 404, 10013, "list keys: 'namespace not found'"),
    ("GET", "/{id}/values/absent", None, 404, 10009, "get: 'key not found'"),
    ("PUT", "/{id}/values/" + LONG, None, 414, 10033, "UTF-8 encoded length of 513 exceeds key length limit of 512."),
    ("GET", "/{id}/keys?limit=5", None, 400, 10028, "malformed limit argument"),
    ("GET", "?page=0", None, 400, 10007, "malformed page argument"),
    (
        "PUT",
        "/{id}/values/a?expiration_ttl=1",
        None,
        400,
        10029,
        "put: 'Invalid expiration_ttl. Expiration times must be at least 60 seconds in the future.'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "message"), REFUSALS)
def test_what_the_real_service_refuses_is_refused_in_its_words(
    cloudflare_api: LocalCloudflare,
    namespace: str,
    method: str,
    path: str,
    body: object,
    status: int,
    code: int,
    message: str,
) -> None:
    answer = cloudflare_api.call(method, f"/storage/kv/namespaces{path.format(id=namespace)}", json=body)
    assert answer.status_code == status
    assert answer.json()["errors"] == [{"code": code, "message": message}]


def test_a_value_larger_than_25_mib_is_refused(cloudflare_api: LocalCloudflare, namespace: str) -> None:
    content = b"x" * (25 * 1024 * 1024 + 1)
    answer = cloudflare_api.call("PUT", f"/storage/kv/namespaces/{namespace}/values/big", content=content)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, 10024)
