"""What is read from the account, and how refusals are worded: httpx's own mock transport in place of the network."""

from __future__ import annotations

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.errors import CloudflareError
from orchestrator.kinds import Kind


def account(handler: object) -> Account:
    return Account(account_id="a" * 32, token="t", transport=httpx.MockTransport(handler), sleep=lambda _: None)  # type: ignore[arg-type]


def envelope(result: object, **more: object) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "errors": [], "messages": [], "result": result, **more})


def test_a_list_is_read_to_its_last_page() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        first = (int(request.url.params["page"]) - 1) * 100
        return envelope([{"title": f"kv-{n}", "id": str(n)} for n in range(first, min(first + 100, 250))])

    assert len(account(handler).names(Kind.KV_NAMESPACE)) == 250


def test_buckets_are_read_along_the_cursor_and_in_their_jurisdiction() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["cf-r2-jurisdiction"] == "eu"
        if "cursor" in request.url.params:
            return envelope({"buckets": [{"name": "b"}]}, result_info={})
        return envelope({"buckets": [{"name": "a"}]}, result_info={"cursor": "next"})

    assert account(handler).names(Kind.R2_BUCKET, "eu") == {"a": "a", "b": "b"}


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (
            403,
            '{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}',
            "lacks the account permission Workers Scripts Edit",
        ),
        (
            404,
            '{"success": false, "errors": [{"code": 10007, "message": "no subdomain"}]}',
            "workers.dev subdomain once",
        ),
        (502, "<html>bad gateway</html>", "HTTP 502 without Cloudflare's envelope"),
    ],
)
def test_a_refusal_says_what_was_asked_why_it_failed_and_what_to_do(status: int, body: str, message: str) -> None:
    with pytest.raises(CloudflareError, match=message) as failure:
        account(lambda _: httpx.Response(status, text=body)).workers_subdomain()
    assert f"GET /accounts/{'a' * 32}/workers/subdomain" in str(failure.value)
    assert failure.value.status == status


def test_no_answer_is_told_apart_from_a_refusal() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    with pytest.raises(CloudflareError, match="no answer from api"):
        account(handler).names(Kind.KV_NAMESPACE)
