"""Which tokens open the routing Worker, over HTTP, in workerd."""

from __future__ import annotations

import pytest

from tests.support.refusals import refused
from tests.support.router_fixtures import Client
from tests.support.workers import AUTHORIZED, OLD_TOKEN, SHORT_TOKENS, TOKEN


class TestToken:
    @pytest.mark.parametrize("path", ["/autopilot/list", "/autopilot/plan", "/no/such/path", "/health/", "/"])
    def test_nothing_but_health_answers_without_one(self, client: Client, path: str) -> None:
        response = client("router").get(path)

        refused(response, 401, "Unauthorized")
        assert response.headers["www-authenticate"] == 'Bearer realm="autopilot-orchestrator"'

    @pytest.mark.parametrize("value", [f"Basic {TOKEN}", TOKEN, "Bearer", f"Bearer {TOKEN} more"])
    def test_another_scheme_is_no_token(self, client: Client, value: str) -> None:
        response = client("router").get("/autopilot/list", headers={"authorization": value})

        refused(response, 401, "Unauthorized")
        assert response.headers["www-authenticate"] == 'Bearer realm="autopilot-orchestrator"'

    @pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), OLD_TOKEN, TOKEN + "x" * 600])
    def test_a_wrong_token_is_refused(self, client: Client, token: str) -> None:
        response = client("router").get("/autopilot/list", headers={"authorization": f"Bearer {token}"})

        refused(response, 401, "Unauthorized")
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert token not in response.text

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_the_scheme_is_in_any_case(self, client: Client, scheme: str) -> None:
        response = client("router").get("/autopilot/list", headers={"authorization": f"{scheme} {TOKEN}"})

        assert response.status_code == 200

    @pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
    def test_two_are_valid_during_rotation(self, client: Client, token: str) -> None:
        response = client("rotating").get("/autopilot/list", headers={"authorization": f"Bearer {token}"})

        assert response.status_code == 200

    @pytest.mark.parametrize(("length", "status"), [(514, 200), (513, 401), (515, 401), (600, 401)])
    def test_one_has_at_most_514_bytes(self, client: Client, length: int, status: int) -> None:
        """The second of that router's two tokens is longer, and opens nothing: not for what it begins with either."""
        headers = {"authorization": f"Bearer {'t' * length}"}

        assert client("long-tokens").get("/autopilot/list", headers=headers).status_code == status

    def test_both_at_once_are_no_token(self, client: Client) -> None:
        both = {"authorization": f"Bearer {OLD_TOKEN} {TOKEN}"}

        refused(client("rotating").get("/autopilot/list", headers=both), 401, "Unauthorized")

    @pytest.mark.parametrize("token", [*SHORT_TOKENS.split(), "t" * 31])
    def test_a_short_one_opens_nothing_even_where_it_is_bound(self, client: Client, token: str) -> None:
        response = client("short-tokens").get("/autopilot/list", headers={"authorization": f"Bearer {token}"})

        assert refused(response, 503, "Not configured")["missing"] == ["API_TOKEN"]

    @pytest.mark.parametrize("setup", ["tokenless", "blank"])
    @pytest.mark.parametrize("headers", [AUTHORIZED, {}, {"authorization": "Bearer"}])
    def test_a_router_without_one_is_closed_to_everybody(
        self, client: Client, setup: str, headers: dict[str, str]
    ) -> None:
        document = refused(client(setup).get("/autopilot/list", headers=headers), 503, "Not configured")

        assert document["missing"] == ["API_TOKEN"]
        assert "pulumi config set --secret apiToken" in document["hint"]
