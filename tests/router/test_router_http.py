"""The routing Worker over HTTP, in workerd: who may call, what is taken, and how a refusal looks."""

from __future__ import annotations

import uuid
from typing import ClassVar

import pytest

from tests.support.refusals import refused
from tests.support.router_fixtures import Client
from tests.support.workers import AUTHORIZED, TABLE

NO_SECRET = "is not a Standard Webhooks secret (whsec_ and the base64 of 24 to 64 bytes)"


class TestHealth:
    def test_anyone_may_ask(self, client: Client) -> None:
        response = client("router").get("/health")

        assert response.status_code == 200
        assert response.headers["content-type"] == "application/health+json"
        document = response.json()
        assert (document["status"], document["version"]) == ("pass", "build-7")

    def test_each_autopilot_has_a_check_that_says_what_is_known(self, client: Client) -> None:
        checks = client("router").get("/health").json()["checks"]

        own = {f"orchestrator:{name}" for name in ("settings", "cron", "infrastructure", "runs")}
        assert set(checks) == {*own, *(f"{route.name}:health" for route in TABLE.autopilots)}
        assert checks["echo:health"] == [
            {
                "componentId": "echo",
                "componentType": "component",
                "status": "unknown",
                "output": "It has not been probed.",
            }
        ]

    def test_no_test_makes_it_known_to_the_others(self, client: Client) -> None:
        """Else the two tests above would depend on which ran before them."""
        with pytest.raises(AssertionError, match="a scheduled run of router"):
            client("router").post("/__scheduled", headers=AUTHORIZED)

    @pytest.mark.parametrize(
        ("setup", "output"),
        [
            ("tokenless", "API_TOKEN is not bound."),
            ("blank", "API_TOKEN is not bound."),
            ("short-tokens", "API_TOKEN has no token of at least 32 characters."),
            ("unsigned", "WEBHOOK_SECRET is not bound, so no task can be signed."),
            ("missigned", f"WEBHOOK_SECRET {NO_SECRET}."),
            ("one-byte-signed", f"WEBHOOK_SECRET {NO_SECRET}."),
            ("half-signed", f"WEBHOOK_SECRET {NO_SECRET}."),
        ],
    )
    def test_a_router_without_its_secrets_fails(self, client: Client, setup: str, output: str) -> None:
        response = client(setup).get("/health")

        assert (response.status_code, response.json()["status"]) == (503, "fail")
        assert response.json()["checks"]["orchestrator:settings"][0]["output"] == output
        assert "hunter2" not in response.text

    def test_head_is_get_without_a_body(self, client: Client) -> None:
        response = client("router").head("/health")

        assert (response.status_code, response.content) == (200, b"")


class TestList:
    def test_it_names_autopilots_capabilities_and_tasks(self, client: Client) -> None:
        """Of a router with which nothing can be registered."""
        response = client("unrecorded").get("/autopilot/list", headers=AUTHORIZED)

        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        listed = response.json()
        assert [autopilot["name"] for autopilot in listed["autopilots"]] == [route.name for route in TABLE.autopilots]
        assert listed["autopilots"][1] == {
            "name": "echo",
            "capabilities": ["echo.run", "echo.other", "echo.pay", "echo.checked"],
            "priority": 0,
            "weight": 1,
            "endpoint": None,
            "worker": "efh-echo",
            "needs": TABLE.autopilots[1].needs.to_object(),
            "source": "declared",
            "transport": "service",
            "status": "unknown",
            "infrastructure": "ready",
            "missing": [],
            "unavailable": [],
        }
        assert "echo.run" in listed["capabilities"]
        assert listed["tasks"][0] == {
            "name": "ask_partner",
            "capability": "partner.run",
            "description": "",
            "once": False,
            "idempotent": False,
            "stream": False,
            "timeoutMs": 25000,
        }


class TestExplain:
    DECISION: ClassVar = {
        "task": "echo",
        "capability": "echo.run",
        "autopilot": "echo",
        "transport": "service",
        "rule": TABLE.tasks["echo"].to_object(),
        "reasons": ["The task echo needs the capability echo.run.", "echo is chosen: it is the only one left."],
    }

    @pytest.mark.parametrize(
        ("query", "body"),
        [("?explain=1", {}), ("?explain=true", {}), ("", {"explain": True}), ("?explain=0", {"explain": True})],
    )
    def test_it_says_where_a_task_would_go_and_why(self, client: Client, query: str, body: dict[str, bool]) -> None:
        response = client("router").post(f"/autopilot/plan{query}", json={"task": "echo", **body}, headers=AUTHORIZED)

        assert (response.status_code, response.json()) == (200, self.DECISION)

    def test_nothing_is_forwarded(self, client: Client) -> None:
        """The autopilot behind this task is not even bound."""
        response = client("router").post("/autopilot/plan?explain=1", json={"task": "gone.run"}, headers=AUTHORIZED)

        assert response.json()["autopilot"] == "gone"

    def test_a_refusal_has_its_reasons_too(self, client: Client) -> None:
        response = client("router").post("/autopilot/plan?explain=1", json={"task": "ecko"}, headers=AUTHORIZED)

        document = refused(response, 404, "No autopilot currently supports ecko")
        assert document["reasons"][-1] == "No autopilot has the capability ecko."

    @pytest.mark.parametrize(
        "query",
        [
            *(f"?explain{value}" for value in ("", "=", "=True", "=TRUE", "=yes", "=on", "=2", "=1&explain=0")),
            "?Explain=1",
            "?dry_run=1",
            "?explain=1&dry_run=1",
        ],
    )
    def test_what_is_not_understood_never_executes(self, client: Client, query: str) -> None:
        body = {"task": "echo", "meta": {"do": "plain", "status": 200, "text": "executed"}}
        response = client("router").post(f"/autopilot/plan{query}", json=body, headers=AUTHORIZED)

        (error,) = refused(response, 400, "Invalid parameters")["errors"]
        assert error["parameter"] == query[1:].rsplit("&", maxsplit=1)[-1].partition("=")[0]

    @pytest.mark.parametrize("query", ["", "?explain=0", "?explain=false"])
    def test_it_has_to_be_asked_for(self, client: Client, query: str) -> None:
        response = client("router").post(f"/autopilot/plan{query}", json={"task": "echo"}, headers=AUTHORIZED)

        assert "verified" in response.json()  # the autopilot's answer


class TestParameters:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/health"),
            ("POST", "/__scheduled"),
            ("GET", "/openapi.json"),
            *(("GET", f"/autopilot/{name}") for name in ("diagnose", "journal", "list", "runs", "runs/x", "stats")),
            *(("GET", f"/autopilot/{name}") for name in ("registry", "registry/x")),
            *(("POST", f"/autopilot/{name}") for name in ("ensure-infra", "plan", "registry", "runs/x/resolve")),
            ("DELETE", "/autopilot/registry/x"),
        ],
    )
    def test_one_that_is_not_known_is_refused(self, client: Client, method: str, path: str) -> None:
        response = client("router").request(method, f"{path}?stauts=unknown", headers=AUTHORIZED)

        (error,) = refused(response, 400, "Invalid parameters")["errors"]
        assert error["parameter"] == "stauts"


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("POST", "/health", "GET, HEAD"),
            ("POST", "/autopilot/list", "GET, HEAD"),
            ("DELETE", "/autopilot/list", "GET, HEAD"),
            ("GET", "/autopilot/plan", "POST"),
            ("PUT", "/autopilot/plan", "POST"),
            ("OPTIONS", "/autopilot/plan", "POST"),
        ],
    )
    def test_another_one_is_refused_with_those_that_are_taken(
        self, client: Client, method: str, path: str, allow: str
    ) -> None:
        response = client("router").request(method, path, headers=AUTHORIZED)

        refused(response, 405, "Method not allowed")
        assert response.headers["allow"] == allow

    @pytest.mark.parametrize("path", ["/", "/autopilot", "/autopilot/plans", "/autopilot/plan/x", "/AUTOPILOT/list"])
    def test_another_path_is_not_found(self, client: Client, path: str) -> None:
        document = refused(client("router").get(path, headers=AUTHORIZED), 404, "Not found")

        assert "/autopilot/plan" in document["endpoints"]


class TestRequestId:
    @pytest.mark.parametrize("given", ["abc", "A.b-c_9", "x" * 64])
    def test_a_sane_one_is_taken_over(self, client: Client, given: str) -> None:
        response = client("router").get("/health", headers={"x-request-id": given})

        assert response.headers["x-request-id"] == given

    @pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a,b", "<script>", None])
    def test_otherwise_there_is_a_new_one(self, client: Client, given: str | None) -> None:
        headers = {} if given is None else {"x-request-id": given}

        response = client("router").get("/autopilot/list", headers=headers)

        assert response.status_code == 401
        assert str(uuid.UUID(response.headers["x-request-id"])) == response.headers["x-request-id"]


def test_what_has_come_back_is_refused(client: Client) -> None:
    """A task carries a hop count, so that an autopilot that sends it back does not start a loop."""
    response = client("router").post(
        "/autopilot/plan", json={"task": "echo"}, headers=AUTHORIZED | {"x-autopilot-hop": "1"}
    )

    refused(response, 508, "Loop detected")


@pytest.mark.parametrize("path", ["/health", "/autopilot/list", "/autopilot/plan"])
@pytest.mark.parametrize("headers", [{}, AUTHORIZED], ids=["without a token", "with it"])
def test_no_answer_is_kept_by_a_cache(client: Client, path: str, headers: dict[str, str]) -> None:
    response = client("router").get(path, headers=headers)

    assert response.headers["cache-control"] == "no-store"
