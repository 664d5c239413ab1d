"""Registration at run time, in workerd with real D1 and KV: who may be registered, how, and who sees it when."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from orchestrator.dispatch.signature import secret_of
from tests.support.eventually import eventually
from tests.support.refusals import refused
from tests.support.workers import AUTHORIZED, PARTNER, SECRET

Client = Callable[[str], httpx.Client]
PATH = "/autopilot/registry"


class Router:
    """The calls of these tests, with the token; `setup` names the router's configuration in `workers.py`."""

    def __init__(self, client: Client, setup: str = "router") -> None:
        self._client = client(setup)

    def register(self, body: object, **headers: str) -> httpx.Response:
        return self._client.post(PATH, json=body, headers=AUTHORIZED | _named(headers))

    def get(self, name: str = "") -> httpx.Response:
        return self._client.get(f"{PATH}/{name}" if name else PATH, headers=AUTHORIZED)

    def remove(self, name: str, **headers: str) -> httpx.Response:
        return self._client.delete(f"{PATH}/{name}", headers=AUTHORIZED | _named(headers))

    def plan(self, task: str, meta: object = None) -> httpx.Response:
        return self._client.post("/autopilot/plan", json={"task": task, "meta": meta or {}}, headers=AUTHORIZED)

    def listed(self, name: str) -> dict[str, Any] | None:
        autopilots = self._client.get("/autopilot/list", headers=AUTHORIZED).json()["autopilots"]
        return next((each for each in autopilots if each["name"] == name), None)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def wait_for_copy(client: Client, is_so: Callable[[set[str]], bool]) -> None:
    """Until the names in the KV copy are as said: it is written after the answer."""

    def written() -> bool:
        copy = client("corpus").post("/copy", json={"key": "registrations"}).json()["copy"]
        return is_so({registration["name"] for registration in copy or []})

    eventually(written, "the copy is written")


@pytest.fixture
def router(client: Client) -> Router:
    return Router(client)


@pytest.fixture
def helper() -> dict[str, Any]:
    """A registration with a name and a capability of its own."""
    name = f"helper-{uuid.uuid4().hex[:12]}"
    return {"name": name, "endpoint": f"https://{PARTNER}/{name}", "capabilities": [f"{name}.run"]}


class TestRegistration:
    def test_a_new_one_is_created(self, router: Router, helper: dict[str, Any]) -> None:
        response = router.register(helper)

        assert response.status_code == 201
        assert response.headers["location"] == f"{PATH}/{helper['name']}"
        document = response.json()
        assert document == {
            **helper,
            "priority": 0,
            "weight": 1,
            "needs": {"kvNamespaces": [], "r2Buckets": [], "d1Databases": [], "workers": []},
            "infrastructure": "ready",
            "missing": [],
            "etag": response.headers["etag"],
            "createdAt": document["createdAt"],
            "updatedAt": document["createdAt"],
        }

    def test_the_same_name_again_is_an_update(self, router: Router, helper: dict[str, Any]) -> None:
        first = router.register(helper)

        second = router.register({**helper, "weight": 7})

        assert (second.status_code, second.json()["weight"]) == (200, 7)
        assert "location" not in second.headers
        assert second.json()["createdAt"] == first.json()["createdAt"]
        assert second.headers["etag"] != first.headers["etag"]

    def test_the_same_content_has_the_same_entity_tag(self, router: Router, helper: dict[str, Any]) -> None:
        first = router.register({**helper, "capabilities": ["a.x", helper["name"]]})

        again = router.register({**helper, "capabilities": [helper["name"], "a.x"], "priority": 0})

        assert (again.status_code, again.headers["etag"]) == (200, first.headers["etag"])

    def test_one_can_be_read_and_all(self, router: Router, helper: dict[str, Any]) -> None:
        created = router.register(helper)

        one = router.get(helper["name"])

        assert (one.status_code, one.json(), one.headers["etag"]) == (200, created.json(), created.headers["etag"])
        assert created.json() in router.get().json()["registrations"]

    def test_a_declared_name_is_refused(self, router: Router, helper: dict[str, Any]) -> None:
        document = refused(router.register({**helper, "name": "echo"}), 409, "Declared autopilot")

        assert document["name"] == "echo"
        (difference,) = document["differences"]
        assert (difference["member"], difference["given"]) == ("capabilities", helper["capabilities"])
        refused(router.remove("echo"), 409, "Declared autopilot")

    def test_what_the_file_says_already_is_agreed_with(self, router: Router) -> None:
        """The setup guide's own call."""
        needs: dict[str, list[str]] = {"kvNamespaces": [], "r2Buckets": []}
        said = {"name": "partner", "endpoint": f"https://{PARTNER}/hook?from=efh", "capabilities": ["partner.run"]}

        agreed = router.register({**said, "needs": needs})

        assert (agreed.status_code, agreed.json()["source"]) == (200, "declared")
        assert "partner" not in [each["name"] for each in router.get().json()["registrations"]]
        for other in ({"endpoint": f"https://{PARTNER}/"}, {"priority": 3}, {"needs": {"kvNamespaces": ["LOGS"]}}):
            (difference,) = refused(router.register(said | other), 409, "Declared autopilot")["differences"]
            assert difference["member"] in other

    def test_all_that_is_wrong_is_said_at_once(self, router: Router) -> None:
        """The rules have a corpus: `registrations.json`."""
        response = router.register({"name": "", "endpoint": "ftp://x", "capabilities": 1})

        document = refused(response, 422, "Invalid request")
        assert [error["pointer"] for error in document["errors"]] == ["/name", "/endpoint", "/capabilities"]

    @pytest.mark.parametrize(
        ("endpoint", "why"),
        [
            ("https://router.example.net/autopilot/plan", "the orchestrator's own host"),
            ("https://api.elsewhere.example/", "not in the list of allowed hosts"),
            ("http://127.0.0.1:8787/", "must use https"),
        ],
    )
    def test_an_endpoint_that_would_not_be_called_is_refused(
        self, router: Router, helper: dict[str, Any], endpoint: str, why: str
    ) -> None:
        document = refused(router.register({**helper, "endpoint": endpoint}), 422, "Invalid request")

        assert why in document["errors"][0]["message"]

    def test_plain_http_to_this_machine_is_for_the_local_stack(self, client: Client, helper: dict[str, Any]) -> None:
        local = {**helper, "endpoint": "http://127.0.0.1:8787/"}

        assert Router(client, "local").register(local).status_code == 201

    def test_it_needs_the_token(self, client: Client, helper: dict[str, Any]) -> None:
        refused(client("router").post(PATH, json=helper), 401, "Unauthorized")
        refused(client("router").delete(f"{PATH}/x"), 401, "Unauthorized")

    @pytest.mark.parametrize(
        ("method", "path", "allow"), [("PUT", PATH, "GET, HEAD, POST"), ("POST", f"{PATH}/x", "GET, HEAD, DELETE")]
    )
    def test_other_methods_are_refused(self, client: Client, method: str, path: str, allow: str) -> None:
        response = client("router").request(method, path, headers=AUTHORIZED)

        assert path in refused(response, 405, "Method not allowed")["detail"]
        assert response.headers["allow"] == allow

    def test_a_router_without_a_database_says_so(self, client: Client, helper: dict[str, Any]) -> None:
        document = refused(Router(client, "unrecorded").register(helper), 503, "Not configured")

        assert document["missing"] == ["DB"]


class TestRemoval:
    def test_it_is_gone(self, router: Router, helper: dict[str, Any]) -> None:
        router.register(helper)

        assert router.remove(helper["name"]).status_code == 204

        refused(router.get(helper["name"]), 404, "Not registered")
        assert router.listed(helper["name"]) is None
        refused(router.plan(f"{helper['name']}.run"), 404, f"No autopilot currently supports {helper['name']}.run")

    def test_what_is_not_there_cannot_be_removed(self, router: Router) -> None:
        refused(router.remove("nobody"), 404, "Not registered")

    def test_it_may_be_registered_again(self, router: Router, helper: dict[str, Any]) -> None:
        router.register(helper)
        router.remove(helper["name"])

        assert router.register(helper).status_code == 201


class TestPrecondition:
    def test_a_change_of_the_state_that_is_known_is_made(self, router: Router, helper: dict[str, Any]) -> None:
        etag = router.register(helper).headers["etag"]

        updated = router.register({**helper, "weight": 2}, if_match=f'"other", {etag}')

        assert updated.status_code == 200
        assert router.remove(helper["name"], if_match=updated.headers["etag"]).status_code == 204

    @pytest.mark.parametrize("tag", ['"0123"', "W/{etag}", "etag"])
    def test_a_change_of_another_state_is_refused(self, router: Router, helper: dict[str, Any], tag: str) -> None:
        etag = router.register(helper).headers["etag"]
        given = tag.replace("{etag}", etag)

        update = router.register({**helper, "weight": 2}, if_match=given)
        removal = router.remove(helper["name"], if_match=given)

        for response in (update, removal):
            assert etag in refused(response, 412, "Precondition failed")["detail"]
            assert response.headers["etag"] == etag
        assert router.get(helper["name"]).json()["weight"] == 1

    @pytest.mark.parametrize("tag", ["*", '"0123"'])
    def test_what_is_not_there_matches_nothing(self, router: Router, helper: dict[str, Any], tag: str) -> None:
        refused(router.register(helper, if_match=tag), 412, "Precondition failed")
        refused(router.remove(helper["name"], if_match=tag), 412, "Precondition failed")
        refused(router.get(helper["name"]), 404, "Not registered")

    def test_a_star_takes_any_state(self, router: Router, helper: dict[str, Any]) -> None:
        router.register(helper)

        assert router.register({**helper, "weight": 2}, if_match="*").status_code == 200

    def test_only_a_new_one(self, router: Router, helper: dict[str, Any]) -> None:
        assert router.register(helper, if_none_match="*").status_code == 201
        refused(router.register({**helper, "weight": 2}, if_none_match="*"), 412, "Precondition failed")

    def test_of_changes_at_the_same_time_one_is_made(self, router: Router, helper: dict[str, Any]) -> None:
        etag = router.register(helper).headers["etag"]

        with ThreadPoolExecutor(8) as pool:
            statuses = pool.map(
                lambda weight: router.register({**helper, "weight": weight}, if_match=etag).status_code, range(2, 10)
            )

        assert sorted(statuses) == [200, *[412] * 7]


class TestRouting:
    def test_it_gets_its_tasks_at_once(self, router: Router, helper: dict[str, Any]) -> None:
        router.register(helper)

        answer = router.plan(f"{helper['name']}.run")

        assert answer.status_code == 200
        assert answer.headers["x-autopilot"] == helper["name"]
        assert answer.json()["url"].removeprefix("https:") == helper["endpoint"].removeprefix("https:")
        received = answer.json()
        Webhook(secret_of(SECRET, helper["name"])).verify(received["body"], received["headers"])

    def test_it_is_listed_at_once(self, router: Router, helper: dict[str, Any]) -> None:
        router.register(helper)

        assert router.listed(helper["name"]) == {
            **helper,
            "priority": 0,
            "weight": 1,
            "worker": None,
            "needs": {"kvNamespaces": [], "r2Buckets": [], "d1Databases": [], "workers": []},
            "source": "registered",
            "transport": "https",
            "status": "unknown",
            "infrastructure": "ready",
            "missing": [],
            "unavailable": [],
        }

    def test_an_update_is_seen_at_once(self, router: Router, helper: dict[str, Any]) -> None:
        router.register(helper)
        router.plan(f"{helper['name']}.run")

        router.register({**helper, "endpoint": f"https://{PARTNER}/new"})

        assert router.plan(f"{helper['name']}.run").json()["url"].endswith("/new")

    def test_a_declared_autopilot_keeps_its_capabilities(self, router: Router, helper: dict[str, Any]) -> None:
        router.register({**helper, "capabilities": ["echo.run"], "priority": 1000})

        assert router.plan("echo").headers["x-autopilot"] == "echo"

    def test_another_isolate_routes_to_it_at_once(self, client: Client, router: Router, helper: dict[str, Any]) -> None:
        elsewhere = Router(client, "elsewhere")
        task = f"{helper['name']}.run"
        refused(elsewhere.plan(task), 404, f"No autopilot currently supports {task}")

        router.register(helper)

        assert elsewhere.plan(task).headers["x-autopilot"] == helper["name"]
        assert elsewhere.listed(helper["name"])

    def test_the_copy_is_enough_to_route_by(self, client: Client, router: Router, helper: dict[str, Any]) -> None:
        """This router has the copy and an empty record."""
        router.register(helper)
        wait_for_copy(client, lambda names: helper["name"] in names)

        assert Router(client, "copy").plan(f"{helper['name']}.run").headers["x-autopilot"] == helper["name"]

    def test_a_removal_reaches_the_copy(self, client: Client, router: Router, helper: dict[str, Any]) -> None:
        router.register(helper)
        wait_for_copy(client, lambda names: helper["name"] in names)

        router.remove(helper["name"])

        wait_for_copy(client, lambda names: helper["name"] not in names)

    def test_of_many_changes_at_once_the_copy_has_all(self, client: Client, router: Router) -> None:
        """From two isolates, none of which knows of the other's."""
        routers = [router, Router(client, "elsewhere")] * 8
        names = {f"many-{uuid.uuid4().hex[:12]}" for _ in routers}
        body = {"endpoint": f"https://{PARTNER}/", "capabilities": ["many.run"]}

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda each, name: each.register({**body, "name": name}), routers, names))

        wait_for_copy(client, lambda copied: names <= copied)

    def test_what_it_needs_and_nobody_declares_is_missing(self, router: Router, helper: dict[str, Any]) -> None:
        needs = {"kvNamespaces": ["LOGS", "NEW"], "r2Buckets": [{"name": "efh-new"}], "workers": ["efh-new"]}

        registered = router.register({**helper, "needs": needs})

        missing = [
            {"kind": "kvNamespace", "name": "NEW"},
            {"kind": "r2Bucket", "name": "efh-new"},
            {"kind": "worker", "name": "efh-new"},
        ]
        assert (registered.status_code, registered.json()["infrastructure"]) == (201, "missing")
        assert registered.json()["missing"] == missing
        listed = router.listed(helper["name"]) or {}
        assert (listed["infrastructure"], listed["missing"]) == ("missing", missing)
        answer = router.plan(f"{helper['name']}.run")
        document = refused(answer, 503, "Infrastructure not ready")
        assert document["missing"] == missing
        assert int(answer.headers["retry-after"]) > 0

    def test_what_is_declared_is_not(self, router: Router, helper: dict[str, Any]) -> None:
        needs = {"kvNamespaces": [{"title": "LOGS"}], "r2Buckets": ["efh-private"], "workers": ["efh-echo"]}

        assert router.register({**helper, "needs": needs}).json()["infrastructure"] == "ready"
        assert router.plan(f"{helper['name']}.run").status_code == 200


class TestStorage:
    def test_a_declared_route_reads_nothing(self, client: Client) -> None:
        """Whatever is done with this router's database and namespace fails."""
        broken = Router(client, "broken")

        assert broken.plan("echo").status_code == 200
        answer = broken.plan("echo.unknown")
        refused(answer, 503, "Registry not available")
        assert answer.headers["retry-after"] == "5"

    def test_several_isolates_make_the_schema_at_the_same_time(self, client: Client) -> None:
        routers = [Router(client, "fresh"), Router(client, "fresh-too")] * 6
        bodies = [
            {"name": f"n{index}", "endpoint": f"https://{PARTNER}/", "capabilities": ["x"]} for index in range(12)
        ]

        with ThreadPoolExecutor(12) as pool:
            statuses = list(pool.map(lambda router, body: router.register(body).status_code, routers, bodies))

        assert statuses == [201] * 12
        assert len(routers[0].get().json()["registrations"]) == 12
