"""The Workers for tests of tasks that nobody waits for: two routers on one database (two isolates), the autopilot of
`payer_worker.ts`, and a Worker that delivers messages as a queue does.

What the routers send goes to a queue that nobody takes from: each test delivers what it wants, as often and in the
order that it wants.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.modules import bundle, router_data
from orchestrator.catalog import Entry
from orchestrator.desired.workers import ROUTER_FLAGS
from orchestrator.routing.table import AsyncRule, CallerRule, Route, RoutingTable, ScheduleRule, TaskRule
from tests.support.api_document import CHECKED
from tests.support.payments import PAYER_SECRET, SECRET, TOKEN, Payments
from tests.support.project import ROOT
from tests.support.tokens import token_of
from tests.support.workerd import EACH_ITS_OWN, workerd

HOOKS = "hooks.example.com"
_QUICK = AsyncRule(retries=2, backoff_ms=30_000)
TABLE = RoutingTable(
    autopilots=(
        Route(name="narrow", capabilities=("narrow.run",), worker="efh-payer", binding="EFH_PAYER"),
        Route(
            name="payer", capabilities=("pay.run", "report.run", "checked.run"), worker="efh-payer", binding="EFH_PAYER"
        ),
        Route(name="limited", capabilities=("limited.run",), worker="efh-payer", binding="EFH_PAYER"),
    ),
    tasks={
        "pay": TaskRule(capability="pay.run", once=True, later=_QUICK),
        "report": TaskRule(capability="report.run", idempotent=True, later=_QUICK),
        "report_soon": TaskRule(capability="report.run", idempotent=True, timeout_ms=300, later=_QUICK),
        "report_late": TaskRule(capability="report.run", timeout_ms=0, later=_QUICK),
        "report_once": TaskRule(capability="report.run", later=_QUICK),
        "report_now": TaskRule(capability="report.run"),
        "narrow": TaskRule(capability="narrow.run", later=AsyncRule(retries=2, backoff_ms=1_000, max_concurrency=2)),
        "limited": TaskRule(capability="limited.run", later=_QUICK),
        "checked": TaskRule(capability="checked.run", later=_QUICK),
        "nobody": TaskRule(capability="nobody.run", later=_QUICK),
    },
    callers={
        "shop": CallerRule(may=("plan",)),
        "desk": CallerRule(may=("plan",), tasks=("report",)),
        "ops": CallerRule(may=("read", "resolve")),
    },
    schedules={"nightly": ScheduleRule(task="report", every="0 3 * * *", timezone="Europe/Berlin", meta={"of": "day"})},
)
CHECKED_META = Entry(
    name="checked.run",
    version="1.0.0",
    title="Checked",
    description="",
    meta={"type": "object", "required": ["text"]},
    result={},
)
"""Its entry in the catalogue."""
TOKENS = {name: token_of(name) for name in TABLE.callers}
_SETTINGS = {
    "API_TOKEN": TOKEN,
    "CALLER_TOKENS": json.dumps({name: token_of(name) for name in ("shop", "desk", "ops")}),
    "WEBHOOK_SECRET": SECRET,
    "STAGE": "prod",
}


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """Of a batch: the ids of the acknowledged messages, and after how many seconds others come again, by id."""

    acknowledged: frozenset[str]
    again: Mapping[str, int] = field(default_factory=dict)


class Later(Payments):
    """The calls of these tests; `router` names an isolate."""

    def ask(self, task: str, meta: object = None, *, key: str | None = None, **more: Any) -> httpx.Response:
        """POST /autopilot/plan; `prefer` and other members of the body as `more`."""
        headers = {} if key is None else {"idempotency-key": key}
        if prefer := more.pop("prefer", None):
            headers["prefer"] = prefer
        options = {name: more.pop(name) for name in ("router", "token") if name in more}
        body = {"task": task, "meta": {} if meta is None else meta, **more}
        return self.request("POST", "/autopilot/plan", body, headers=headers, **options)

    def queued(self, task: str, meta: object = None, **more: Any) -> dict[str, Any]:
        """The run of a task that was taken in."""
        answer = self.ask(task, meta, **more)
        assert answer.status_code == 202, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def deliver(self, *bodies: Mapping[str, Any], router: str = "router", attempts: int = 1) -> Delivered:
        """One batch of messages; their ids are `message-0` and so on."""
        messages = [{"body": body, "attempts": attempts} for body in bodies]
        headers = {"host": "queue.example.net"}
        answer = self._http.post(f"/deliver/{router}", json={"messages": messages}, headers=headers, timeout=60)
        answer.raise_for_status()
        result = answer.json()
        assert result["outcome"] == "ok", result
        again = {each["msgId"]: each.get("delaySeconds", 0) for each in result.get("retryMessages", [])}
        return Delivered(acknowledged=frozenset(result["explicitAcks"]), again=again)

    def try_run(self, run: Mapping[str, Any], **options: Any) -> int | None:
        """Deliver its message alone; in how many seconds it comes again, None for never."""
        return self.deliver(message(run), **options).again.get("message-0")

    def make_due(self, run: Mapping[str, Any]) -> None:
        """As if the time of its next attempt had come."""
        self.sql("UPDATE runs SET due_at = 1 WHERE id = ?", run["id"])

    def show(self, run: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        shown: dict[str, Any] = self.request("GET", f"/autopilot/runs/{run['id']}", **options).json()
        return shown


def message(run: Mapping[str, Any]) -> dict[str, Any]:
    return {"run": run["id"], "task": run["task"]}


@contextmanager
def running() -> Iterator[Later]:
    sources = {"router": "router/src/index.ts"}
    sources |= {name: f"tests/support/{name}_worker.ts" for name in ("payer", "records", "queue")}
    catalog = {CHECKED_META.name: CHECKED_META.document()}
    data = router_data(TABLE, root=ROOT) | {"catalog": json.dumps(catalog)}
    made = bundle(sources=sources, contents={}, data=data, root=ROOT, build=Path(".build/later"))
    storage: dict[str, Any] = {"d1Databases": {"DB": "records"}, "kvNamespaces": {"REGISTRY": "copy"}}
    names = ("router", "elsewhere")
    workers = [
        _worker("efh-payer", made["payer"].path, hosts=[HOOKS], bindings={"SECRET": PAYER_SECRET}),
        _worker("records", made["records"].path, **storage),
        _worker(
            "queue",
            made["queue"].path,
            serviceBindings={f"router:{name}": name for name in names},
            compatibilityFlags=["service_binding_extra_handlers"],
        ),
        *(
            _worker(
                name,
                made["router"].path,
                bindings=_SETTINGS,
                serviceBindings={"EFH_PAYER": "efh-payer"},
                queueProducers={"TASK_QUEUE": "efh-tasks", "DEAD_LETTER_QUEUE": "efh-tasks-dead"},
                compatibilityFlags=list(ROUTER_FLAGS),
                outboundService="efh-payer",
                **storage,
            )
            for name in names
        ),
        # Its queue takes nothing: it is bound to a Worker that has no `send`.
        _worker(
            "unfed",
            made["router"].path,
            bindings=_SETTINGS,
            serviceBindings={"EFH_PAYER": "efh-payer", "TASK_QUEUE": "records"},
            **storage,
        ),
        _worker(
            "queueless", made["router"].path, bindings=_SETTINGS, serviceBindings={"EFH_PAYER": "efh-payer"}, **storage
        ),
    ]
    with (
        workerd(workers) as url,
        httpx.Client(base_url=url, timeout=60, limits=EACH_ITS_OWN, event_hooks=CHECKED) as http,
    ):
        yield Later(http)


def _worker(name: str, path: str, *, hosts: Sequence[str] = (), **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "modules": True,
        "scriptPath": path,
        "compatibilityDate": "2026-07-01",
        "routes": [f"{host}/*" for host in (f"{name}.example.net", f"{name}.localhost", *hosts)],
        **options,
    }
