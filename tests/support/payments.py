"""The Workers for the tests of what must not be done twice: the routing Worker in several configurations, an autopilot
that counts its calls (`payer_worker.ts`), and a Worker that reaches the routers' records (`records_worker.ts`)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.modules import bundle, router_data
from orchestrator.dispatch.signature import secret_of
from orchestrator.routing.table import CallerRule, Route, RoutingTable, TaskRule
from tests.support.api_document import CHECKED
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN, workerd

TOKEN, SHOP_TOKEN = "token-of-the-tests-0123456789abcdef", "token-of-the-shop-0123456789abcdef"
COMMAND_TOKEN = "token-of-the-command-0123456789abcdef"
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
TABLE = RoutingTable(
    autopilots=(
        Route(name="closed", capabilities=("closed.run",), worker="efh-gone", binding="EFH_GONE"),
        Route(name="payer", capabilities=("pay.run", "pair.run"), worker="efh-payer", binding="EFH_PAYER"),
        Route(name="second", capabilities=("pair.run",), worker="efh-payer", binding="EFH_PAYER"),
    ),
    tasks={
        "pay": TaskRule(capability="pay.run", once=True),
        "pay_soon": TaskRule(capability="pay.run", once=True, timeout_ms=300),
        "pay_nowhere": TaskRule(capability="closed.run", once=True),
        "pay_either": TaskRule(capability="pair.run", once=True),
        "pay_nobody": TaskRule(capability="nobody.run", once=True),
    },
)
PAYER_SECRET = secret_of(SECRET, "payer")
_CONFIGURED = {
    "API_TOKEN": f"{TOKEN} shop:{SHOP_TOKEN} command:{COMMAND_TOKEN}",
    "WEBHOOK_SECRET": SECRET,
    "STAGE": "prod",
}
_UNSIGNED = {name: value for name, value in _CONFIGURED.items() if name != "WEBHOOK_SECRET"}
# Each router's settings and records: `elsewhere` is another isolate on those of `router`.
_ROUTERS: dict[str, tuple[dict[str, str], str | None]] = {
    "router": (_CONFIGURED, "records"),
    "elsewhere": (_CONFIGURED, "records"),
    "unsigned": (_UNSIGNED, "records"),
    "fragile": (_CONFIGURED, "fragile-records"),
    "unrecorded": (_CONFIGURED, None),
    "broken": (_CONFIGURED | {"DB": "no database"}, None),
}


class Payments:
    """The calls of these tests; `router` names a configuration."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    @property
    def port(self) -> int | None:
        return self._http.base_url.port

    def pay(
        self,
        key: str | None,
        meta: object = None,
        *,
        task: str = "pay",
        router: str = "router",
        token: str = TOKEN,
        explain: bool = False,
    ) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        body = {"task": task, "meta": {} if meta is None else meta, "explain": explain}
        return self.request("POST", "/autopilot/plan", body, router=router, token=token, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        router: str = "router",
        token: str = TOKEN,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        return self._http.request(
            method,
            path,
            content=None if body is None else json.dumps(body),
            headers={
                "host": f"{router}.example.net",
                "authorization": f"Bearer {token}",
                **({} if body is None else {"content-type": "application/json"}),
                **(headers or {}),
            },
        )

    def post_text(self, body: str, *, headers: Mapping[str, str]) -> httpx.Response:
        """`/autopilot/plan` with that text as it is."""
        given = {"host": "router.example.net", "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        return self._http.post("/autopilot/plan", content=body, headers={**given, **headers})

    def run(self, run_id: str) -> Any:
        return self.request("GET", f"/autopilot/runs/{run_id}").json()

    def resolve(self, run_id: str, resolution: str, **more: Any) -> httpx.Response:
        token = more.pop("token", TOKEN)
        body = {"resolution": resolution, **more}
        return self.request("POST", f"/autopilot/runs/{run_id}/resolve", body, token=token)

    def calls(self, key: str) -> list[dict[str, Any]]:
        """What the autopilot was sent under `key`."""
        got = self._http.get("/calls", params={"key": key}, headers={"host": "efh-payer.example.net"})
        calls: list[dict[str, Any]] = got.json()
        return calls

    def leave(self, key: str, meta: object, *, after: float = 2) -> None:
        """Ask, and go away after some seconds without an answer. Raises httpx.ReadTimeout."""
        headers = {"host": "router.example.net", "authorization": f"Bearer {TOKEN}", "idempotency-key": key}
        self._http.post("/autopilot/plan", json={"task": "pay", "meta": meta}, headers=headers, timeout=after)

    def release(self, key: str) -> None:
        self._http.post("/release", params={"key": key}, headers={"host": "efh-payer.example.net"})

    def sql(self, statement: str, *values: object, records: str = "records") -> list[dict[str, Any]]:
        """Runs a statement on a router's records."""
        body = {"sql": statement, "values": values}
        answer = self._http.post("/sql", json=body, headers={"host": f"{records}.example.net"})
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def abandon(self, run_id: str) -> None:
        """As if the isolate that was at it had been stopped long ago."""
        self.sql("UPDATE runs SET expires_at = 0 WHERE id = ?", run_id)

    def prune(self) -> int:
        pruned: int = self._http.post("/prune", headers={"host": "records.example.net"}).json()["pruned"]
        return pruned


def new_key() -> str:
    return f"key-{uuid.uuid4()}"


@contextmanager
def running(callers: Mapping[str, CallerRule] | None = None, tokens: str = "{}") -> Iterator[Payments]:
    """Run them all in one workerd. `callers`: those that the table declares, `tokens`: theirs, as CALLER_TOKENS is."""
    sources = {"router": "router/src/index.ts"}
    sources |= {name: f"tests/support/{name}_worker.ts" for name in ("payer", "records")}
    build = Path(".build/callers" if callers else ".build/payments")
    table = replace(TABLE, callers=callers or {})
    made = bundle(sources=sources, contents={}, data=router_data(table, root=ROOT), root=ROOT, build=build)
    workers = [
        _worker("efh-payer", made["payer"].path, bindings={"SECRET": PAYER_SECRET}),
        *(_worker(name, made["records"].path, d1Databases={"DB": name}) for name in ("records", "fragile-records")),
        *(
            _worker(
                name,
                made["router"].path,
                bindings=bindings | {"CALLER_TOKENS": tokens},
                serviceBindings={"EFH_PAYER": "efh-payer"},
                **({} if records is None else {"d1Databases": {"DB": records}}),
            )
            for name, (bindings, records) in _ROUTERS.items()
        ),
    ]
    with (
        workerd(workers) as url,
        httpx.Client(base_url=url, timeout=30, limits=EACH_ITS_OWN, event_hooks=CHECKED) as http,
    ):
        yield Payments(http)


def _worker(name: str, path: str, **options: Any) -> dict[str, Any]:
    routes = [f"{name}.example.net/*", f"{name}.localhost/*"]
    return {
        "name": name,
        "modules": True,
        "scriptPath": path,
        "compatibilityDate": "2026-07-01",
        "routes": routes,
        **options,
    }
