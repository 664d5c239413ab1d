"""What was read of an account, as far as it is compared: frozen values, and how they are made of the API's answers.

Values of secrets never come this far: the API does not answer them.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.drift.bucket_settings import BucketSettings


@dataclass(frozen=True, kw_only=True)
class Namespace:
    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """`storage_class` and `created_on` are None where the API does not say; `settings` are read by a full check."""

    name: str
    jurisdiction: str
    storage_class: str | None = None
    created_on: str | None = None
    settings: BucketSettings = field(default_factory=BucketSettings)


@dataclass(frozen=True, kw_only=True)
class Database:
    """`read_replication` is `auto` or `disabled`; None where it was not read (databases that are not declared)."""

    id: str
    name: str
    read_replication: str | None = None


@dataclass(frozen=True, kw_only=True)
class LiveQueue:
    """`consumer` as the API tells it; None where nobody takes the messages."""

    id: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    consumer: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Version:
    """What is deployed of a Worker: a new deployment makes another one. `bindings` as the API shows them. `shares`: of
    a gradual deployment, each version's id with its share of the requests in percent."""

    content_sha256: str
    bindings: tuple[Mapping[str, Any], ...]
    compatibility_date: str
    compatibility_flags: tuple[str, ...]
    placement: str | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class LiveWorker:
    """A declared Worker. What belongs to all its versions is beside `version`; `schedules` None: not asked for.

    `subdomain`: whether it answers under workers.dev, and its previews. `observability` by dotted keys: `logs.enabled`.
    """

    name: str
    version: Version
    observability: Mapping[str, Any]
    logpush: bool = False
    tail_consumers: tuple[str, ...] = ()
    subdomain: tuple[bool, bool] = (False, False)
    schedules: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A custom domain: a host, and the Worker that it leads to."""

    id: str
    host: str
    worker: str


@dataclass(frozen=True, kw_only=True)
class ZoneRoute:
    """A route of a zone: what matches the pattern goes to the Worker."""

    zone: str
    pattern: str
    worker: str


@dataclass(frozen=True, kw_only=True)
class Live:
    """`workers` has the declared ones that are there, by name; `worker_names` all of them. `routes`: of the zones that
    the token may read, by a full check. Queues are read only where the file or the stack has any."""

    kv_namespaces: tuple[Namespace, ...] = ()
    r2_buckets: tuple[Bucket, ...] = ()
    d1_databases: tuple[Database, ...] = ()
    queues: tuple[LiveQueue, ...] = ()
    workers: Mapping[str, LiveWorker] = field(default_factory=dict)
    worker_names: frozenset[str] = frozenset()
    domains: tuple[Domain, ...] = ()
    routes: tuple[ZoneRoute, ...] = ()


def bucket(listed: Mapping[str, Any], jurisdiction: str) -> Bucket:
    return Bucket(
        name=listed["name"],
        jurisdiction=listed.get("jurisdiction") or jurisdiction,
        storage_class=listed.get("storage_class"),
        created_on=listed.get("creation_date"),
    )


def custom_domain(listed: Mapping[str, Any]) -> Domain:
    return Domain(id=listed["id"], host=listed["hostname"], worker=listed["service"])


def queue(told: Mapping[str, Any]) -> LiveQueue:
    """Of a queue as listed. Of several consumers, which only pulling ones can be, the first."""
    return LiveQueue(
        id=told["queue_id"],
        name=told["queue_name"],
        settings=dict(told.get("settings") or {}),
        consumer=next(iter(told.get("consumers") or ()), None),
    )


def version(settings: Mapping[str, Any], content_sha256: str, deployed: Iterable[Mapping[str, Any]] = ()) -> Version:
    """Of the answer to GET …/settings, the hash of what GET …/content/v2 has, and the versions of the deployment."""
    return Version(
        content_sha256=content_sha256,
        bindings=tuple(settings.get("bindings") or ()),
        compatibility_date=settings.get("compatibility_date") or "",
        compatibility_flags=tuple(settings.get("compatibility_flags") or ()),
        placement=(settings.get("placement") or {}).get("mode") or None,
        limits=dict(settings.get("limits") or {}),
        shares=gradual_shares(deployed),
    )


def gradual_shares(deployed: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    """Of the versions of a deployment; empty where one has all requests."""
    shares = tuple((str(each["version_id"]), each["percentage"]) for each in deployed)
    return shares if len(shares) > 1 else ()


def dotted(settings: Mapping[str, Any] | None, prefix: str = "") -> dict[str, Any]:
    """Settings within settings on one level: `{"logs": {"enabled": true}}` gives `{"logs.enabled": true}`."""
    flat: dict[str, Any] = {}
    for key, value in (settings or {}).items():
        flat |= dotted(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def consumer_names(consumers: Iterable[Mapping[str, Any]] | None) -> tuple[str, ...]:
    """The Workers that get another's logs: the newer list says `name`, the settings `service`."""
    return tuple(str(each.get("name") or each.get("service")) for each in consumers or ())
