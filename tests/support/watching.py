"""The Workers for the tests of the scheduled run: routing Workers that start knowing nothing, each with records and a
copy of its own, and one Worker that is everything they call (`world_worker.ts`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.modules import bundle, router_data
from orchestrator.desired.workers import ROUTER_FLAGS
from orchestrator.routing.table import AlertRule, Resources, Route, RoutingTable, TaskRule
from tests.support.api_document import CHECKED
from tests.support.eventually import eventually
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN, workerd

TOKEN = "token-of-the-tests-0123456789abcdef"
PERIOD_MS = 900_000
TABLE = RoutingTable(
    autopilots=(
        Route(
            name="alone",
            capabilities=("alone.run",),
            worker="efh-alone",
            binding="EFH_ALONE",
            needs=Resources(kv_namespaces=("ALONE_LOGS",), workers=("efh-alone",)),
        ),
        Route(name="pair-a", capabilities=("pair.run",), endpoint="https://a.example.com/"),
        Route(name="pair-b", capabilities=("pair.run",), endpoint="https://b.example.com/hook?from=efh"),
    ),
    tasks={"go_alone": TaskRule(capability="alone.run"), "go_paired": TaskRule(capability="pair.run")},
    declared=Resources(
        kv_namespaces=("ALONE_LOGS", "REGISTRY"),
        r2_buckets=("efh-private",),
        d1_databases=("efh-ledger",),
        workers=("efh-alone", "efh-router"),
    ),
    cron_period_ms=PERIOD_MS,
    alerts={
        "down": AlertRule(when="health.down", metric="health.down", above=0, to=("discord", "slack", "webhook-oncall")),
        "full": AlertRule(when="quota > 80%", metric="quota", above=80, to=("slack",)),
        "gone": AlertRule(when="drift", metric="drift", above=0, to=("slack",)),
    },
)
SETTINGS = {
    "API_TOKEN": TOKEN,
    "WEBHOOK_SECRET": "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw==",
    "STAGE": "prod",
    "PUBLIC_URL": "https://router.example.net",
}
ALERTS = {"ALERT_URL": "https://alerts.example.com/services/T0/B0/hunter2"}
CHANNELS = {name: f"https://{name}.example.com/hook" for name in ("discord", "slack", "webhook-oncall")}
"""Of the router `alerting`; to the others nobody has given a URL."""
ACCOUNT = {
    "CLOUDFLARE_API_TOKEN": "diagnose-hunter2",
    "CLOUDFLARE_ACCOUNT_ID": "acc",
    "CLOUDFLARE_API_URL": "https://api.example.com/client/v4",
    "NAME_PREFIX": "pr-7-",
    "HEAL": json.dumps({"url": "https://heal.example.com/hook"}),
}
ANALYTICS = {
    "CLOUDFLARE_ANALYTICS_TOKEN": "analytics-hunter2",
    "CLOUDFLARE_ACCOUNT_ID": "acc",
    "CLOUDFLARE_API_URL": ACCOUNT["CLOUDFLARE_API_URL"],
}
# What each kind of router is bound beside its own records and copy; a binding that is a text stands for one whose
# namespace or database is gone: every use of it fails.
KINDS: dict[str, dict[str, str]] = {
    "plain": ALERTS,
    "shared": ALERTS,
    "quiet": {},
    "account": ALERTS | ACCOUNT,
    "alerting": {"ALERT_URLS": json.dumps(CHANNELS)},
    "metered": ANALYTICS,
    "undatabased": ALERTS | {"DB": "gone"},
    "uncopied": ALERTS | {"REGISTRY": "gone"},
}
COUNTS = {
    "plain": 38,
    "shared": 10,
    "quiet": 3,
    "account": 8,
    "alerting": 5,
    "metered": 2,
    "undatabased": 2,
    "uncopied": 1,
}
"""As many as all tests together use: all of them may run in one process."""
SHARED = ("shared", "account")  # these have a second isolate
CLOUDFLARE = "api.example.com/client/v4/accounts/acc"


class Router:
    """One routing Worker; `elsewhere` is another isolate on the same records and copy, where its kind has one."""

    def __init__(self, http: httpx.Client, name: str) -> None:
        self.name = name
        self._http = http

    def request(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        return self._http.request(
            method,
            path,
            content=None if body is None else json.dumps(body),
            headers={
                "host": f"{self.name}.example.net",
                "authorization": f"Bearer {TOKEN}",
                **({} if body is None else {"content-type": "application/json"}),
                **headers,
            },
        )

    @property
    def elsewhere(self) -> Router:
        return Router(self._http, f"{self.name}-elsewhere")

    def run(self, times: int = 1) -> dict[str, Any]:
        """The last report of so many runs."""
        for _ in range(times):
            response = self.request("POST", "/__scheduled")
            assert response.status_code == 200, response.text
        report: dict[str, Any] = response.json()
        return report

    def cron(self) -> None:
        """What Cloudflare does every 15 minutes."""
        response = self.request("GET", "/cdn-cgi/handler/scheduled?cron=*/15+*+*+*+*")
        assert (response.status_code, response.text) == (200, "ok")

    def health(self) -> dict[str, Any]:
        document: dict[str, Any] = self.request("GET", "/health").json()
        return document

    def check(self, name: str) -> dict[str, Any]:
        """One check of /health."""
        [check] = self.health()["checks"][name]
        assert isinstance(check, dict)
        return check

    def listed(self, name: str) -> dict[str, Any]:
        """One autopilot of /autopilot/list."""
        autopilots = self.request("GET", "/autopilot/list").json()["autopilots"]
        return next(each for each in autopilots if each["name"] == name)

    def plan(self, task: str, **more: Any) -> httpx.Response:
        return self.request("POST", "/autopilot/plan", {"task": task, "meta": {}, **more})

    def register(self, name: str, endpoint: str, **more: Any) -> None:
        body = {"name": name, "endpoint": endpoint, "capabilities": [f"{name}.run"], **more}
        assert self.request("POST", "/autopilot/registry", body).status_code == 201

    def journal(self, is_so: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The entries of the journal, once they are as said: they are written after the answer."""

        def read() -> list[dict[str, Any]]:
            entries: list[dict[str, Any]] = self.request("GET", "/autopilot/journal").json()["entries"]
            return entries

        return eventually(lambda: found if is_so(found := read()) else None, read)


class World:
    """What the routers call."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._unused = {kind: iter([f"{kind}-{number}" for number in range(count)]) for kind, count in COUNTS.items()}

    def router(self, kind: str = "plain") -> Router:
        """One that no test has used yet."""
        name = next(self._unused[kind], None)
        assert name, f"COUNTS has too few of the kind {kind}: all tests that use one may run in one process"
        return Router(self._http, name)

    def answers(self, answers: Mapping[str, object] | None = None) -> None:
        """From now on, by host and path; everything else is well. What was sent before is forgotten."""
        self._control("PUT", "/answers", json=answers or {})

    def calls(self, host: str) -> list[dict[str, Any]]:
        """What was sent to a host."""
        calls: list[dict[str, Any]] = self._control("GET", "/calls").json()["calls"]
        return [call for call in calls if httpx.URL(call["url"]).host == host]

    def most_at_once(self) -> int:
        """How many calls went on at the same time, at most."""
        most: int = self._control("GET", "/calls").json()["most"]
        return most

    def alerts(self) -> list[str]:
        """The lines of the alerts, without their headings."""
        texts = [json.loads(call["body"])["text"] for call in self.calls("alerts.example.com")]
        return [line for text in texts for line in text.splitlines()[1:]]

    def wait_for_copy(self, router: Router) -> None:
        """Until the copy of the registrations is there: it is written after the answer."""
        path = f"/kv/{router.name}/registrations"
        eventually(lambda: self._control("GET", path).text, "the copy is written")

    def sql(self, router: Router, statement: str) -> None:
        """Changes a router's record."""
        self._control("POST", f"/sql/{router.name}", content=statement)

    def copy(self, router: Router, key: str, value: object) -> None:
        """Writes to a router's namespace."""
        self._control("PUT", f"/kv/{router.name}/{key}", json=value)

    def _control(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = self._http.request(method, path, headers={"host": "world.example.net"}, **options)
        return response.raise_for_status()


@contextmanager
def running() -> Iterator[World]:
    """Run them all in one workerd."""
    made = bundle(
        sources={"router": "router/src/index.ts", "world": "tests/support/world_worker.ts"},
        contents={},
        data=router_data(TABLE, root=ROOT),
        root=ROOT,
        build=Path(".build/watching"),
    )
    names = [f"{kind}-{number}" for kind, count in COUNTS.items() for number in range(count)]
    storage = {
        "kvNamespaces": {f"copy of {name}": name for name in names},
        "d1Databases": {f"record of {name}": name for name in names},
    }
    world = _worker("world", made["world"].path, **storage)
    routers = [
        _router(isolate, name, KINDS[name.rsplit("-", 1)[0]], made["router"].path)
        for name in names
        for isolate in (name, *([f"{name}-elsewhere"] if name.startswith(SHARED) else []))
    ]
    with (
        workerd([world, *routers], unsafeTriggerHandlers=True) as url,
        httpx.Client(base_url=url, timeout=60, limits=EACH_ITS_OWN, event_hooks=CHECKED) as http,
    ):
        yield World(http)


def _router(isolate: str, storage: str, bindings: dict[str, str], path: str) -> dict[str, Any]:
    return _worker(
        isolate,
        path,
        bindings=SETTINGS | bindings,
        serviceBindings={"EFH_ALONE": "world"},
        outboundService="world",
        compatibilityFlags=list(ROUTER_FLAGS),
        **({} if "DB" in bindings else {"d1Databases": {"DB": storage}}),
        **({} if "REGISTRY" in bindings else {"kvNamespaces": {"REGISTRY": storage}}),
    )


def _worker(name: str, path: str, **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "modules": True,
        "scriptPath": path,
        "compatibilityDate": "2026-07-01",
        "routes": [f"{name}.example.net/*"],
        **options,
    }
