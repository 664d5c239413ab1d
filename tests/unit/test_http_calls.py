"""Tokens are named by what is wrong with them, failures by what happened; neither by a value or a library's text."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.errors import CloudflareError, OrchestratorError, SettingsError
from orchestrator.http_calls import bearer, failure_words
from orchestrator.router_client.connection import RouterConnection
from scripts.github import GitHub

CANARY = "canary-3fbd"


@pytest.mark.parametrize(
    ("token", "wrong"),
    [
        (f"{CANARY} ", "has a space or line break at its end"),
        (f"{CANARY}\n", "has a space or line break at its end"),
        (f"\t{CANARY}", "has a space or line break at its beginning"),
        (f"{CANARY} {CANARY}", "has a space or line break in it, at place 12 of 23"),
        (f"{CANARY}…", "has a character that no token has in it, at place 12 of 12"),
        (f"{CANARY}\x7f", "has a character that no token has in it, at place 12 of 12"),
        ("  ", "is empty"),
    ],
)
def test_a_token_that_cannot_stand_in_a_header_is_told_by_what_is_wrong(token: str, wrong: str) -> None:
    makers: dict[str, Callable[[], object]] = {
        "THE_TOKEN": lambda: bearer(token, name="THE_TOKEN"),
        "CLOUDFLARE_API_TOKEN": lambda: Account(account_id="a" * 32, token=token),
        "cloudflare:apiToken of the stack": lambda: Account.from_environment("a" * 32, token),
        "ORCHESTRATOR_TOKEN": lambda: RouterConnection("https://router.example.com", token),
        "GITHUB_TOKEN": lambda: GitHub("efh/platform", token, api_url="https://api.example.com"),
    }
    for name, make in makers.items():
        with pytest.raises(SettingsError) as refused:
            make()
        assert refused.value.message == f"{name} {wrong}"
        assert CANARY not in str(refused.value)


def test_a_token_as_they_are_given_out_is_presented_as_it_is() -> None:
    assert bearer("cfut_Ab-1.~+/x==", name="T") == {"authorization": "Bearer cfut_Ab-1.~+/x=="}


@pytest.mark.parametrize(
    "failure", [httpx.LocalProtocolError, httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError, httpx.ProxyError]
)
def test_no_text_of_a_library_is_shown(failure: type[httpx.TransportError]) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise failure(f"Illegal header value b'Bearer {CANARY}'")

    transport = httpx.MockTransport(fail)
    account = Account(account_id="a" * 32, token="token", transport=transport, sleep=lambda _: None)
    with pytest.raises(CloudflareError) as unanswered:
        account.call("GET", "/x")
    with pytest.raises(OrchestratorError) as unreached, _Router("https://r.example.com", "t", transport=transport) as r:
        r.ask()
    for error in (unanswered.value, unreached.value):
        assert CANARY not in str(error)


def test_what_happened_to_a_connection_is_said() -> None:
    with pytest.raises(httpx.ConnectError) as refused:
        httpx.get("http://127.0.0.1:1")
    assert failure_words(refused.value) == "connection refused"
    assert failure_words(httpx.ReadTimeout("x")) == "it took too long"
    assert failure_words(httpx.RemoteProtocolError("x")) == "the connection was lost"


def test_a_url_with_credentials_is_refused_without_them() -> None:
    with pytest.raises(SettingsError) as refused:
        RouterConnection(f"https://user:{CANARY}@router.example.com", "token")
    assert CANARY not in str(refused.value)


class _Router(RouterConnection):
    def ask(self) -> None:
        self._call("GET", "/", "nothing was asked")
