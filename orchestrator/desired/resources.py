"""The things that can be declared in a Cloudflare account, as frozen values.

A `key` is the manifest's own name of a thing: stable, the logical name in Pulumi, and the name that bindings refer to.
A `name` or `title` is the real one in the account: the key with `namePrefix` in front. The types of bindings and their
names (`kv_namespace`, …) are those of Cloudflare's upload API. Pure values; `desired` makes them from the manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from orchestrator.names import AI, ASSETS, COMPATIBILITY_DATE, SEND_EMAIL


@dataclass(frozen=True, kw_only=True)
class KvNamespace:
    """A Workers KV namespace; `owners` are the names of the autopilots that need it."""

    key: str
    title: str
    owners: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class R2Bucket:
    """An R2 bucket; `location` is a hint (`weur`, …) or None, where Cloudflare chooses."""

    key: str
    name: str
    location: str | None = None
    jurisdiction: Literal["default", "eu", "fedramp"] = "default"
    storage_class: Literal["Standard", "InfrequentAccess"] = "Standard"
    owners: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class D1Database:
    """A D1 database."""

    key: str
    name: str
    jurisdiction: Literal["default", "eu", "fedramp"] = "default"
    owners: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue, and who takes its messages, if anybody. It holds no data of its own: see decision 0043."""

    key: str
    name: str
    consumer: Consumer | None = None


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """`worker` is the key of a Worker, `dead_letters` of a Queue; `max_concurrency` None for as many as are useful."""

    worker: str
    dead_letters: str
    batch_size: int = 10
    max_retries: int = 100
    max_wait_ms: int = 1_000
    retry_delay: int = 10
    max_concurrency: int | None = None


@dataclass(frozen=True, kw_only=True)
class KvBinding:
    """`namespace` is the key of a KvNamespace."""

    type: ClassVar = "kv_namespace"
    name: str
    namespace: str


@dataclass(frozen=True, kw_only=True)
class R2Binding:
    """`bucket` is the key of an R2Bucket."""

    type: ClassVar = "r2_bucket"
    name: str
    bucket: str


@dataclass(frozen=True, kw_only=True)
class D1Binding:
    """`database` is the key of a D1Database."""

    type: ClassVar = "d1"
    name: str
    database: str


@dataclass(frozen=True, kw_only=True)
class QueueBinding:
    """To send to a queue; `queue` is the key of a Queue."""

    type: ClassVar = "queue"
    name: str
    queue: str


@dataclass(frozen=True, kw_only=True)
class ServiceBinding:
    """`worker` is the key of a Worker."""

    type: ClassVar = "service"
    name: str
    worker: str


@dataclass(frozen=True, kw_only=True)
class SecretBinding:
    """`secret` names the value in the stack's config; an optional one is not bound while it has none.

    `autopilots`: where it is not empty, what is bound is the secrets of these autopilots that follow from the value.
    """

    type: ClassVar = "secret_text"
    name: str
    secret: str
    optional: bool = False
    autopilots: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TextBinding:
    """A plain value."""

    type: ClassVar = "plain_text"
    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class AiBinding:
    """Workers AI."""

    type: ClassVar = "ai"
    name: str = AI


@dataclass(frozen=True, kw_only=True)
class SendEmailBinding:
    """Cloudflare's mail, to verified addresses."""

    type: ClassVar = "send_email"
    name: str = SEND_EMAIL


@dataclass(frozen=True, kw_only=True)
class AssetsBinding:
    """The Worker's own static assets."""

    type: ClassVar = "assets"
    name: str = ASSETS


Binding = (
    KvBinding
    | R2Binding
    | D1Binding
    | QueueBinding
    | ServiceBinding
    | SecretBinding
    | TextBinding
    | AiBinding
    | SendEmailBinding
    | AssetsBinding
)


@dataclass(frozen=True, kw_only=True)
class Logging:
    """Whether logs are kept, and of which share of the runs."""

    enabled: bool = True
    head_sampling_rate: float = 1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`cpu_ms`: milliseconds of CPU time of a run; None for what the plan allows."""

    cpu_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A Worker script: either `source`, a path that is bundled, or `content`, the module itself. Bindings by name.

    `public`: whether it answers under workers.dev. `tail_consumers`: the keys of the Workers that get its logs.
    `domains`: hosts that lead to it.
    """

    key: str
    name: str
    owner: str
    source: str | None = None
    content: str | None = None
    bindings: tuple[Binding, ...]
    crons: tuple[str, ...] = ()
    compatibility_date: str = COMPATIBILITY_DATE
    compatibility_flags: tuple[str, ...] = ()
    public: bool = False
    observability: Logging = Logging()
    placement: Literal["smart"] | None = None
    limits: Limits = Limits()
    tail_consumers: tuple[str, ...] = ()
    logpush: bool = False
    domains: tuple[str, ...] = ()
