"""What is asked of the account, and what is known without asking: a small API in memory in place of the network."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.desired.derive import derive
from orchestrator.desired.resources import TextBinding
from orchestrator.drift.ledger import Ledger
from orchestrator.drift.live import Version, ZoneRoute
from orchestrator.drift.reading import Read, Reading
from orchestrator.errors import CloudflareError
from orchestrator.manifest import parse

DESIRED = derive(
    parse(
        """
orchestrator: {worker: router}
autopilots:
  - name: a
    worker: page
    capabilities: [b]
    needs: {r2Buckets: [files], workers: [{name: page, content: "export default {}"}]}
""",
        "autopilots.yaml",
    )
)
CODE = b"export default {}"
SHA = hashlib.sha256(CODE).hexdigest()
BOUND = {"router": (), "page": (TextBinding(name="MODE", text="careful"),)}
MODULES = {"router": "1" * 64, "page": SHA}
SETTINGS = {"bindings": [], "compatibility_date": "2026-07-01", "compatibility_flags": ["x"], "placement": {}}


ALL = {"version_id": "v1", "percentage": 100}


class Api:
    """Answers by path; `asked` has the paths in the order of their calls. Change `answers` to change the account."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.reported: list[str] = []
        self.answers: dict[str, Any] = {
            "/storage/kv/namespaces": [{"id": "1", "title": "REGISTRY"}],
            "/d1/database": [{"uuid": "2", "name": "router"}, {"uuid": "3", "name": "hers"}],
            "/d1/database/2": {"uuid": "2", "read_replication": {"mode": "auto"}},
            "/r2/buckets": {"buckets": [{"name": "files", "storage_class": "Standard"}, {"name": "hers"}]},
            **{f"/r2/buckets/files/{part}": {} for part in ("domains/managed", "domains/custom", "lifecycle", "lock")},
            "/workers/scripts": [
                {"id": "router", "etag": "1" * 64, "modified_on": "m1", "handlers": ["fetch", "scheduled"]},
                {"id": "page", "etag": SHA, "modified_on": "m1", "handlers": ["fetch"]},
                {"id": "hers", "etag": "e", "modified_on": "m1", "handlers": ["fetch", "scheduled"]},
            ],
            "/workers/workers": [
                {
                    "name": name,
                    "deployed_on": "d1",
                    "subdomain": {"enabled": True, "previews_enabled": False},
                    "observability": {"enabled": True, "logs": {"enabled": True}},
                }
                for name in ("router", "page", "hers")
            ],
            "/workers/scripts/router/settings": SETTINGS,
            "/workers/scripts/page/settings": SETTINGS,
            **{
                f"/workers/scripts/{name}/deployments": {"deployments": [{"versions": [ALL]}]}
                for name in ("router", "page")
            },
            "/workers/domains": [{"id": "d1", "hostname": "page.example.com", "service": "page"}],
            "/zones": [{"id": "z1", "name": "example.com"}, {"id": "z2", "name": "example.net"}],
            "/zones/z1/workers/routes": [{"pattern": "example.com/*", "script": "page"}, {"pattern": "example.com/x"}],
            "/zones/z2/workers/routes": refused(403),
            "/workers/scripts/router/schedules": {"schedules": [{"cron": "*/15 * * * *"}]},
            "/workers/scripts/page/schedules": {"schedules": []},
        }

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("/client/v4")[2].removeprefix(f"/accounts/{'a' * 32}")
        self.asked.append(path)
        if path not in self.answers:
            return httpx.Response(404, json={"success": False, "errors": [{"code": 7003, "message": "no route"}]})
        answer = self.answers[path]
        if request.headers.get("cf-r2-jurisdiction", "default") != "default":
            answer = {"buckets": []}
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json={"success": True, "errors": [], "result": answer})

    def script(self, name: str, **changes: str) -> None:
        """Change what the list says of a Worker."""
        for script in self.answers["/workers/scripts"]:
            if script["id"] == name:
                script |= changes

    def read(self, ledger: Path, *, now: float = 0, full: bool = False) -> Read:
        self.asked.clear()
        account = Account(
            account_id="a" * 32, token="t", transport=httpx.MockTransport(self.handle), sleep=lambda _: None
        )
        with account:
            known = Ledger(ledger, account="a", now=now)
            return Reading(account, DESIRED, MODULES, BOUND, known, full=full, report=self.reported.append).read()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "drift" / "prod.json"


def refused(status: int) -> httpx.Response:
    body = {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}
    return httpx.Response(status, json=body)


LISTS = [
    "/d1/database",
    "/d1/database/2",
    "/r2/buckets",
    "/r2/buckets",
    "/r2/buckets",
    "/storage/kv/namespaces",
    "/workers/domains",
    "/workers/scripts",
    "/workers/workers",
]
ROUTERS_SCHEDULES = "/workers/scripts/router/schedules"
PAGES_SETTINGS = "/workers/scripts/page/settings"


def test_the_first_time_each_workers_settings_are_read_once_and_then_only_lists(ledger: Path) -> None:
    api = Api()

    first = api.read(ledger)
    once = [f"/workers/scripts/{name}/{part}" for name in ("router", "page") for part in ("settings", "deployments")]
    assert sorted(api.asked) == sorted([*LISTS, ROUTERS_SCHEDULES, *once])
    second = api.read(ledger)
    assert sorted(api.asked) == sorted([*LISTS, ROUTERS_SCHEDULES])

    assert (first.versions, second.versions) == (2, 0)
    assert first.live == second.live


def test_the_text_of_a_variable_that_nobody_declared_is_not_kept(ledger: Path) -> None:
    api = Api()
    texts = [{"type": "plain_text", "name": name, "text": f"{name} text"} for name in ("MODE", "PASSWORD")]
    api.answers[PAGES_SETTINGS] = {**SETTINGS, "bindings": texts}

    live = api.read(ledger).live

    assert live.workers["page"].version.bindings == (texts[0], {"type": "plain_text", "name": "PASSWORD"})
    assert "MODE text" in ledger.read_text()
    assert "PASSWORD text" not in ledger.read_text()


def test_what_is_read(ledger: Path) -> None:
    live = Api().read(ledger).live

    assert [(each.name, each.read_replication) for each in live.d1_databases] == [("router", "auto"), ("hers", None)]
    assert live.workers["router"].schedules == ("*/15 * * * *",)
    assert live.workers["page"].schedules is None
    assert live.workers["page"].observability == {"enabled": True, "logs.enabled": True}
    assert live.workers["page"].version == Version(
        content_sha256=SHA, bindings=(), compatibility_date="2026-07-01", compatibility_flags=("x",)
    )
    assert live.worker_names == {"router", "page", "hers"}


@pytest.mark.parametrize("mark", ["etag", "modified_on"])
def test_a_worker_whose_marks_have_changed_is_read_again(ledger: Path, mark: str) -> None:
    api = Api()
    api.read(ledger)
    api.script("page", **{mark: "other"})
    api.answers["/workers/scripts/page/content/v2"] = httpx.Response(200, content=CODE)

    api.read(ledger)

    assert PAGES_SETTINGS in api.asked
    assert "/workers/scripts/router/settings" not in api.asked
    assert ("/workers/scripts/page/content/v2" in api.asked) == (mark == "etag")


def test_a_reading_is_believed_for_a_day_and_a_full_check_believes_none(ledger: Path) -> None:
    api = Api()
    api.read(ledger, now=0)

    assert api.read(ledger, now=24 * 3600).versions == 0
    assert api.read(ledger, now=24 * 3600 + 1).versions == 2
    assert api.read(ledger, now=24 * 3600 + 2, full=True).versions == 2
    assert "/workers/scripts/page/schedules" in api.asked


def test_only_a_full_check_asks_how_a_declared_bucket_is_set_up(ledger: Path) -> None:
    api = Api()
    api.answers["/r2/buckets/files/lock"] = {"rules": [{"id": "hold"}]}

    assert all(not each.settings.locks for each in api.read(ledger).live.r2_buckets)
    assert not any("/r2/buckets/" in path for path in api.asked)
    full = {each.name: each.settings for each in api.read(ledger, full=True).live.r2_buckets}

    assert (full["files"].locks, full["files"].cors) == (({"id": "hold"},), ())  # CORS: 404 where there is none
    assert not full["hers"].locks
    assert not any("/r2/buckets/hers" in path for path in api.asked)


def test_only_a_full_check_asks_for_the_routes_of_the_zones_that_the_token_may_read(ledger: Path) -> None:
    api = Api()

    assert api.read(ledger).live.routes == ()
    assert not any(path.startswith("/zones") for path in api.asked)
    assert api.read(ledger, full=True).live.routes == (
        ZoneRoute(zone="example.com", pattern="example.com/*", worker="page"),
    )
    assert api.reported == ["the routes of the zone example.net are not known: the token lacks Workers Routes Read"]


def test_a_token_that_may_not_list_the_zones_reads_all_else(ledger: Path) -> None:
    api = Api()
    api.answers["/zones"] = refused(403)

    assert api.read(ledger, full=True).live.routes == ()


def test_a_gradual_deployment_is_kept_as_what_was_read(ledger: Path) -> None:
    api = Api()
    shares = [{"version_id": "v1", "percentage": 90}, {"version_id": "v2", "percentage": 10}]
    api.answers["/workers/scripts/page/deployments"] = {"deployments": [{"versions": shares}, {"versions": [ALL]}]}

    first, second = api.read(ledger).live, api.read(ledger).live

    assert first.workers["page"].version.shares == (("v1", 90), ("v2", 10))
    assert first == second


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 0}', '{"format": 1, "account": "b", "workers": {}}'])
def test_readings_that_are_broken_or_anothers_are_not_used(ledger: Path, content: str) -> None:
    api = Api()
    api.read(ledger)
    ledger.write_text(content)

    assert api.read(ledger).versions == 2


@pytest.mark.parametrize("status", [403, 404, 405])
def test_without_the_newer_list_each_workers_switch_is_asked_for(ledger: Path, status: int) -> None:
    api = Api()
    api.answers["/workers/workers"] = refused(status)
    for name in ("router", "page"):
        api.answers[f"/workers/scripts/{name}/subdomain"] = {"enabled": False, "previews_enabled": False}
    for script in api.answers["/workers/scripts"]:
        script["observability"] = {"enabled": True}

    live = api.read(ledger).live

    assert live.workers["page"].subdomain == (False, False)
    assert live.workers["page"].observability == {"enabled": True}


def test_a_list_that_leaves_out_the_storage_class_costs_a_call_for_each_declared_bucket(ledger: Path) -> None:
    api = Api()
    api.answers["/r2/buckets"] = {"buckets": [{"name": "files"}, {"name": "hers"}]}
    api.answers["/r2/buckets/files"] = {"name": "files", "storage_class": "InfrequentAccess"}

    live = api.read(ledger).live

    assert [(each.name, each.storage_class) for each in live.r2_buckets] == [
        ("files", "InfrequentAccess"),
        ("hers", None),
    ]


@pytest.mark.parametrize(
    "path", ["/workers/scripts", "/storage/kv/namespaces", "/r2/buckets", PAGES_SETTINGS, ROUTERS_SCHEDULES]
)
def test_a_refused_call_ends_the_reading_and_nothing_of_it_is_kept(ledger: Path, path: str) -> None:
    api = Api()
    api.answers[path] = refused(403)

    with pytest.raises(CloudflareError, match=f"{path}: HTTP 403"):
        api.read(ledger)
    assert not ledger.exists()
