"""The kinds of drift: what somebody does to the account behind Pulumi's back, and what of it must be found.

Data for the tests of `drift` and of `heal`. Each is done through the API, on the stack of `drift_stack`, when it is
clean. `finds` is all that may be found, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.drift_stack import ARCHIVE, GREETER, HOST, KEEPER, KEEPER_CRON, LEDGER, ROUTER
from tests.support.local_cloudflare import LocalCloudflare

Found = tuple[str, str, str, tuple[str, ...]]
"""Change, kind, name, and the paths of the differences."""


@dataclass(frozen=True, kw_only=True)
class DriftKind:
    """`does` changes the account. `lost`: names of what has lost its data. `full`: only a full check looks there."""

    name: str
    does: Callable[[Outside], object]
    finds: tuple[Found, ...]
    lost: tuple[str, ...] = ()
    full: bool = False


class Outside:
    """Somebody with a token for the account, and no Pulumi."""

    def __init__(self, server: LocalCloudflare) -> None:
        self._server = server

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The result of a call that must succeed."""
        answer = self._server.call(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()["result"]

    def call_zone(self, method: str, path: str, **options: Any) -> Any:
        """As `call`, below /zones."""
        answer = self._server.call_zone(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()["result"]

    def zone(self, name: str) -> str:
        """A zone's id."""
        return str(self.call_zone("GET", "", params={"name": name})[0]["id"])

    def domain(self, host: str) -> str:
        """A custom domain's id."""
        return str(self.call("GET", "/workers/domains", params={"hostname": host})[0]["id"])

    def namespace(self, title: str) -> str:
        """The id of a KV namespace."""
        return str(self._id("/storage/kv/namespaces", "title", title, "id"))

    def database(self, name: str) -> str:
        return str(self._id("/d1/database", "name", name, "uuid"))

    def _id(self, path: str, key: str, name: str, id: str) -> Any:
        return next(each[id] for each in self.call("GET", path, params={"per_page": 100}) if each[key] == name)

    def settings(self, worker: str, **settings: Any) -> None:
        """Change a Worker's settings, which deploys it anew."""
        form = {"settings": (None, json.dumps(settings), "application/json")}
        self.call("PATCH", f"/workers/scripts/{worker}/settings", files=form)

    def bindings(self, worker: str, change: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Change a Worker's bindings: by name, to other fields, to None for none at all."""
        before = self.call("GET", f"/workers/scripts/{worker}/settings")["bindings"]
        kept = [{"name": each["name"], "type": "inherit"} for each in before if each["name"] not in change]
        put = [{"name": name, **binding} for name, binding in change.items() if binding is not None]
        self.settings(worker, bindings=[*kept, *put])

    def upload(self, worker: str, code: str, *, path: str = "", **metadata: Any) -> None:
        """Upload a Worker as `wrangler deploy` does, or only its content (`path="/content"`)."""
        described = {"main_module": "worker.js", "compatibility_date": "2026-07-01", **metadata}
        form = {
            "metadata": (None, json.dumps(described), "application/json"),
            "worker.js": ("worker.js", code, "application/javascript+module"),
        }
        self.call("PUT", f"/workers/scripts/{worker}{path}", files=form)

    def crons(self, worker: str, *crons: str) -> None:
        self.call("PUT", f"/workers/scripts/{worker}/schedules", json=[{"cron": cron} for cron in crons])

    def subdomain(self, worker: str, **switches: bool) -> None:
        self.call("POST", f"/workers/scripts/{worker}/subdomain", json=switches)

    def script_settings(self, worker: str, **settings: Any) -> None:
        """What belongs to all versions: nothing is deployed by it."""
        self.call("PATCH", f"/workers/scripts/{worker}/script-settings", json=settings)

    def delete_namespace(self, title: str) -> None:
        self.call("DELETE", f"/storage/kv/namespaces/{self.namespace(title)}")

    def create_namespace(self, title: str) -> str:
        return str(self.call("POST", "/storage/kv/namespaces", json={"title": title})["id"])

    def delete_database(self, name: str) -> None:
        self.call("DELETE", f"/d1/database/{self.database(name)}")

    def create_database(self, name: str) -> None:
        self.call("POST", "/d1/database", json={"name": name})

    def delete_bucket(self, name: str, jurisdiction: str = "default") -> None:
        self.call("DELETE", f"/r2/buckets/{name}", headers={"cf-r2-jurisdiction": jurisdiction})

    def create_bucket(self, name: str, jurisdiction: str = "default") -> None:
        self.call("POST", "/r2/buckets", json={"name": name}, headers={"cf-r2-jurisdiction": jurisdiction})

    def delete_worker(self, name: str) -> None:
        self.call("DELETE", f"/workers/scripts/{name}", params={"force": "true"})


_CODE = "export default { fetch: () => new Response('changed outside') }"


def _remake_namespace(outside: Outside) -> None:
    outside.delete_namespace(ARCHIVE)
    outside.create_namespace(ARCHIVE)


def _unbind_and_delete_namespace(outside: Outside) -> None:
    outside.bindings(KEEPER, {"NOTES": None})
    outside.delete_namespace("NOTES")


def _rename_namespace(outside: Outside) -> None:
    outside.call("PUT", f"/storage/kv/namespaces/{outside.namespace(ARCHIVE)}", json={"title": "ATTIC"})


def _remake_bucket(outside: Outside) -> None:
    outside.delete_bucket("efh-archive", "eu")
    outside.create_bucket("efh-archive", "eu")


def _storage_class(outside: Outside) -> None:
    outside.call("PATCH", "/r2/buckets/efh-cold", headers={"cf-r2-storage-class": "Standard"})


def _remake_database(outside: Outside) -> None:
    outside.delete_database(ROUTER)
    outside.create_database(ROUTER)


def _replicate(outside: Outside) -> None:
    path = f"/d1/database/{outside.database(ROUTER)}"
    outside.call("PUT", path, json={"read_replication": {"mode": "auto"}})


def _repoint_namespace(outside: Outside) -> None:
    other = outside.namespace(ARCHIVE)
    outside.bindings(KEEPER, {"NOTES": {"type": "kv_namespace", "namespace_id": other}})


def _put_secret(outside: Outside) -> None:
    secret = {"name": "ADDED_KEY", "text": "value", "type": "secret_text"}
    outside.call("PUT", f"/workers/scripts/{KEEPER}/secrets", json=secret)


def _set_up_bucket(outside: Outside) -> None:
    """Public, under two names; usable from pages; emptied after a day; and locked."""
    bucket = "/r2/buckets/efh-files"
    domain = {"domain": "files.example.com", "enabled": True, "zoneId": "0" * 32}
    expiry = {"condition": {"type": "Age", "maxAge": 86400}}
    rule = {"id": "tidy", "enabled": True, "conditions": {"prefix": ""}, "deleteObjectsTransition": expiry}
    lock = {"id": "hold", "enabled": True, "condition": {"type": "Indefinite"}}
    outside.call("PUT", f"{bucket}/domains/managed", json={"enabled": True})
    outside.call("POST", f"{bucket}/domains/custom", json=domain)
    outside.call("PUT", f"{bucket}/cors", json={"rules": [{"allowed": {"methods": ["GET"], "origins": ["*"]}}]})
    outside.call("PUT", f"{bucket}/lifecycle", json={"rules": [rule]})
    outside.call("PUT", f"{bucket}/lock", json={"rules": [lock]})


def _ways_in(outside: Outside) -> None:
    """A custom domain, and a route of a zone, both to a Worker that is only bound; and one to nothing of ours."""
    zone = outside.zone("example.com")
    outside.upload("theirs", _CODE)
    for host, worker in (("keeper.example.com", KEEPER), ("theirs.example.com", "theirs")):
        outside.call("PUT", "/workers/domains", json={"hostname": host, "service": worker})
    for pattern, worker in (("example.com/keep/*", KEEPER), ("example.com/theirs/*", "theirs")):
        outside.call_zone("POST", f"/{zone}/workers/routes", json={"pattern": pattern, "script": worker})


def _attach_again(outside: Outside, worker: str) -> None:
    """The same host, and another id."""
    outside.call("DELETE", f"/workers/domains/{outside.domain(HOST)}")
    outside.call("PUT", "/workers/domains", json={"hostname": HOST, "service": worker})


def _deploy_gradually(outside: Outside) -> None:
    """What was deployed goes on for most, and another version with the same code and bindings is tried on the rest."""
    path = f"/workers/scripts/{KEEPER}/deployments"
    before = outside.call("GET", path)["deployments"][0]["versions"][0]["version_id"]
    outside.settings(KEEPER, placement={})
    after = outside.call("GET", path)["deployments"][0]["versions"][0]["version_id"]
    shares = [{"version_id": before, "percentage": 90}, {"version_id": after, "percentage": 10}]
    outside.call("POST", path, json={"strategy": "percentage", "versions": shares})


def _several(outside: Outside) -> None:
    outside.bindings(ROUTER, {"REGISTRY": None})
    outside.crons(ROUTER)
    outside.subdomain(GREETER, enabled=False)
    outside.upload(KEEPER, _CODE, path="/content")
    outside.create_bucket("efh-found")


def _several_with_loss(outside: Outside) -> None:
    _several(outside)
    outside.delete_namespace(ARCHIVE)
    outside.delete_bucket("efh-archive", "eu")
    outside.delete_database(ROUTER)


def _everything(outside: Outside) -> None:
    for name in (ROUTER, KEEPER, GREETER):
        outside.delete_worker(name)
    for title in ("REGISTRY", "NOTES", ARCHIVE):
        outside.delete_namespace(title)
    outside.delete_bucket("efh-files")
    outside.delete_bucket("efh-cold")
    outside.delete_bucket("efh-archive", "eu")
    outside.delete_database(ROUTER)
    outside.delete_database(LEDGER)


def _keeper(*paths: str) -> tuple[Found, ...]:
    return (("changed", "worker", KEEPER, paths),)


_SEVERAL: tuple[Found, ...] = (
    ("changed", "worker", KEEPER, ("content",)),
    ("changed", "worker", ROUTER, ("bindings.REGISTRY",)),
    ("changed", "schedules", ROUTER, ("crons",)),
    ("changed", "subdomain", GREETER, ("enabled",)),
    ("undeclared", "r2Bucket", "efh-found", ()),
)
_LOSS: tuple[Found, ...] = (
    ("missing", "kvNamespace", ARCHIVE, ()),
    ("missing", "r2Bucket", "efh-archive", ()),
    ("missing", "d1Database", ROUTER, ()),
)

_KEEPERS_BINDINGS = (
    *("AI", "AUTOPILOTS", "EFH_COLD", "EFH_FILES", "EFH_LEDGER", "MODE", "NOTES"),
    *("ORCHESTRATOR_MARK", "STAGE"),
)
KINDS = (
    DriftKind(
        name="namespace deleted",
        does=lambda outside: outside.delete_namespace(ARCHIVE),
        finds=(("missing", "kvNamespace", ARCHIVE, ()),),
        lost=(ARCHIVE,),
    ),
    DriftKind(
        name="namespace deleted and recreated",
        does=_remake_namespace,
        finds=(("changed", "kvNamespace", ARCHIVE, ("id",)),),
        lost=(ARCHIVE,),
    ),
    DriftKind(
        name="bound namespace deleted, after its binding",
        does=_unbind_and_delete_namespace,
        finds=(("missing", "kvNamespace", "NOTES", ()), *_keeper("bindings.NOTES")),
        lost=("NOTES",),
    ),
    DriftKind(
        name="namespace renamed", does=_rename_namespace, finds=(("changed", "kvNamespace", ARCHIVE, ("name",)),)
    ),
    DriftKind(
        name="namespace added",
        does=lambda outside: outside.create_namespace("FOUND"),
        finds=(("undeclared", "kvNamespace", "FOUND", ()),),
    ),
    DriftKind(
        name="bucket deleted",
        does=lambda outside: outside.delete_bucket("efh-archive", "eu"),
        finds=(("missing", "r2Bucket", "efh-archive", ()),),
        lost=("efh-archive",),
    ),
    DriftKind(
        name="bound bucket deleted",
        does=lambda outside: outside.delete_bucket("efh-files"),
        finds=(("missing", "r2Bucket", "efh-files", ()),),
        lost=("efh-files",),
    ),
    DriftKind(
        name="bucket deleted and recreated",
        does=_remake_bucket,
        finds=(("changed", "r2Bucket", "efh-archive", ("creation_date",)),),
        lost=("efh-archive",),
    ),
    DriftKind(
        name="bucket's storage class changed",
        does=_storage_class,
        finds=(("changed", "r2Bucket", "efh-cold", ("storage_class",)),),
    ),
    DriftKind(
        name="bucket added",
        does=lambda outside: outside.create_bucket("efh-found"),
        finds=(("undeclared", "r2Bucket", "efh-found", ()),),
    ),
    DriftKind(
        name="bucket of a declared name added in another jurisdiction",
        does=lambda outside: outside.create_bucket("efh-files", "eu"),
        finds=(("undeclared", "r2Bucket", "efh-files", ("jurisdiction",)),),
    ),
    DriftKind(
        name="bucket made public, and given rules",
        does=_set_up_bucket,
        finds=(
            (
                "undeclared",
                "r2Bucket",
                "efh-files",
                ("public access", "custom domain files.example.com", "CORS", "lifecycle rule tidy", "lock hold"),
            ),
        ),
        full=True,
    ),
    DriftKind(
        name="database deleted",
        does=lambda outside: outside.delete_database(ROUTER),
        finds=(("missing", "d1Database", ROUTER, ()),),
        lost=(ROUTER,),
    ),
    DriftKind(
        name="autopilot's database deleted",
        does=lambda outside: outside.delete_database(LEDGER),
        finds=(("missing", "d1Database", LEDGER, ()),),
        lost=(LEDGER,),
    ),
    DriftKind(
        name="database deleted and recreated",
        does=_remake_database,
        finds=(("changed", "d1Database", ROUTER, ("id",)),),
        lost=(ROUTER,),
    ),
    DriftKind(
        name="database's read replication switched on",
        does=_replicate,
        finds=(("changed", "d1Database", ROUTER, ("read_replication",)),),
    ),
    DriftKind(
        name="database added",
        does=lambda outside: outside.create_database("found"),
        finds=(("undeclared", "d1Database", "found", ()),),
    ),
    DriftKind(
        name="Worker deleted",
        does=lambda outside: outside.delete_worker(GREETER),
        finds=(("missing", "worker", GREETER, ()), ("missing", "customDomain", HOST, ())),
    ),
    DriftKind(
        name="Worker added",
        does=lambda outside: outside.upload("found", _CODE),
        finds=(("undeclared", "worker", "found", ()),),
    ),
    DriftKind(
        name="Worker's code changed",
        does=lambda outside: outside.upload(KEEPER, _CODE, path="/content"),
        finds=_keeper("content"),
    ),
    DriftKind(
        name="Worker deployed from somewhere else",
        does=lambda outside: outside.upload(KEEPER, _CODE, compatibility_date="2026-01-01"),
        finds=_keeper(
            "content",
            "compatibility_date",
            "observability.enabled",
            *(f"bindings.{name}" for name in _KEEPERS_BINDINGS),
        ),
    ),
    DriftKind(
        name="binding removed",
        does=lambda outside: outside.bindings(KEEPER, {"NOTES": None}),
        finds=_keeper("bindings.NOTES"),
    ),
    DriftKind(name="namespace's binding re-pointed", does=_repoint_namespace, finds=_keeper("bindings.NOTES")),
    DriftKind(
        name="bucket's binding re-pointed",
        does=lambda outside: outside.bindings(KEEPER, {"EFH_FILES": {"type": "r2_bucket", "bucket_name": "efh-cold"}}),
        finds=_keeper("bindings.EFH_FILES"),
    ),
    DriftKind(
        name="service binding re-pointed",
        does=lambda outside: outside.bindings(ROUTER, {"EFH_GREETER": {"type": "service", "service": KEEPER}}),
        finds=(("changed", "worker", ROUTER, ("bindings.EFH_GREETER",)),),
    ),
    DriftKind(
        name="database's binding removed",
        does=lambda outside: outside.bindings(ROUTER, {"DB": None}),
        finds=(("changed", "worker", ROUTER, ("bindings.DB",)),),
    ),
    DriftKind(
        name="AI binding removed",
        does=lambda outside: outside.bindings(KEEPER, {"AI": None}),
        finds=_keeper("bindings.AI"),
    ),
    DriftKind(
        name="variable added",
        does=lambda outside: outside.bindings(KEEPER, {"ADDED": {"type": "plain_text", "text": "value"}}),
        finds=_keeper("bindings.ADDED"),
    ),
    DriftKind(
        name="variable changed",
        does=lambda outside: outside.bindings(KEEPER, {"MODE": {"type": "plain_text", "text": "careless"}}),
        finds=_keeper("bindings.MODE"),
    ),
    DriftKind(
        name="variable made a secret",
        does=lambda outside: outside.bindings(KEEPER, {"MODE": {"type": "secret_text", "text": "careful"}}),
        finds=_keeper("bindings.MODE"),
    ),
    DriftKind(
        name="secret added", does=_put_secret, finds=(("undeclared", "worker", KEEPER, ("bindings.ADDED_KEY",)),)
    ),
    DriftKind(
        name="secret removed",
        does=lambda outside: outside.call("DELETE", f"/workers/scripts/{KEEPER}/secrets/ACCESS_KEY"),
        finds=_keeper("bindings.ACCESS_KEY"),
    ),
    DriftKind(
        name="secret made a variable",
        does=lambda outside: outside.bindings(KEEPER, {"ACCESS_KEY": {"type": "plain_text", "text": "placeholder"}}),
        finds=_keeper("bindings.ACCESS_KEY"),
    ),
    DriftKind(
        name="compatibility date changed",
        does=lambda outside: outside.settings(KEEPER, compatibility_date="2026-01-01"),
        finds=_keeper("compatibility_date"),
    ),
    DriftKind(
        name="compatibility flags changed",
        does=lambda outside: outside.settings(ROUTER, compatibility_flags=[]),
        finds=(("changed", "worker", ROUTER, ("compatibility_flags",)),),
    ),
    DriftKind(
        name="placement changed",
        does=lambda outside: outside.settings(KEEPER, placement={"mode": "smart"}),
        finds=_keeper("placement"),
    ),
    DriftKind(
        name="limit set",
        does=lambda outside: outside.settings(KEEPER, limits={"cpu_ms": 50}),
        finds=_keeper("limits.cpu_ms"),
    ),
    DriftKind(
        name="observability switched off",
        does=lambda outside: outside.script_settings(KEEPER, observability={"enabled": False}),
        finds=_keeper("observability.enabled"),
    ),
    DriftKind(
        name="logs sampled",
        does=lambda outside: outside.script_settings(
            KEEPER, observability={"enabled": True, "head_sampling_rate": 0.1}
        ),
        finds=_keeper("observability.head_sampling_rate"),
    ),
    DriftKind(
        name="logpush switched on",
        does=lambda outside: outside.script_settings(KEEPER, logpush=True),
        finds=_keeper("logpush"),
    ),
    DriftKind(
        name="tail consumer added",
        does=lambda outside: outside.script_settings(KEEPER, tail_consumers=[{"service": GREETER}]),
        finds=_keeper("tail_consumers"),
    ),
    DriftKind(
        name="deployed gradually",
        does=_deploy_gradually,
        finds=(("undeclared", "worker", KEEPER, ("gradual deployment",)),),
    ),
    DriftKind(
        name="custom domain and route added",
        does=_ways_in,
        finds=(
            ("undeclared", "worker", "theirs", ()),
            ("undeclared", "customDomain", "keeper.example.com", ("service",)),
            ("undeclared", "worker", KEEPER, ("route example.com/keep/*",)),
        ),
        full=True,
    ),
    DriftKind(
        name="custom domain detached",
        does=lambda outside: outside.call("DELETE", f"/workers/domains/{outside.domain(HOST)}"),
        finds=(("missing", "customDomain", HOST, ()),),
    ),
    DriftKind(
        name="custom domain attached to another Worker",
        does=lambda outside: outside.call("PUT", "/workers/domains", json={"hostname": HOST, "service": KEEPER}),
        finds=(("changed", "customDomain", HOST, ("service",)),),
    ),
    DriftKind(
        name="custom domain detached and attached again",
        does=lambda outside: _attach_again(outside, GREETER),
        finds=(("changed", "customDomain", HOST, ("id",)),),
    ),
    DriftKind(
        name="custom domain detached and attached to another Worker",
        does=lambda outside: _attach_again(outside, KEEPER),
        finds=(("changed", "customDomain", HOST, ("id", "service")),),
    ),
    DriftKind(
        name="schedule cleared",
        does=lambda outside: outside.crons(ROUTER),
        finds=(("changed", "schedules", ROUTER, ("crons",)),),
    ),
    DriftKind(
        name="schedule changed",
        does=lambda outside: outside.crons(KEEPER, "0 7 * * *"),
        finds=(("changed", "schedules", KEEPER, ("crons", "crons")),),
    ),
    DriftKind(
        name="schedule added",
        does=lambda outside: outside.crons(KEEPER, KEEPER_CRON, "0 7 * * *"),
        finds=(("changed", "schedules", KEEPER, ("crons",)),),
    ),
    DriftKind(
        name="schedule added to a Worker that has no handler for it",
        does=lambda outside: outside.crons(GREETER, "0 7 * * *"),
        finds=(("changed", "schedules", GREETER, ("crons",)),),
        full=True,
    ),
    DriftKind(
        name="workers.dev switched off",
        does=lambda outside: outside.subdomain(GREETER, enabled=False),
        finds=(("changed", "subdomain", GREETER, ("enabled",)),),
    ),
    DriftKind(
        name="workers.dev switched on for a Worker that is only bound",
        does=lambda outside: outside.subdomain(KEEPER, enabled=True),
        finds=(("changed", "subdomain", KEEPER, ("enabled",)),),
    ),
    DriftKind(
        name="previews switched on",
        does=lambda outside: outside.subdomain(GREETER, enabled=True, previews_enabled=True),
        finds=(("changed", "subdomain", GREETER, ("previews_enabled",)),),
    ),
    DriftKind(name="several at once", does=_several, finds=_SEVERAL),
    DriftKind(
        name="several at once, with lost data",
        does=_several_with_loss,
        finds=(*_SEVERAL, *_LOSS),
        lost=(ARCHIVE, "efh-archive", ROUTER),
    ),
    DriftKind(
        name="everything deleted",
        does=_everything,
        finds=(
            *(("missing", "kvNamespace", title, ()) for title in (ARCHIVE, "NOTES", "REGISTRY")),
            *(("missing", "r2Bucket", name, ()) for name in ("efh-archive", "efh-cold", "efh-files")),
            *(("missing", "d1Database", name, ()) for name in (LEDGER, ROUTER)),
            *(("missing", "worker", name, ()) for name in (GREETER, KEEPER, ROUTER)),
            ("missing", "customDomain", HOST, ()),
        ),
        lost=(ARCHIVE, "NOTES", "REGISTRY", "efh-archive", "efh-cold", "efh-files", LEDGER, ROUTER),
    ),
)
