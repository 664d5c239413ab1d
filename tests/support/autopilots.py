"""The autopilots' Workers for tests: bundled as they are deployed, run in workerd, called as by the orchestrator.

The signature is made by the Standard Webhooks library for Python, so that the Worker's check is held against code that
was written elsewhere. What a Worker stored is read by a second Worker, bound to the same storage.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from orchestrator.bundle.modules import bundle
from tests.support.catalogued import check_catalogued
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN, running_workerd

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
OLD_SECRET = "whsec_dGhlIHNlY3JldCBiZWZvcmUgaXQgd2FzIHJvdGF0ZWQ="
STORAGE: dict[str, dict[str, list[str]]] = {
    "employee": {
        "kvNamespaces": ["AI_EMPLOYEE_LOGS"],
        "r2Buckets": ["EFH_PRIVATE"],
        "d1Databases": ["AI_BUDGET", "EFH_CRM"],
    },
    "stylist": {"r2Buckets": ["EFH_ASSETS", "EFH_IMAGES"], "d1Databases": ["AI_BUDGET"]},
    "page-deployer": {"r2Buckets": ["EFH_PAGES"]},
    "payout-batch": {"r2Buckets": ["EFH_PRIVATE"], "d1Databases": ["EFH_PAYOUTS"]},
}
STORAGE_READER = """
export default {
  async fetch(request, env) {
    const [, binding, ...key] = decodeURIComponent(new URL(request.url).pathname).split("/");
    if (request.method === "POST") {
      const { sql, values } = await request.json();
      return Response.json((await env[binding].prepare(sql).bind(...values).all()).results);
    }
    if (request.method === "PUT") {
      const metadata = JSON.parse(request.headers.get("x-metadata")) ?? undefined;
      await env[binding].put(key.join("/"), await request.arrayBuffer(), { metadata });
      return new Response(null, { status: 204 });
    }
    if (key.length === 0) return Response.json((await env[binding].list()).keys.map(({ name }) => name));
    const value = await env[binding].get(key.join("/"));
    if (value === null) return new Response(null, { status: 404 });
    if (typeof value === "string") return new Response(value);
    const { contentType, contentDisposition } = value.httpMetadata;
    const metadata = JSON.stringify({ contentType, contentDisposition, name: value.customMetadata.name });
    return new Response(value.body, { headers: { "x-metadata": encodeURIComponent(metadata) } });
  },
};
"""


def signature(body: str, *, secret: str = SECRET, message_id: str | None = None, age: float = 0) -> dict[str, str]:
    """The Standard Webhooks headers of `body`, signed `age` seconds ago."""
    message_id = message_id or f"msg_{uuid.uuid4().hex}"
    at = datetime.now(UTC) - timedelta(seconds=age)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
    }


def envelope(
    capability: str,
    meta: object,
    *,
    autopilot: str,
    task: str = "a_task",
    caller: str = "shop",
    run: Mapping[str, object] | None = None,
) -> str:
    """The body that the orchestrator forwards; `run`: of a task that must not be done twice."""
    value = {"task": task, "capability": capability, "meta": meta, "autopilot": autopilot, "caller": caller}
    body = json.dumps({**value, **({"run": run} if run else {})}, ensure_ascii=False)
    # As JSON.stringify writes it: half a surrogate has no UTF-8 and is escaped.
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", body)


@dataclass(frozen=True, kw_only=True)
class Autopilot:
    """One autopilot's Worker in workerd; `once`: what it does must not be done twice, so its calls have a run; `pid` is
    workerd's parent process."""

    name: str
    http: httpx.Client
    once: bool = False
    pid: int = 0
    storage_url: str = ""

    def call(
        self,
        capability: str,
        meta: object,
        *,
        headers: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        """Send a task as the orchestrator does. `headers` replaces the signature's."""
        answer = self.http.send(self.request(capability, meta, headers=headers, idempotency_key=idempotency_key))
        check_catalogued(capability, meta, answer)
        return answer

    def request(
        self,
        capability: str,
        meta: object,
        *,
        headers: dict[str, str] | None = None,
        idempotency_key: str | None = None,
        timeout: float = 20,
    ) -> httpx.Request:
        """What `call` sends; `timeout` is in seconds."""
        run = None
        if self.once and idempotency_key:
            run = {"id": "run_1", "key": idempotency_key, "caller": "shop", "attempt": 1}
        body = envelope(capability, meta, autopilot=self.name, run=run)
        sent = {"content-type": "application/json"} | (signature(body) if headers is None else headers)
        if idempotency_key is not None:
            sent["idempotency-key"] = idempotency_key
        return self.http.build_request("POST", "/", content=body.encode(), headers=sent, timeout=timeout)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def stored(self, binding: str, key: str = "") -> httpx.Response:
        """What the Worker keeps under a key, read past it; without a key, the list of a KV namespace's keys."""
        return self.http.get(f"/{binding}/{key}" if key else f"/{binding}", headers={"host": "storage.localhost"})

    def sql(self, binding: str, statement: str, *values: object) -> list[dict[str, Any]]:
        """Runs a statement on a D1 database of the Worker's, past it."""
        body = {"sql": statement, "values": values}
        answer = self.http.post(f"{self.storage_url}/{binding}", json=body, headers={"host": "storage.localhost"})
        assert answer.is_success, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def store(self, binding: str, key: str, content: bytes | str, metadata: object = None) -> None:
        """Puts something into what the Worker keeps, past it; `metadata`: of a key of KV."""
        headers = {"host": "storage.localhost", "x-metadata": json.dumps(metadata)}
        answer = self.http.put(f"/{binding}/{key}", content=content, headers=headers)
        assert answer.is_success, answer.text

    def put(self, binding: str, key: str, content: bytes) -> httpx.Response:
        """Puts bytes into a bucket, past the Worker; of one that runs `direct`."""
        return self.http.put(f"{self.storage_url}/{binding}/{key}", content=content)

    def run_cron(self) -> None:
        """What the Worker's cron trigger does, to its end."""
        assert self.http.get("/cdn-cgi/handler/scheduled").is_success


@contextmanager
def running(name: str, **options: Any) -> Iterator[Autopilot]:
    """Run an autopilot with its storage and `STAGE`; `options` are miniflare's, `bindings` are added to those.

    `direct`: without miniflare's own Worker in front, which is not there at Cloudflare."""
    sockets = {"unsafeDirectSockets": [{"host": "127.0.0.1", "port": 0}]} if options.pop("direct", False) else {}
    bindings = {"WEBHOOK_SECRET": SECRET, "AUTOPILOTS": name, "STAGE": "local"} | options.pop("bindings", {})
    extra = options.pop("beside", [])
    storage = STORAGE.get(name, {}) | options.pop("storage", {})
    worker = {
        "name": name,
        "modules": True,
        "scriptPath": built(name),
        "compatibilityDate": "2026-07-01",
        "bindings": {key: value for key, value in bindings.items() if value is not None},
        **storage,
        **sockets,
        **options,
    }
    reader = {
        "name": "storage",
        "modules": True,
        "script": STORAGE_READER,
        "compatibilityDate": "2026-07-01",
        "routes": ["storage.localhost/*"],
        **storage,
        **sockets,
    }
    # unsafeTriggerHandlers: /cdn-cgi/handler/email, as Email Routing
    workers = running_workerd([worker, reader, *extra], unsafeTriggerHandlers=True)
    with (
        workers as process,
        httpx.Client(base_url=process.own.get(name, process.url), timeout=20, limits=EACH_ITS_OWN) as http,
    ):
        yield Autopilot(
            name=name,
            http=http,
            once=name == "payout-batch",
            pid=process.pid,
            storage_url=process.own.get("storage", ""),
        )


def built(name: str) -> str:
    """The path of the autopilot's module, made beside those of `make up`, so that neither disturbs the other."""
    source = f"autopilots/{name}/src/index.ts"
    made = bundle(sources={name: source}, contents={}, data={}, root=ROOT, build=Path(".build/autopilots"))
    return made[name].path
