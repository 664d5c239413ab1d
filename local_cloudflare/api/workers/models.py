"""Workers as they are kept: a Worker, its versions, and where they are found.

A Worker has what belongs to all its versions (schedules, the workers.dev switch, tags, logging) and its active version:
code, bindings and compatibility settings. Each upload, and each change of bindings or secrets, makes a new version;
the last ten are kept, so that a deployment can go back to one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from local_cloudflare.api.store import Store
from local_cloudflare.api.workers import errors
from local_cloudflare.runtime.models import ModuleType

KEPT_VERSIONS = 10
_WORKER = "worker"
_VERSION = "version"

Binding = dict[str, Any]
"""As in the upload API: `name`, `type` and the type's own fields; secrets with their `text`."""


@dataclass(frozen=True, kw_only=True)
class StoredModule:
    """A module by the name it is imported by; its bytes are in the file named by `sha256`, of `size` bytes."""

    name: str
    type: ModuleType
    content_type: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class StoredAssets:
    """Static assets: the SHA-256 of the manifest, which names their directory, and the `config` of the upload."""

    manifest: str
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Version:
    """What an upload or a change of bindings made. `handlers` and `startup_time_ms` were found by running the code.

    `source_maps`: the SHA-256 of each, by the name of its module.
    """

    id: str
    number: int
    created_on: str
    etag: str
    main_module: str
    modules: tuple[StoredModule, ...]
    bindings: tuple[Binding, ...]
    compatibility_date: str
    compatibility_flags: tuple[str, ...]
    handlers: tuple[str, ...]
    startup_time_ms: int
    assets: StoredAssets | None = None
    source_maps: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    placement: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    usage_model: str = "standard"
    source: str = "api"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    cron: str
    created_on: str
    modified_on: str


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Which version was made active, and when. `shares`: of a gradual one, each version with its share in percent."""

    id: str
    version_id: str
    created_on: str
    source: str
    annotations: dict[str, str] = field(default_factory=dict)
    shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Worker:
    """`deployments` newest first. `workers_dev` and `previews` are the two switches of its workers.dev subdomain."""

    name: str
    tag: str
    created_on: str
    modified_on: str
    active: Version
    deployments: tuple[Deployment, ...]
    schedules: tuple[Schedule, ...] = ()
    workers_dev: bool = False
    previews: bool = False
    logpush: bool = False
    tags: tuple[str, ...] = ()
    observability: dict[str, Any] | None = None
    tail_consumers: tuple[dict[str, Any], ...] = ()


class Workers:
    """The account's Workers in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Worker]:
        return [_parsed(text) for text in self._store.texts(_WORKER)]

    def find(self, name: str) -> Worker | None:
        document = self._store.get(_WORKER, name)
        return _worker(document) if document else None

    def get(self, name: str) -> Worker:
        worker = self.find(name)
        if worker is None:
            raise errors.worker_not_found()
        return worker

    def versions(self, name: str) -> list[Version]:
        """Newest first."""
        found = [_version(document) for document in self._store.all(_VERSION, id_prefix=f"{name}/")]
        return sorted(found, key=lambda version: version.number, reverse=True)

    def version(self, name: str, id: str) -> Version:
        document = self._store.get(_VERSION, f"{name}/{id}")
        if document is None:
            raise errors.version_not_found()
        return _version(document)

    def next_number(self, name: str) -> int:
        return max((version.number for version in self.versions(name)), default=0) + 1

    def save(self, worker: Worker) -> None:
        self._store.put(_WORKER, worker.name, asdict(worker))

    def save_version(self, name: str, version: Version, *, active: str) -> None:
        """Keep a version, and forget the oldest beyond ten; never the `active` one."""
        self._store.put(_VERSION, f"{name}/{version.id}", asdict(version))
        for old in self.versions(name)[KEPT_VERSIONS:]:
            if old.id != active:
                self._store.delete(_VERSION, f"{name}/{old.id}")

    def delete(self, name: str) -> None:
        with self._store.transaction():
            for version in self.versions(name):
                self._store.delete(_VERSION, f"{name}/{version.id}")
            self._store.delete(_WORKER, name)

    def bound_to(self, **fields: str) -> list[str]:
        """The names of the Workers with a binding that has all these fields, such as a type and an id."""
        longest = max(fields.values(), key=len)
        found = map(_parsed, self._store.texts(_WORKER, containing=json.dumps(longest)))
        return sorted(
            worker.name
            for worker in found
            if any(fields.items() <= binding.items() for binding in map(_texts, worker.active.bindings))
        )

    def count_schedules(self) -> int:
        return sum(len(document["schedules"]) for document in self._store.all(_WORKER, containing='"cron"'))


def _texts(binding: Binding) -> dict[str, str]:
    return {name: value for name, value in binding.items() if isinstance(value, str)}


@lru_cache(maxsize=2048)
def _parsed(text: str) -> Worker:
    """A Worker from its JSON. Lists of many Workers are asked for again and again, with few of them changed."""
    return _worker(json.loads(text))


def _worker(document: dict[str, Any]) -> Worker:
    return Worker(
        **{
            **document,
            "active": _version(document["active"]),
            "deployments": tuple(_deployment(deployment) for deployment in document["deployments"]),
            "schedules": tuple(Schedule(**schedule) for schedule in document["schedules"]),
            "tags": tuple(document["tags"]),
            "tail_consumers": tuple(document["tail_consumers"]),
        }
    )


def _deployment(document: dict[str, Any]) -> Deployment:
    shares = tuple((id, percentage) for id, percentage in document.get("shares", ()))
    return Deployment(**{**document, "shares": shares})


def _version(document: dict[str, Any]) -> Version:
    return Version(
        **{
            **document,
            "modules": tuple(StoredModule(**module) for module in document["modules"]),
            "bindings": tuple(document["bindings"]),
            "compatibility_flags": tuple(document["compatibility_flags"]),
            "handlers": tuple(document["handlers"]),
            "assets": StoredAssets(**document["assets"]) if document["assets"] else None,
        }
    )
