"""Who may call what: the real API's answers to a missing token, a wrong one, and one that lacks a permission."""

from __future__ import annotations

import httpx
import pytest
from cloudflare import Cloudflare

from local_cloudflare.api.app import ROUTES
from local_cloudflare.api.auth import (
    ACCOUNT_READ,
    D1_READ,
    D1_WRITE,
    KV_READ,
    KV_WRITE,
    PERMISSIONS,
    R2_READ,
    R2_WRITE,
    WORKERS_READ,
    WORKERS_WRITE,
)
from tests.support.local_cloudflare import LocalCloudflare

UNKNOWN = "Bearer " + "x" * 40
OTHER = "f" * 32


def minted(cloudflare_api: LocalCloudflare, permissions: list[str], **token: str) -> str:
    value = cloudflare_api.local("POST", "/tokens", {"permissions": permissions, **token})["value"]
    return str(value)


def test_the_token_is_verified(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    verified = sdk.user.tokens.verify()
    assert verified is not None
    assert (len(verified.id), verified.status) == (32, "active")
    of_account = sdk.accounts.tokens.verify(account_id=cloudflare_api.account_id)
    assert of_account is not None
    assert (of_account.id, of_account.status) == (verified.id, "active")


def test_the_token_sees_its_account(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    assert [found.id for found in sdk.accounts.list()] == [account]
    found = sdk.accounts.get(account_id=account)
    assert found is not None
    assert found.name == "Local Cloudflare"
    assert [membership.account.id for membership in sdk.memberships.list() if membership.account] == [account]
    user = sdk.user.get()
    assert user is not None
    assert user.id


CREDENTIALS = [
    ("nothing", {}, "/accounts/{account}/r2/buckets", 400, 9106),
    ("another scheme", {"Authorization": "Basic eDp5"}, "/accounts/{account}/r2/buckets", 400, 6003),
    ("no token after Bearer", {"Authorization": "Bearer"}, "/user", 400, 6003),
    ("unknown token, a product", {"Authorization": UNKNOWN}, "/accounts/{account}/r2/buckets", 401, 10001),
    ("unknown token, the user", {"Authorization": UNKNOWN}, "/user", 403, 9109),
    ("unknown token, the accounts", {"Authorization": UNKNOWN}, "/accounts", 403, 9109),
    ("unknown token, verification", {"Authorization": UNKNOWN}, "/user/tokens/verify", 401, 1000),
    ("unknown token, verification", {"Authorization": UNKNOWN}, "/accounts/{account}/tokens/verify", 401, 1000),
]


@pytest.mark.parametrize(
    ("headers", "path", "status", "code"), [case[1:] for case in CREDENTIALS], ids=[case[0] for case in CREDENTIALS]
)
def test_credentials_that_do_not_do(
    cloudflare_api: LocalCloudflare, headers: dict[str, str], path: str, status: int, code: int
) -> None:
    answer = httpx.get(f"{cloudflare_api.url}{path.format(account=cloudflare_api.account_id)}", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert answer.json()["success"] is False


def test_a_malformed_header_says_so_in_the_chain(cloudflare_api: LocalCloudflare) -> None:
    answer = httpx.get(f"{cloudflare_api.url}/user", headers={"Authorization": "Bearer"}).json()
    assert answer["errors"] == [
        {
            "code": 6003,
            "message": "Invalid request headers",
            "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}],
        }
    ]


PERMISSION_CASES = [
    (KV_READ, "GET", "/storage/kv/namespaces", None),
    (KV_WRITE, "POST", "/storage/kv/namespaces", {"title": "A"}),
    (R2_READ, "GET", "/r2/buckets", None),
    (R2_WRITE, "POST", "/r2/buckets", {"name": "efh-pages"}),
    (D1_READ, "GET", "/d1/database", None),
    (D1_WRITE, "POST", "/d1/database", {"name": "db"}),
    (WORKERS_READ, "GET", "/workers/scripts", None),
    (WORKERS_WRITE, "PUT", "/workers/subdomain", {"subdomain": "efh"}),
    (ACCOUNT_READ, "GET", "", None),
]


@pytest.mark.parametrize(("permission", "method", "path", "body"), PERMISSION_CASES)
def test_a_call_needs_its_permission_and_no_other(
    cloudflare_api: LocalCloudflare, permission: str, method: str, path: str, body: object
) -> None:
    others = [other for other in PERMISSIONS if other not in (permission, permission.replace("Read", "Write"))]
    refused = cloudflare_api.call(method, path, token=minted(cloudflare_api, others), json=body)
    assert (refused.status_code, refused.json()["errors"]) == (
        403,
        [{"code": 10000, "message": "Authentication error"}],
    )
    assert cloudflare_api.call(method, path, token=minted(cloudflare_api, [permission]), json=body).is_success


def test_a_refusal_is_seen_also_by_who_is_still_sending(cloudflare_api: LocalCloudflare) -> None:
    token = minted(cloudflare_api, [KV_WRITE])
    answer = cloudflare_api.call("PUT", "/r2/buckets/b/objects/a", token=token, content=b"x" * 20_000_000)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, 10000)


def test_a_write_permission_reads_too_and_may_be_called_edit(cloudflare_api: LocalCloudflare) -> None:
    token = minted(cloudflare_api, ["Workers KV Storage Edit"])
    assert cloudflare_api.call("GET", "/storage/kv/namespaces", token=token).is_success


@pytest.mark.parametrize("status", ["disabled", "expired"])
def test_a_token_that_is_not_active_is_verified_as_such_and_may_nothing(
    cloudflare_api: LocalCloudflare, status: str
) -> None:
    token = minted(cloudflare_api, list(PERMISSIONS), status=status)
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{cloudflare_api.url}/user/tokens/verify", headers=headers).json()["result"]["status"] == status
    assert cloudflare_api.call("GET", "/r2/buckets", token=token).status_code == 401


def test_a_token_is_known_where_its_owner_is(cloudflare_api: LocalCloudflare) -> None:
    token = minted(cloudflare_api, [], owner="account")
    assert cloudflare_api.call("GET", "/tokens/verify", token=token).is_success
    answer = httpx.get(f"{cloudflare_api.url}/user/tokens/verify", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 1000)


ROUTING = [
    ("GET", f"/accounts/{OTHER}/r2/buckets", 403, 10000),
    ("GET", f"/accounts/{OTHER}", 403, 9109),
    ("GET", "/accounts/not-an-id/r2/buckets", 404, 7003),
    ("GET", "/accounts/{account}/zaraz", 404, 7003),
    ("GET", "/", 404, 7003),
    ("PATCH", "/accounts/{account}/storage/kv/namespaces", 405, 7001),
    ("DELETE", "/user", 405, 7001),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ROUTING)
def test_what_is_not_there_is_said_in_the_envelope(
    cloudflare_api: LocalCloudflare, method: str, path: str, status: int, code: int
) -> None:
    url = f"{cloudflare_api.url}{path.format(account=cloudflare_api.account_id)}"
    answer = httpx.request(method, url, headers={"Authorization": f"Bearer {cloudflare_api.token}"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_a_body_that_is_not_json_is_refused(cloudflare_api: LocalCloudflare) -> None:
    for content in (b"{", b"[]", b"", b"\xff"):
        answer = cloudflare_api.call("POST", "/storage/kv/namespaces", content=content)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10026), content


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "efh.workers.dev", ""])
def test_only_the_names_of_this_machine_are_answered(cloudflare_api: LocalCloudflare, host: str) -> None:
    headers = {"Host": host, "Authorization": f"Bearer {cloudflare_api.token}"}
    answer = httpx.get(f"{cloudflare_api.url}/user", headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_the_controls_need_the_main_token(cloudflare_api: LocalCloudflare) -> None:
    root = cloudflare_api.url.removesuffix("/client/v4")
    some = minted(cloudflare_api, list(PERMISSIONS))
    for headers in ({}, {"Authorization": UNKNOWN}, {"Authorization": f"Bearer {some}"}):
        for path in ("state", "tokens", "faults", "calls", "health"):
            assert httpx.get(f"{root}/_local/{path}", headers=headers).status_code == 401


def test_every_route_of_the_account_names_a_permission() -> None:
    free = {route.path for route in ROUTES if route.permission is None}
    assert free == {
        "/accounts",
        "/zones",  # whoever asks is told of the zones that the token may see
        "/graphql",  # asks for `Account Analytics` itself, and refuses as GraphQL does
        "/user/tokens/verify",
        "/accounts/{account_id}/tokens/verify",
        "/accounts/{account_id}/workers/assets/upload",
    }
