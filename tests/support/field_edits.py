"""An edit of every field of `autopilots.yaml` and of every setting, on the drift stack.

Each is made, brought up, taken back and brought up again: nothing may be left of it. Edits that name other data stop
(`store_edits`); they are here too, since a stop leaves nothing either.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.drift_stack import GREETER, MANIFEST

Manifest = dict[str, Any]
Edit = Callable[[Manifest], None]

GREETING = "export default { fetch: () => new Response('greetings') }"


def edited(edit: Edit) -> Manifest:
    manifest = copy.deepcopy(MANIFEST)
    manifest["tasks"] = {"keep": {"capability": "file.keep"}}
    edit(manifest)
    return manifest


def unedited() -> Manifest:
    return edited(lambda _: None)


def _set(*path: str | int, **values: Any) -> Edit:
    """Set keys of the mapping at `path`."""

    def edit(manifest: Manifest) -> None:
        place: Any = manifest
        for step in path:
            place = place[step]
        place.update(values)

    return edit


def _renamed_worker(manifest: Manifest) -> None:
    greeter = manifest["autopilots"][1]
    greeter["worker"] = greeter["needs"]["workers"][0]["name"] = f"{GREETER}-2"


def _from_source(manifest: Manifest) -> None:
    worker = manifest["autopilots"][1]["needs"]["workers"][0]
    del worker["content"]
    worker["source"] = "router/src/index.ts"


def _without_archivist(manifest: Manifest) -> None:
    del manifest["autopilots"][2]


_KEEPER, _NEEDS = ("autopilots", 0), ("autopilots", 0, "needs")
_WORKER, _GREETER = (*_NEEDS, "workers", 0), ("autopilots", 1, "needs", "workers", 0)
_BUCKET, _TASK = ["efh-files", {"name": "efh-cold", "storageClass": "InfrequentAccess"}], ("tasks", "keep")
_DAILY = {"task": "keep", "every": "0 6 * * *"}
_ALERT = {"when": "health.down", "to": ["webhook"]}

FIELD_EDITS: Mapping[str, Edit] = {
    "Manifest.orchestrator": _set("orchestrator", kvNamespaces=["REGISTRY", "ARCHIVE"]),
    "Manifest.autopilots": _without_archivist,
    "Manifest.callers": _set(callers={"shop": {"may": ["read"]}}),
    "Caller.may": _set(callers={"shop": {"may": ["plan", "read"]}}),
    "Caller.tasks": _set(callers={"shop": {"may": ["plan"], "tasks": ["keep"]}}),
    "Manifest.tasks": lambda manifest: manifest["tasks"].clear(),
    "Orchestrator.worker": _set("orchestrator", worker="efh-router-2"),
    "Orchestrator.database": _set("orchestrator", database="efh-records"),
    "Orchestrator.cron": _set("orchestrator", cron="0 * * * *"),
    "Orchestrator.kv_namespaces": _set("orchestrator", kvNamespaces=["REGISTRY", "EXTRA"]),
    "Orchestrator.allowed_hosts": _set("orchestrator", allowedHosts=["archive.example.com"]),
    "Orchestrator.allowed_origins": _set("orchestrator", allowedOrigins=["https://admin.example.com"]),
    "Autopilot.name": _set(*_KEEPER, name="holder"),
    "Autopilot.endpoint": _set("autopilots", 2, endpoint="https://archives.example.com/"),
    "Autopilot.worker": _renamed_worker,
    "Autopilot.capabilities": _set(*_KEEPER, capabilities=["file.keep", "file.find"]),
    "Autopilot.priority": _set(*_KEEPER, priority=5),
    "Autopilot.weight": _set(*_KEEPER, weight=5),
    "Autopilot.needs": _set("autopilots", 2, needs={}),
    "Needs.kv_namespaces": _set(*_NEEDS, kvNamespaces=[]),
    "Needs.r2_buckets": _set(*_NEEDS, r2Buckets=[]),
    "Needs.d1_databases": _set(*_NEEDS, d1Databases=[]),
    "DatabaseNeed.name": _set(*_NEEDS, d1Databases=["efh-accounts"]),
    "DatabaseNeed.jurisdiction": _set(*_NEEDS, d1Databases=[{"name": "efh-ledger", "jurisdiction": "eu"}]),
    "DatabaseNeed.binding": _set(*_NEEDS, d1Databases=[{"name": "efh-ledger", "binding": "LEDGER"}]),
    "Needs.workers": _renamed_worker,
    "KvNamespaceNeed.title": _set(*_NEEDS, kvNamespaces=["NOTEBOOK"]),
    "KvNamespaceNeed.binding": _set(*_NEEDS, kvNamespaces=[{"title": "NOTES", "binding": "PAPERS"}]),
    "BucketNeed.binding": _set(*_NEEDS, r2Buckets=[{"name": "efh-files", "binding": "FILES"}, _BUCKET[1]]),
    "BucketNeed.name": _set(*_NEEDS, r2Buckets=["efh-papers", _BUCKET[1]]),
    "BucketNeed.location": _set(*_NEEDS, r2Buckets=[{"name": "efh-files", "location": "weur"}, _BUCKET[1]]),
    "BucketNeed.jurisdiction": _set(*_NEEDS, r2Buckets=[{"name": "efh-files", "jurisdiction": "eu"}, _BUCKET[1]]),
    "BucketNeed.storage_class": _set(*_NEEDS, r2Buckets=["efh-files", "efh-cold"]),
    "SecretNeed.name": _set(*_WORKER, secrets=[]),
    "SecretNeed.optional": _set(*_WORKER, secrets=[{"name": "ACCESS_KEY", "optional": True}]),
    "WorkerScript.name": _renamed_worker,
    "WorkerScript.source": _from_source,
    "WorkerScript.content": _set(*_GREETER, content=GREETING),
    "WorkerScript.crons": _set(*_WORKER, crons=[]),
    "WorkerScript.secrets": _set(*_GREETER, secrets=["ACCESS_KEY"]),
    "WorkerScript.vars": _set(*_WORKER, vars={"MODE": "bold", "MORE": "1"}),
    "WorkerScript.ai": _set(*_WORKER, ai=False),
    "WorkerScript.send_email": _set(*_WORKER, sendEmail=True),
    "WorkerScript.compatibility_date": _set(*_WORKER, compatibilityDate="2026-06-01"),
    "WorkerScript.compatibility_flags": _set(*_WORKER, compatibilityFlags=["nodejs_compat"]),
    "WorkerScript.public": _set(*_WORKER, public=True),
    "WorkerScript.observability": _set(*_WORKER, observability={"enabled": False}),
    "Observability.enabled": _set(*_GREETER, observability={"enabled": False}),
    "Observability.head_sampling_rate": _set(*_WORKER, observability={"headSamplingRate": 0.1}),
    "WorkerScript.placement": _set(*_WORKER, placement="smart"),
    "WorkerScript.limits": _set(*_WORKER, limits={"cpuMs": 50}),
    "WorkerLimits.cpu_ms": _set(*_WORKER, limits={"cpuMs": 20}),
    "WorkerScript.tail_consumers": _set(*_WORKER, tailConsumers=[GREETER]),
    "WorkerScript.logpush": _set(*_WORKER, logpush=True),
    "WorkerScript.domains": _set(*_WORKER, domains=["keep.example.com"]),
    "Task.capability": _set(*_TASK, capability="greet.person"),
    "Task.description": _set(*_TASK, description="Keep a file"),
    "Task.once": _set(*_TASK, once=True),
    "Task.idempotent": _set(*_TASK, idempotent=True),
    "Task.stream": _set(*_TASK, stream=True),
    "Task.timeout": _set(*_TASK, timeout=30),
    "Task.later": _set(*_TASK, **{"async": True}),
    "AsyncTask.retries": _set(*_TASK, **{"async": {"retries": 1}}),
    "AsyncTask.backoff": _set(*_TASK, **{"async": {"backoff": 60}}),
    "AsyncTask.max_concurrency": _set(*_TASK, **{"async": {"maxConcurrency": 2}}),
    "AsyncTask.callback": _set(*_TASK, **{"async": {"callback": "https://hooks.example.com/done"}}),
    "Manifest.schedules": _set(schedules={"daily": _DAILY}),
    "ScheduledTask.task": _set(schedules={"daily": _DAILY}),
    "ScheduledTask.every": _set(schedules={"daily": {**_DAILY, "every": "0 * * * *"}}),
    "ScheduledTask.timezone": _set(schedules={"daily": {**_DAILY, "timezone": "Europe/Berlin"}}),
    "ScheduledTask.meta": _set(schedules={"daily": {**_DAILY, "meta": {"about": "yesterday"}}}),
    "Manifest.alerts": _set(alerts={"down": _ALERT}),
    "Alert.when": _set(alerts={"down": {**_ALERT, "when": "p95 > 5s"}}),
    "Alert.hold": _set(alerts={"down": {**_ALERT, "for": "15m"}}),
    "Alert.resolve": _set(alerts={"down": {**_ALERT, "resolve": "15m"}}),
    "Alert.to": _set(alerts={"down": {**_ALERT, "to": ["slack"]}}),
}

SETTING_EDITS: Mapping[str, str] = {
    "apiToken": "another-token-of-callers-that-is-long-enough",
    "webhookSecret": "whsec_" + "QUJD" * 11,
    "namePrefix": "team-",
    "mark": "1" * 32,
    "plan": "paid",
    "keepData": "false",
    "customDomains": "false",
    "workersUrl": "http://{worker}.other.localhost",
    "diagnoseToken": "t" * 40,
    "analyticsToken": "a" * 40,
    "heal": '{"repository": "a/b", "workflow": "heal.yml", "token": "t"}',
    "alertUrl": "https://alerts.example.com/hook",
    "journalDays": "7",
}
"""Another account is no edit of this stack: `accountId` is not here."""

SECRET_SETTINGS = ("apiToken", "webhookSecret", "diagnoseToken", "analyticsToken", "heal", "alertUrl")
FEW = ("Orchestrator.worker", "Needs.kv_namespaces", "BucketNeed.storage_class")
