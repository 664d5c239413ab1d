"""After a repair the routing Worker is asked to look again; the repair stands, whatever it says."""

from __future__ import annotations

import httpx
import pytest

from orchestrator.router_client.scheduled import look_again

ROUTER = {"ORCHESTRATOR_URL": "https://router.example.com", "ORCHESTRATOR_TOKEN": "token"}


def test_its_scheduled_run_is_started() -> None:
    asked: list[tuple[str, str]] = []

    def router(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, str(request.url)))
        assert request.headers["authorization"] == "Bearer token"
        return httpx.Response(200, json={})

    assert look_again(ROUTER, httpx.MockTransport(router)) == "The routing Worker has looked again."
    assert asked == [("POST", "https://router.example.com/__scheduled")]


@pytest.mark.parametrize(
    "answer", [httpx.Response(409, json={"detail": "Another run is active."}), httpx.Response(500)]
)
def test_where_it_does_not_it_is_said_when_it_will_know(answer: httpx.Response) -> None:
    said = look_again(ROUTER, httpx.MockTransport(lambda _: answer))

    assert said is not None
    assert said.startswith("The routing Worker sees the repair with its next scheduled run: ")


@pytest.mark.parametrize("missing", ROUTER)
def test_without_its_address_or_a_token_it_is_left_alone(missing: str) -> None:
    assert look_again({name: value for name, value in ROUTER.items() if name != missing}) is None
