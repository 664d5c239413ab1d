"""Reading the account for a comparison, in as few calls as it takes.

Always: the lists of namespaces, buckets, databases and custom domains, and two lists of Workers: one has the hash of
the code and the handlers, the newer one (beta) when each was last deployed to, its workers.dev switches and its
logging. Then one call for each declared database, for each Worker that has schedules or may have some, and, for each
Worker to which something was deployed since it was last read, its settings and its deployment (and its code, where the
hash alone does not tell). A full check reads the routes of the zones too, as far as the token may.

Touches the network by the Account that it is given, and changes nothing there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from orchestrator.bundle.modules import fingerprint
from orchestrator.cloudflare.account import Account
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Binding, TextBinding, Worker
from orchestrator.drift.bucket_settings import bucket_settings
from orchestrator.drift.ledger import Ledger
from orchestrator.drift.live import (
    Bucket,
    Database,
    Live,
    LiveWorker,
    Namespace,
    Version,
    ZoneRoute,
    bucket,
    consumer_names,
    custom_domain,
    dotted,
    queue,
    version,
)
from orchestrator.kinds import Kind

_AT_ONCE = 6
_TOLD_EVERY = 100  # Workers


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read; `versions` counts the Workers whose settings were."""

    live: Live
    versions: int


class Reading:
    """One reading of the account. By key of each declared Worker, `modules` has the SHA-256 of its module, and `bound`
    what it is bound to."""

    def __init__(
        self,
        account: Account,
        desired: Desired,
        modules: Mapping[str, str],
        bound: Mapping[str, Iterable[Binding]],
        ledger: Ledger,
        *,
        full: bool,
        queues: bool = False,
        report: Callable[[str], None],
    ) -> None:
        """`full`: believe nothing that was read before, and ask for all schedules. `queues`: read them, which takes a
        permission of its own. `report` gets lines on the way."""
        self._queues = queues
        self._account = account
        self._desired = desired
        self._modules = modules
        self._bound = bound
        self._ledger = ledger
        self._full = full
        self._report = report
        self._counting = Lock()
        self._versions = 0
        self._done = 0

    def read(self) -> Read:
        """Read it. Raises CloudflareError where the account is not read whole: half a reading would be drift."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            namespaces = pool.submit(lambda: self._account.names(Kind.KV_NAMESPACE))
            databases = pool.submit(lambda: self._account.names(Kind.D1_DATABASE))
            queues = pool.submit(lambda: self._account.queues() if self._queues else [])
            newer = pool.submit(self._account.scripts_listed_newly)
            domains = pool.submit(self._account.custom_domains)
            routes = pool.submit(self._routes)
            scripts = self._account.scripts()
            buckets = self._buckets()
            declared = [worker for worker in self._desired.workers if worker.name in scripts]
            listed = newer.result()
            workers = pool.map(
                lambda worker: self._worker(worker, scripts[worker.name], listed, len(declared)), declared
            )
            live = Live(
                kv_namespaces=tuple(Namespace(id=id, title=title) for title, id in namespaces.result().items()),
                r2_buckets=tuple(buckets),
                d1_databases=tuple(pool.map(self._database, databases.result().items())),
                queues=tuple(queue(each) for each in queues.result()),
                workers={worker.name: worker for worker in workers},
                worker_names=frozenset(scripts),
                domains=tuple(map(custom_domain, domains.result())),
                routes=routes.result(),
            )
        self._ledger.save(frozenset(live.workers))
        return Read(live=live, versions=self._versions)

    def _routes(self) -> tuple[ZoneRoute, ...]:
        """Of every zone that the token may read, for a full check; those that have a Worker."""
        routes, unread = self._account.routes() if self._full else ([], [])
        for zone in unread:
            self._report(f"the routes of the zone {zone} are not known: the token lacks Workers Routes Read")
        found = (
            ZoneRoute(zone=zone, pattern=each["pattern"], worker=each.get("script") or "") for zone, each in routes
        )
        return tuple(route for route in found if route.worker)

    def _buckets(self) -> list[Bucket]:
        """Of every jurisdiction; one call more where the list leaves something out, five more of each declared one for
        a full check."""
        declared = {(each.name, each.jurisdiction) for each in self._desired.r2_buckets}
        buckets = []
        for found in (bucket(each, each["jurisdiction"]) for each in self._account.buckets_everywhere()):
            told = found.storage_class or (found.name, found.jurisdiction) not in declared
            read = found if told else self._bucket(found)
            if self._full and (found.name, found.jurisdiction) in declared:
                settings = bucket_settings(self._account.bucket_settings(found.name, found.jurisdiction))
                read = replace(read, settings=settings)
            buckets.append(read)
        return buckets

    def _bucket(self, listed: Bucket) -> Bucket:
        told = self._account.bucket(listed.name, listed.jurisdiction)
        return replace(listed, storage_class=told.get("storage_class"))

    def _database(self, listed: tuple[str, str]) -> Database:
        """Of its name and id. Read replication is not in the list."""
        name, id = listed
        if name not in {each.name for each in self._desired.d1_databases}:
            return Database(id=id, name=name)
        told = self._account.database(id)
        return Database(id=id, name=name, read_replication=(told.get("read_replication") or {}).get("mode"))

    def _worker(
        self,
        declared: Worker,
        script: Mapping[str, Any],
        listed: Mapping[str, Mapping[str, Any]],
        of_all: int,
    ) -> LiveWorker:
        name = declared.name
        of_worker = listed.get(name) or {**script, "subdomain": self._account.worker_subdomain(name)}
        switches = of_worker["subdomain"]
        worker = LiveWorker(
            name=name,
            version=self._version(declared, script, of_worker),
            observability=dotted(of_worker.get("observability")),
            logpush=bool(of_worker.get("logpush")),
            tail_consumers=consumer_names(of_worker.get("tail_consumers")),
            subdomain=(bool(switches.get("enabled")), bool(switches.get("previews_enabled"))),
            schedules=self._account.schedules(name) if self._may_have_schedules(declared, script) else None,
        )
        with self._counting:
            self._done += 1
            if self._done % _TOLD_EVERY == 0:
                self._report(f"{self._done} of {of_all} Workers checked, {self._account.calls} API calls")
        return worker

    def _version(self, declared: Worker, script: Mapping[str, Any], listed: Mapping[str, Any]) -> Version:
        """What is deployed, from the ledger where nothing was deployed since."""
        mark = "|".join(
            str(each) for each in (script.get("etag"), script.get("modified_on"), listed.get("deployed_on"))
        )
        known = None if self._full else self._ledger.known(declared.name, mark)
        if known:
            return known
        with self._counting:
            self._versions += 1
        settings = self._account.worker_settings(declared.name)
        # The list's hash is that of the code alone. That it is the module's SHA-256 is not promised, but it cannot be
        # that by chance.
        same = script.get("etag") == self._modules[declared.key]
        sha256 = self._modules[declared.key] if same else self._content(declared.name)
        read = version(settings, sha256, self._account.deployed_versions(declared.name))
        texts = {each.name for each in self._bound[declared.key] if isinstance(each, TextBinding)}
        kept = replace(read, bindings=tuple(_without_text(each, texts) for each in read.bindings))
        self._ledger.record(declared.name, mark, kept)
        return kept

    def _content(self, worker: str) -> str:
        """The SHA-256 of a Worker's module; of all of them, where there are several."""
        main, *others = (hashlib.sha256(each).hexdigest() for each in self._account.worker_modules(worker))
        return fingerprint(main, others)

    def _may_have_schedules(self, declared: Worker, script: Mapping[str, Any]) -> bool:
        """A Worker without a handler for them can have schedules too, which do nothing: only a full check asks."""
        handlers = script.get("handlers")
        return bool(self._full or declared.crons or not handlers or "scheduled" in handlers)


def _without_text(binding: Mapping[str, Any], declared: Collection[str]) -> Mapping[str, Any]:
    """The text of a variable that nobody declared may be a secret that was meant to be one: it is not kept."""
    return binding if binding.get("name") in declared else {key: binding[key] for key in binding if key != "text"}
