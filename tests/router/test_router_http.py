"""The routing Worker over HTTP, in workerd: who may call, what is taken, and how a refusal looks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import httpx
import pytest

from tests.support.refusals import refused
from tests.support.workers import AUTHORIZED, OLD_TOKEN, TABLE, TOKEN

Client = Callable[[str], httpx.Client]
MIB = 1024 * 1024


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
            ("unsigned", "WEBHOOK_SECRET is not bound, so no task can be signed."),
            ("missigned", "WEBHOOK_SECRET is not a Standard Webhooks secret `whsec_<base64>`."),
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

    @pytest.mark.parametrize("setup", ["tokenless", "blank"])
    @pytest.mark.parametrize("headers", [AUTHORIZED, {}, {"authorization": "Bearer"}])
    def test_a_router_without_one_is_closed_to_everybody(
        self, client: Client, setup: str, headers: dict[str, str]
    ) -> None:
        document = refused(client(setup).get("/autopilot/list", headers=headers), 503, "Not configured")

        assert document["missing"] == ["API_TOKEN"]
        assert "pulumi config set --secret apiToken" in document["hint"]


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
            "capabilities": ["echo.run", "echo.other", "echo.pay"],
            "priority": 0,
            "weight": 1,
            "endpoint": None,
            "worker": "efh-echo",
            "source": "declared",
            "transport": "service",
            "status": "unknown",
            "infrastructure": "ready",
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


class TestBody:
    def plan(self, client: Client, content: Any, content_type: str | None = "application/json") -> httpx.Response:
        headers = AUTHORIZED | ({"content-type": content_type} if content_type else {})
        return client("router").post("/autopilot/plan", content=content, headers=headers)

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
    )
    def test_json_is_taken(self, client: Client, content_type: str) -> None:
        assert self.plan(client, b'{"task": "echo"}', content_type).status_code == 200

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", None]
    )
    def test_another_media_type_is_refused(self, client: Client, content_type: str | None) -> None:
        response = self.plan(client, b'{"task": "echo"}', content_type)

        refused(response, 415, "Unsupported media type")
        assert response.headers["accept"] == "application/json"

    @pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x"])
    def test_so_is_another_encoding(self, client: Client, encoding: str) -> None:
        headers = AUTHORIZED | {"content-encoding": encoding}

        response = client("router").post("/autopilot/plan", json={"task": "echo"}, headers=headers)

        refused(response, 415, "Unsupported media type")
        assert response.headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "of unknown length"])
    def test_one_of_more_than_1_mib_is_refused(self, client: Client, is_chunked: bool) -> None:
        body = b'{"task": "echo", "meta": {"x": "' + b"x" * MIB + b'"}}'

        refused(self.plan(client, chunks(body) if is_chunked else body), 413, "Content too large")

    @pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "of unknown length"])
    def test_one_of_just_1_mib_is_taken(self, client: Client, is_chunked: bool) -> None:
        body = b'{"task": "echo", "meta": {"do": "plain", "status": 200, "text": "'
        body += b"x" * (MIB - len(body) - 3) + b'"}}'
        assert len(body) == MIB

        assert self.plan(client, chunks(body) if is_chunked else body).status_code == 200

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "Unexpected end of JSON input"),
            (b"{", "position 1 (line 1 column 2)"),
            (b'{"task": "echo",}', "position 16 (line 1 column 17)"),
            (b"task=echo", "Unexpected token"),
            (b'{"task": NaN}', "Unexpected token"),
            (b'{"task": "\xff"}', "it is not UTF-8"),
        ],
    )
    def test_what_is_not_json_is_refused_with_the_place(self, client: Client, content: bytes, why: str) -> None:
        document = refused(self.plan(client, content), 400, "Malformed body")

        assert why in document["detail"]

    @pytest.mark.parametrize(
        ("content", "errors"),
        [
            (b"[]", [("", "must be an object")]),
            (b"null", [("", "must be an object")]),
            (b'"echo"', [("", "must be an object")]),
            (b"{}", [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": ""}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": 7}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": "\\ud800"}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": "' + b"x" * 257 + b'"}', [("/task", "must be a string of 1 to 256 characters")]),
            (b'{"task": "echo", "meta": []}', [("/meta", "must be an object")]),
            (b'{"task": "echo", "meta": null}', [("/meta", "must be an object")]),
            (
                b'{"task": null, "meta": "x", "explain": 1, "a/b~c": 1}',
                [
                    ("/a~1b~0c", "is not a member of a plan request: it has task, meta and explain"),
                    ("/task", "must be a string of 1 to 256 characters"),
                    ("/meta", "must be an object"),
                    ("/explain", "must be true or false"),
                ],
            ),
        ],
    )
    def test_all_that_is_wrong_is_said_at_once(
        self, client: Client, content: bytes, errors: list[tuple[str, str]]
    ) -> None:
        document = refused(self.plan(client, content), 422, "Invalid request")

        assert document["errors"] == [{"pointer": pointer, "message": message} for pointer, message in errors]

    def test_a_name_of_256_characters_is_a_task_nobody_has(self, client: Client) -> None:
        name = "😀" * 256

        document = refused(
            self.plan(client, f'{{"task": "{name}"}}'.encode()), 404, f"No autopilot currently supports {name}"
        )

        assert document["known"] == []  # a name of more than 64 characters is compared with none


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


def chunks(body: bytes) -> Iterator[bytes]:
    """Sent with Transfer-Encoding: chunked, so without a Content-Length."""
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]
