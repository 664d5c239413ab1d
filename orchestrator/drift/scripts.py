"""Workers, compared: content, bindings one by one, compatibility settings, logging, schedules, workers.dev switches.

Only what the program declares is compared, and what would change how a Worker runs without being declared. A secret is
compared by its name. Texts of variables are shown only where the file declares them: what somebody added outside may
be a secret that was meant to be one.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import (
    Binding,
    D1Binding,
    KvBinding,
    Logging,
    QueueBinding,
    R2Binding,
    SecretBinding,
    ServiceBinding,
    TextBinding,
    Worker,
)
from orchestrator.drift import addresses
from orchestrator.drift.findings import Difference, Finding
from orchestrator.drift.live import Live, LiveWorker
from orchestrator.drift.storage import GONE, UNMANAGED
from orchestrator.kinds import Kind
from orchestrator.stack.state import State

Ids = Mapping[tuple[Kind, str], str]


def compare_workers(
    desired: Desired,
    bound: Mapping[str, tuple[Binding, ...]],
    modules: Mapping[str, str],
    ids: Ids,
    state: State,
    live: Live,
) -> Iterator[Finding]:
    """What differs, and which Workers nobody declared. `bound`: bindings, and `modules`: SHA-256 in hex, by key."""
    known = state.of_kind(Kind.WORKER)
    declared = {worker.name for worker in desired.workers}
    for worker in desired.workers:
        found = live.workers.get(worker.name)
        if found is None:
            yield Finding(change="missing", kind=Kind.WORKER, key=worker.key, name=worker.name)
            continue
        expected = {each.name: _expected(each, desired, ids) for each in bound[worker.key]}
        groups: dict[Kind, list[Difference]] = {
            Kind.WORKER: [
                *([] if worker.key in known else [UNMANAGED]),
                *compare_settings(worker, desired, modules[worker.key], found),
                *_bindings(expected, found),
            ],
            Kind.SCHEDULES: list(_schedules(worker, found)),
            Kind.SUBDOMAIN: list(_switches(worker, found)),
        }
        secrets = [each for each in groups[Kind.WORKER] if _is_foreign_secret(each)]
        groups[Kind.WORKER] = [each for each in groups[Kind.WORKER] if each not in secrets]
        for kind, differences in groups.items():
            if differences:
                yield Finding(
                    change="changed", kind=kind, key=worker.key, name=worker.name, differences=tuple(differences)
                )
        if undeclared := (*secrets, *addresses.undeclared(worker, live)):
            yield Finding(
                change="undeclared", kind=Kind.WORKER, key=worker.key, name=worker.name, differences=undeclared
            )
    left = {str(each.outputs.get("scriptName")): each.name for each in known.values()}
    for name, key in left.items():
        if name not in declared:
            gone = () if name in live.worker_names else (GONE,)
            yield Finding(change="left-behind", kind=Kind.WORKER, key=key, name=name, differences=gone)
    for name in live.worker_names - declared - left.keys():
        yield Finding(change="undeclared", kind=Kind.WORKER, key=name, name=name)


def _is_foreign_secret(difference: Difference) -> bool:
    """An upload keeps the secrets that it does not name, and nobody can bring back the value of a deleted one. So what
    nobody declared is told, and left alone, as a namespace would be."""
    return difference.desired is None and difference.live == "secret_text"


def compare_settings(worker: Worker, desired: Desired, sha256: str, live: LiveWorker) -> Iterator[Difference]:
    """How a Worker runs, beside what it is bound to; `sha256`: its module's."""
    version = live.version
    if version.content_sha256 != sha256:
        yield _differs("content", f"sha256 {sha256[:12]}", f"sha256 {version.content_sha256[:12]}")
    if version.compatibility_date != worker.compatibility_date:
        yield _differs("compatibility_date", worker.compatibility_date, version.compatibility_date)
    wanted, found = sorted(worker.compatibility_flags), sorted(version.compatibility_flags)
    if wanted != found:
        yield _differs("compatibility_flags", ", ".join(wanted), ", ".join(found))
    if version.placement != worker.placement:
        yield _differs("placement", worker.placement, version.placement)
    limits = {} if worker.limits.cpu_ms is None else {"cpu_ms": worker.limits.cpu_ms}
    for key in sorted({*limits, *version.limits}):
        if limits.get(key) != version.limits.get(key):
            yield _differs(f"limits.{key}", *(_amount(each.get(key)) for each in (limits, version.limits)))
    yield from _observability(worker.observability, live)
    if live.logpush != worker.logpush:
        yield _differs("logpush", word(worker.logpush), word(live.logpush))
    consumers = sorted(each.name for each in desired.workers if each.key in worker.tail_consumers)
    if consumers != sorted(live.tail_consumers):
        yield _differs("tail_consumers", ", ".join(consumers), ", ".join(sorted(live.tail_consumers)))


def _observability(wanted: Logging, live: LiveWorker) -> Iterator[Difference]:
    """What is not said is as Cloudflare has it: logs of all kinds, sampled as the whole is."""
    rate = wanted.head_sampling_rate
    as_declared: dict[str, tuple[object, ...]] = {"enabled": (wanted.enabled,)}
    if wanted.enabled:
        as_declared |= {
            "head_sampling_rate": (rate,),
            "logs.enabled": (True,),
            "logs.head_sampling_rate": (1, rate),
            "logs.invocation_logs": (True,),
        }
    for key, values in as_declared.items():
        unsaid = {"enabled": False, "head_sampling_rate": 1}.get(key, values[0])
        answered = live.observability.get(key, unsaid)
        if answered not in values:
            yield _differs(f"observability.{key}", word(values[-1]), word(answered))


def _bindings(expected: Mapping[str, str | None], live: LiveWorker) -> Iterator[Difference]:
    """`expected`: how each binding is told, by name; None where its target is not known, so that any will do."""
    found = {str(each["name"]): each for each in live.version.bindings}
    for name in sorted({*expected, *found}):
        if name not in found:
            yield _differs(f"bindings.{name}", expected[name] or "bound", None)
        elif name not in expected:
            yield _differs(f"bindings.{name}", None, str(found[name].get("type")))
        else:
            wanted = expected[name]
            shown = _shown(found[name], texts=bool(wanted and wanted.startswith("plain_text")))
            if wanted is not None and wanted != shown:
                yield _differs(f"bindings.{name}", wanted, shown)


def _expected(binding: Binding, desired: Desired, ids: Ids) -> str | None:
    """A declared binding in the same words as `_shown`; None where it points at what is not in the account."""
    match binding:
        case KvBinding():
            id = ids.get((Kind.KV_NAMESPACE, binding.namespace))
            return f"kv_namespace {id}" if id else None
        case D1Binding():
            id = ids.get((Kind.D1_DATABASE, binding.database))
            return f"d1 {id}" if id else None
        case R2Binding():
            bucket = next(each for each in desired.r2_buckets if each.key == binding.bucket)
            return _bucket(bucket.name, bucket.jurisdiction)
        case QueueBinding():
            return f"queue {next(each.name for each in desired.queues if each.key == binding.queue)}"
        case ServiceBinding():
            return f"service {next(each.name for each in desired.workers if each.key == binding.worker)}"
        case TextBinding():
            return f"plain_text {binding.text}"
        case SecretBinding():
            return "secret_text"
    return binding.type


def _shown(binding: Mapping[str, Any], *, texts: bool) -> str:
    """A binding as the API answers it, in a few words: its type and what it points at."""
    match binding.get("type"):
        case "kv_namespace":
            return f"kv_namespace {binding.get('namespace_id')}"
        case "d1":
            return f"d1 {binding.get('database_id') or binding.get('id')}"
        case "r2_bucket":
            return _bucket(str(binding.get("bucket_name")), binding.get("jurisdiction") or "default")
        case "queue":
            return f"queue {binding.get('queue_name')}"
        case "service":
            entrypoint = f"#{binding['entrypoint']}" if binding.get("entrypoint") else ""
            return f"service {binding.get('service')}{entrypoint}"
        case "plain_text" if texts:
            return f"plain_text {binding.get('text')}"
    return str(binding.get("type"))


def _bucket(name: str, jurisdiction: str) -> str:
    return f"r2_bucket {name}" + (f" ({jurisdiction})" if jurisdiction != "default" else "")


def _schedules(worker: Worker, live: LiveWorker) -> Iterator[Difference]:
    if live.schedules is None:
        return
    wanted, found = ({" ".join(cron.split()) for cron in crons} for crons in (worker.crons, live.schedules))
    for cron in sorted(wanted - found):
        yield _differs("crons", cron, None)
    for cron in sorted(found - wanted):
        yield _differs("crons", None, cron)


def _switches(worker: Worker, live: LiveWorker) -> Iterator[Difference]:
    wanted = {"enabled": worker.public, "previews_enabled": False}
    for (path, value), found in zip(wanted.items(), live.subdomain, strict=True):
        if found != value:
            yield _differs(path, word(value), word(found))


def _differs(path: str, desired: str | None, live: str | None) -> Difference:
    return Difference(path=path, desired=desired or None, live=live or None)


def _amount(value: object) -> str | None:
    return None if value is None else word(value)


def word(value: object) -> str:
    """A setting's value, as a comparison tells it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
