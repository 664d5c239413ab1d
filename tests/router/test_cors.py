"""Web pages of allowed origins call the router from a browser: what a browser checks is answered, without a token."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.support.refusals import refused
from tests.support.workers import AUTHORIZED

Client = Callable[[str], httpx.Client]
ASKING = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


@pytest.mark.parametrize("origin", ["https://admin.example.com", "http://localhost:5173"])
def test_a_preflight_of_an_allowed_origin_needs_no_token(client: Client, origin: str) -> None:
    answer = client("router").options("/autopilot/plan", headers={"origin": origin, **ASKING})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["vary"] == "Origin"
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "idempotency-key", "if-match"} <= set(allowed)
    assert {"GET", "POST", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))


@pytest.mark.parametrize(
    "origin",
    ["https://admin.example.com.evil.example", "http://admin.example.com", "https://ADMIN.example.com", "null", "*"],
)
def test_another_origin_is_told_nothing(client: Client, origin: str) -> None:
    preflight = client("router").options("/autopilot/plan", headers={"origin": origin, **ASKING})
    answer = client("router").get("/autopilot/list", headers={"origin": origin, **AUTHORIZED})

    refused(preflight, 401, "Unauthorized")
    for each in (preflight, answer):
        assert "access-control-allow-origin" not in each.headers
        assert each.headers["vary"] == "Origin"


@pytest.mark.parametrize("headers", [AUTHORIZED, {}, {"authorization": "Bearer wrong"}], ids=["well", "none", "wrong"])
def test_the_page_may_read_each_answer_and_needs_a_token(client: Client, headers: dict[str, str]) -> None:
    answer = client("router").get("/autopilot/list", headers={"origin": "https://admin.example.com", **headers})

    assert answer.status_code == (200 if headers == AUTHORIZED else 401)
    assert answer.headers["access-control-allow-origin"] == "https://admin.example.com"
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_options_without_a_preflights_headers_is_a_method_like_others(client: Client) -> None:
    answer = client("router").options("/autopilot/list", headers={"origin": "https://admin.example.com", **AUTHORIZED})

    refused(answer, 405, "Method not allowed")
