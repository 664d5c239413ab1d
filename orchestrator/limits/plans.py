"""The limits of Cloudflare's Workers plans, as data.

The numbers are those of Cloudflare's documentation in November 2026, at the page that each names; where a live account
disagrees, it is right. A limit is *hard* in the plans where Cloudflare refuses what goes beyond it, or fails it every
day. The paid plan's numbers per account are not hard, since Cloudflare raises them on request. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Plan = Literal["free", "paid"]
Scope = Literal["account", "Worker", "run", "day", "month"]

_MIB = 1024 * 1024
_DOCS = "https://developers.cloudflare.com"
_WORKERS = f"{_DOCS}/workers/platform/limits/"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How much of something each `scope` may have, in bytes if `is_size`; `free` or `paid` is None for any amount."""

    name: str
    label: str
    scope: Scope
    free: int | None
    paid: int | None
    hard: tuple[Plan, ...]
    advice: str
    source: str
    is_size: bool = False

    def of(self, plan: Plan) -> int | None:
        """What `plan` allows."""
        return self.free if plan == "free" else self.paid


CRONS = Limit(
    name="crons",
    label="Cron triggers",
    scope="account",
    free=5,
    paid=250,
    hard=("free",),
    advice="take some out of `crons:` (one cron can start several jobs), or delete in the dashboard what nobody needs",
    source=_WORKERS,
)
WORKERS = Limit(
    name="workers",
    label="Workers",
    scope="account",
    free=100,
    paid=500,
    hard=("free",),
    advice="let one Worker serve several autopilots, or delete in the dashboard what nobody needs",
    source=_WORKERS,
)
KV_NAMESPACES = Limit(
    name="kvNamespaces",
    label="KV namespaces",
    scope="account",
    free=1_000,
    paid=1_000,
    hard=("free",),
    advice="share a namespace, with prefixes of keys, or delete in the dashboard what nobody needs",
    source=f"{_DOCS}/kv/platform/limits/",
)
D1_DATABASES = Limit(
    name="d1Databases",
    label="D1 databases",
    scope="account",
    free=10,
    paid=50_000,
    hard=("free",),
    advice="delete in the dashboard what nobody needs; each stage (`namePrefix`) has a database of its own",
    source=f"{_DOCS}/d1/platform/limits/",
)
VARIABLES = Limit(
    name="variables",
    label="Variables and secrets",
    scope="Worker",
    free=64,
    paid=128,
    hard=("free", "paid"),
    advice="keep settings together in one JSON value, or in KV",
    source=f"{_WORKERS}#environment-variables",
)
VARIABLE_SIZE = Limit(  # of secrets too, whose values are never looked at
    name="variableSize",
    label="Largest plain variable",
    scope="Worker",
    free=5 * 1024,
    paid=5 * 1024,
    hard=("free", "paid"),
    advice="keep large values in KV or R2, or in the Worker's source",
    source=f"{_WORKERS}#environment-variables",
    is_size=True,
)
SCRIPT_SIZE = Limit(
    name="scriptSize",
    label="Script",
    scope="Worker",
    free=64 * _MIB,
    paid=64 * _MIB,
    hard=("free", "paid"),
    advice="do without some dependencies, and keep data in KV or R2",
    source=f"{_WORKERS}#worker-size",
    is_size=True,
)
COMPRESSED_SIZE = Limit(  # not hard: the newest page of the documentation does not have it any more
    name="compressedScriptSize",
    label="Script, compressed",
    scope="Worker",
    free=3 * _MIB,
    paid=10 * _MIB,
    hard=(),
    advice="older pages of Cloudflare's documentation have this limit, the newest do not; if the upload is refused, do "
    "without some dependencies",
    source=f"{_WORKERS}#worker-size",
    is_size=True,
)
CPU_MS = Limit(  # the free plan's cannot be set: see the next
    name="cpuMs",
    label="CPU time of a run, ms (`limits`)",
    scope="Worker",
    free=10,
    paid=300_000,
    hard=("paid",),
    advice="set `cpuMs` lower",
    source=f"{_WORKERS}#cpu-time",
)
PAID_SETTINGS = Limit(
    name="paidSettings",
    label="Settings of the paid plan",
    scope="Worker",
    free=0,
    paid=None,
    hard=("free",),
    advice="take `limits`, `tailConsumers` and `logpush` out",
    source=f"{_DOCS}/workers/platform/pricing/",
)
SUBREQUESTS = Limit(  # a call over a service binding is one too
    name="subrequests",
    label="Subrequests of the orchestrator's cron",
    scope="run",
    free=50,
    paid=10_000,
    hard=(),
    advice="one run may not be able to probe every autopilot",
    source=f"{_WORKERS}#subrequests",
)
KV_WRITES = Limit(
    name="kvWrites",
    label="KV writes of the orchestrator's cron",
    scope="day",
    free=1_000,
    paid=None,
    hard=("free",),
    advice='each run writes one snapshot: let `orchestrator.cron` fire less often, for example "*/15 * * * *"',
    source=f"{_DOCS}/kv/platform/limits/",
)
KV_READS = Limit(
    name="kvReads",
    label="KV reads",
    scope="day",
    free=100_000,
    paid=None,
    hard=("free",),
    advice="what is refused works again after midnight UTC",
    source=f"{_DOCS}/kv/platform/limits/",
)
KV_DELETES, KV_LISTS = (
    replace(KV_READS, name=name, label=label, free=1_000)
    for name, label in (("kvDeletes", "KV deletes"), ("kvLists", "KV lists"))
)
D1_ROWS_READ = Limit(
    name="d1RowsRead",
    label="D1 rows read",
    scope="day",
    free=5_000_000,
    paid=None,
    hard=("free",),
    advice="what is refused works again after midnight UTC",
    source=f"{_DOCS}/d1/platform/pricing/",
)
R2_CLASS_A = Limit(  # not hard: what is beyond is paid for
    name="r2ClassA",
    label="R2 class A operations",
    scope="month",
    free=1_000_000,
    paid=None,
    hard=(),
    advice="write and list less often",
    source=f"{_DOCS}/r2/pricing/",
)
R2_CLASS_B = replace(
    R2_CLASS_A, name="r2ClassB", label="R2 class B operations", free=10_000_000, advice="read less often"
)
D1_ROWS_WRITTEN = Limit(
    name="d1RowsWritten",
    label="D1 rows written",
    scope="day",
    free=100_000,
    paid=None,
    hard=("free",),
    advice="what is refused works again after midnight UTC",
    source=f"{_DOCS}/d1/platform/pricing/",
)
REQUESTS = Limit(  # not hard: a probe over a service binding may count for nothing
    name="requests",
    label="Requests by crons and probes",
    scope="day",
    free=100_000,
    paid=None,
    hard=(),
    advice="let crons fire less often; beyond the limit Workers answer with error 1027 until midnight UTC",
    source=f"{_WORKERS}#daily-requests",
)
NEURONS = Limit(  # the paid plan has as many, and sells more
    name="neurons",
    label="Workers AI neurons",
    scope="day",
    free=10_000,
    paid=None,
    hard=(),
    advice="",
    source=f"{_DOCS}/workers-ai/platform/pricing/",
)
QUEUE_OPERATIONS = Limit(  # the paid plan has a million a month, and sells more
    name="queueOperations",
    label="Queue operations of schedules",
    scope="day",
    free=10_000,
    paid=None,
    hard=("free",),
    advice="a task that is done later takes three operations, each retry one: let `schedules:` fire less often",
    source=f"{_DOCS}/workers/platform/pricing/#queues",
)
LIMITS = (
    CRONS,
    WORKERS,
    KV_NAMESPACES,
    D1_DATABASES,
    VARIABLES,
    VARIABLE_SIZE,
    SCRIPT_SIZE,
    COMPRESSED_SIZE,
    CPU_MS,
    PAID_SETTINGS,
    SUBREQUESTS,
    KV_WRITES,
    REQUESTS,
    QUEUE_OPERATIONS,
    NEURONS,
)
METERED = (
    *(REQUESTS, KV_READS, KV_WRITES, KV_DELETES, KV_LISTS, D1_ROWS_READ, D1_ROWS_WRITTEN),
    *(QUEUE_OPERATIONS, NEURONS, R2_CLASS_A, R2_CLASS_B),
)
"""What Cloudflare counts of a day or a month, for the routing Worker, which shows how much is used."""
