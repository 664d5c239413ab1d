"""The routing Worker in front of a Cloudflare account, for what it finds out and asks for.

The account is the local Cloudflare's, over its real API. Everything that the Workers send passes one relay, which is
the internet here: it takes GitHub's name to a service on loopback and answers for a partner as Cloudflare's edge does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.modules import bundle, router_data
from orchestrator.desired.workers import ROUTER_FLAGS
from orchestrator.routing.table import Resources, Route, RoutingTable
from tests.support.api_document import CHECKED
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.loopback_service import Service
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN, workerd

TOKEN = "token-of-the-tests-0123456789abcdef"
GITHUB_TOKEN = "ghp_token-for-the-dispatch"
WEBHOOK_TOKEN = "token-of-the-webhook"
READS = ("Workers Scripts Read", "Workers KV Storage Read", "Workers R2 Storage Read", "D1 Read")
EDITS = ("Workers Scripts Edit", "Workers KV Storage Edit", "Workers R2 Storage Edit", "D1 Edit")
TABLE = RoutingTable(
    autopilots=(
        Route(name="behind-1042", capabilities=("a.run",), endpoint="https://partner.example.com/hook"),
        Route(name="closed", capabilities=("b.run",), endpoint="http://127.0.0.1:1/"),
        Route(name="well", capabilities=("c.run",), worker="efh-well", binding="EFH_WELL"),
    ),
    declared=Resources(
        kv_namespaces=("LOGS", "REGISTRY"), r2_buckets=("efh-europe", "efh-private"), workers=("efh-well",)
    ),
)
_RELAY = """
export default {
  async fetch(request, { GITHUB }) {
    const { hostname, pathname } = new URL(request.url);
    if (hostname === "partner.example.com") return new Response("error code: 1042", { status: 404 });
    if (hostname === "api.github.com") return fetch(new Request(GITHUB + pathname, request));
    return fetch(request);
  },
};"""
_WELL = """export default { fetch: () => Response.json({ status: "pass" }) };"""


class Account(LocalCloudflare):
    """The account behind the routers; `token` mints one with just these permissions."""

    def mint(self, *permissions: str, status: str = "active", owner: str = "user") -> str:
        wanted = {"name": "diagnosis", "permissions": permissions, "status": status, "owner": owner}
        return str(self.local("POST", "/tokens", wanted)["value"])

    def add_namespace(self, title: str) -> None:
        assert self.call("POST", "/storage/kv/namespaces", json={"title": title}).is_success

    def remove_namespaces(self) -> None:
        for namespace in self.call("GET", "/storage/kv/namespaces").json()["result"]:
            assert self.call("DELETE", f"/storage/kv/namespaces/{namespace['id']}").is_success

    def add_bucket(self, name: str, jurisdiction: str = "default") -> None:
        headers = {"cf-r2-jurisdiction": jurisdiction}
        assert self.call("POST", "/r2/buckets", json={"name": name}, headers=headers).is_success

    def add_worker(self, name: str) -> None:
        metadata = {"main_module": "index.js", "compatibility_date": "2026-07-01"}
        files = {
            "metadata": (None, json.dumps(metadata), "application/json"),
            "index.js": ("index.js", _WELL, "application/javascript+module"),
        }
        assert self.call("PUT", f"/workers/scripts/{name}", files=files).is_success

    def use_worker(self, name: str, *, times: int) -> None:
        """A Worker of the account that was asked so often."""
        self.add_worker(name)
        assert self.call("POST", f"/workers/scripts/{name}/subdomain", json={"enabled": True}).is_success
        url = httpx.URL(self.workers_url.format(worker=name))
        for _ in range(times):
            httpx.get(url.copy_with(host="127.0.0.1"), headers={"host": url.netloc.decode()}).raise_for_status()


class Router:
    """One configuration of the routing Worker."""

    def __init__(self, http: httpx.Client, name: str) -> None:
        self._http = http
        self._name = name

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"host": f"{self._name}.example.net", "authorization": f"Bearer {TOKEN}"}
        return self._http.request(method, path, headers=headers, **options)

    def diagnose(self) -> httpx.Response:
        return self.request("GET", "/autopilot/diagnose")

    def ensure(self, want: object) -> httpx.Response:
        return self.request("POST", "/autopilot/ensure-infra", json={"want": want})

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.request("GET", "/autopilot/journal").json()["entries"]
        return entries


@contextmanager
def routers(
    account: Account, github: Service, settings: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Router]]:
    """Routers by name; `settings` has what each is bound to beside what all are. Each has records of its own, except
    that `<name>-too` shares those of `<name>`: another isolate of the same."""
    path = _bundled()
    common = {"API_TOKEN": TOKEN, "STAGE": "local", "CLOUDFLARE_ACCOUNT_ID": account.account_id}
    scripts: list[dict[str, Any]] = [
        {"name": "relay", "script": _RELAY, "bindings": {"GITHUB": github.url}},
        {"name": "efh-well", "script": _WELL},
        *(
            {
                "name": name,
                "scriptPath": path,
                "routes": [f"{name}.example.net/*"],
                "bindings": {**common, "CLOUDFLARE_API_URL": account.url, **bound},
                "d1Databases": {"DB": name.removesuffix("-too")},
                "kvNamespaces": {"REGISTRY": name.removesuffix("-too")},
                "serviceBindings": {"EFH_WELL": "efh-well"},
                "outboundService": "relay",
                "compatibilityFlags": list(ROUTER_FLAGS),
            }
            for name, bound in settings.items()
        ),
    ]
    modern = {"modules": True, "compatibilityDate": "2026-07-01"}
    with (
        workerd([{**modern, **script} for script in scripts]) as url,
        httpx.Client(base_url=url, timeout=60, limits=EACH_ITS_OWN, event_hooks=CHECKED) as http,
    ):
        yield {name: Router(http, name) for name in settings}


def _bundled() -> str:
    modules = bundle(
        sources={"router": "router/src/index.ts"},
        contents={},
        data=router_data(TABLE, root=ROOT),
        root=ROOT,
        build=Path(".build/diagnosed"),
    )
    return modules["router"].path
