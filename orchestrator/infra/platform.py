"""The whole platform: a `Desired` as Pulumi resources, and the stack's outputs.

A Worker comes after those that it is bound to and those that get its logs: both need their target to exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

import pulumi

from orchestrator.bundle.modules import Module
from orchestrator.desired.bindings import bound_to, build_id_of, worker_urls
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import (
    AiBinding,
    AssetsBinding,
    Binding,
    D1Binding,
    KvBinding,
    QueueBinding,
    R2Binding,
    SecretBinding,
    SendEmailBinding,
    ServiceBinding,
    TextBinding,
    Worker,
)
from orchestrator.dispatch.signature import secrets_of
from orchestrator.drift.overwritten import overwritten
from orchestrator.infra import sdk as cloudflare
from orchestrator.infra.account import stack_account
from orchestrator.infra.existing import Guard, Overwritten
from orchestrator.infra.mark import Mark
from orchestrator.infra.queues import Consumers, ConsumersArgs, Queues, QueuesArgs
from orchestrator.infra.settings import StackSettings
from orchestrator.infra.storage import Storage, StorageArgs
from orchestrator.infra.worker import WorkerService, WorkerServiceArgs
from orchestrator.kinds import Kind
from orchestrator.names import MARK
from orchestrator.stack.placeholders import PLACEHOLDER
from orchestrator.stack.state import State


def declare(
    desired: Desired,
    modules: Mapping[str, Module],
    settings: StackSettings,
    guard: Guard | None = None,
    *,
    mark: str,
    state: State | None = None,
) -> dict[str, Any]:
    """Declare everything that `desired` names, `modules` by Worker's key, and return the stack's outputs.

    `mark`: the platform's. `guard` keeps what the account has already from being taken or overwritten. `state`: as the
    stack has it before.
    """
    mark_text = Mark("mark", mark).text
    storage = Storage(
        "storage",
        StorageArgs(
            account_id=settings.account_id,
            kv_namespaces=desired.kv_namespaces,
            r2_buckets=desired.r2_buckets,
            d1_databases=desired.d1_databases,
            keep_data=settings.keep_data,
            hooks=guard.of_data if guard else None,
        ),
    )
    queues: Mapping[str, cloudflare.Queue] = {}
    if desired.queues:
        hooks = guard.of_data if guard else None
        args = QueuesArgs(
            account_id=settings.account_id, queues=desired.queues, keep_data=settings.keep_data, hooks=hooks
        )
        queues = Queues("queues", args).queues
    template = settings.workers_url or _workers_dev(settings)
    urls = worker_urls(desired, template)
    bound = bound_to(
        desired,
        secrets=settings.secrets.keys(),
        urls=urls,
        build_id=build_id_of(modules[desired.router].sha256),
        router_texts=settings.router_texts,
        mark=mark,
    )
    services: dict[str, WorkerService] = {}
    known = (state or State()).of_kind(Kind.WORKER)
    for worker in _in_order(desired):
        module = modules[worker.key]
        before = known[worker.key].outputs if worker.key in known else {}
        bindings = [_bind(each, desired, storage, queues, services, settings, mark_text) for each in bound[worker.key]]
        services[worker.key] = WorkerService(
            worker.key,
            WorkerServiceArgs(
                account_id=settings.account_id,
                name=worker.name,
                module=module,
                compatibility_date=worker.compatibility_date,
                compatibility_flags=worker.compatibility_flags,
                bindings=bindings,
                crons=worker.crons,
                public=worker.public,
                observability=worker.observability,
                limits=worker.limits,
                logpush=worker.logpush,
                placement=_placement(worker, before),
                tail_consumers=_tail_consumers(worker, before, services),
                domains=worker.domains,
                domain_hooks=guard.of_domain if guard else None,
                hooks=guard.of_worker(worker.name, _overwritten(worker, desired, bound[worker.key])) if guard else None,
            ),
        )
    consumers = {queue.key: queue.consumer for queue in desired.queues if queue.consumer}
    if consumers:
        scripts = {key: service.script_name for key, service in services.items()}
        Consumers(
            "consumers",
            ConsumersArgs(account_id=settings.account_id, consumers=consumers, queues=queues, scripts=scripts),
        )
    return {
        "orchestratorUrl": urls[desired.router],
        "workerUrls": urls,
        "kvNamespaces": {key: namespace.id for key, namespace in storage.kv_namespaces.items()},
        "r2Buckets": {key: bucket.name for key, bucket in storage.r2_buckets.items()},
        "d1Databases": {key: database.id for key, database in storage.d1_databases.items()},
        "d1Database": storage.d1_databases[desired.records.key].id,
    }


def _overwritten(worker: Worker, desired: Desired, bound: Sequence[Binding]) -> Overwritten:
    names = frozenset(each.name for each in bound)
    return lambda told, before: overwritten(worker, desired, names, told, before)


def _in_order(desired: Desired) -> list[Worker]:
    """Each after those that it names; the manifest is checked, so there is no circle."""
    by_key = {worker.key: worker for worker in desired.workers}
    order = TopologicalSorter(
        {
            worker.key: [
                *worker.tail_consumers,
                *(each.worker for each in worker.bindings if isinstance(each, ServiceBinding)),
            ]
            for worker in desired.workers
        }
    )
    return [by_key[key] for key in order.static_order()]


# The provider keeps the placement and the tail consumers of the state where the program says nothing of them. So what
# leaves the file is told to end, once; said always, it might be a difference for ever.


def _placement(worker: Worker, before: Mapping[str, Any]) -> cloudflare.WorkersScriptPlacementArgs | None:
    if worker.placement:
        return cloudflare.WorkersScriptPlacementArgs(mode=worker.placement)
    return cloudflare.WorkersScriptPlacementArgs() if (before.get("placement") or {}).get("mode") else None


def _tail_consumers(
    worker: Worker, before: Mapping[str, Any], services: Mapping[str, WorkerService]
) -> list[cloudflare.WorkersScriptTailConsumerArgs] | None:
    consumers = [
        cloudflare.WorkersScriptTailConsumerArgs(service=services[key].script_name) for key in worker.tail_consumers
    ]
    return consumers or ([] if before.get("tailConsumers") else None)


def _bind(
    binding: Binding,
    desired: Desired,
    storage: Storage,
    queues: Mapping[str, cloudflare.Queue],
    services: Mapping[str, WorkerService],
    settings: StackSettings,
    mark: pulumi.Output[str],
) -> cloudflare.WorkersScriptBindingArgs:
    """The provider's form of a binding."""
    args: dict[str, Any]
    match binding:
        case KvBinding():
            args = {"namespace_id": storage.kv_namespaces[binding.namespace].id}
        case R2Binding():
            bucket = next(each for each in desired.r2_buckets if each.key == binding.bucket)
            args = {"bucket_name": storage.r2_buckets[binding.bucket].name}
            if bucket.jurisdiction != "default":
                args["jurisdiction"] = bucket.jurisdiction
        case D1Binding():
            args = {"database_id": storage.d1_databases[binding.database].id}
        case QueueBinding():
            args = {"queue_name": queues[binding.queue].queue_name}
        case ServiceBinding():
            args = {"service": services[binding.worker].script_name}
        case SecretBinding() if settings.secrets_left_out:
            args = {"text": PLACEHOLDER}
        case SecretBinding():
            value = settings.secrets[binding.secret]
            served = binding.autopilots
            args = {"text": value.apply(lambda root: secrets_of(root, served)) if served else value}
        case TextBinding():
            args = {"text": mark if binding.name == MARK else binding.text}
        case AiBinding() | AssetsBinding() | SendEmailBinding():
            args = {}
    return cloudflare.WorkersScriptBindingArgs(type=binding.type, name=binding.name, **args)


def _workers_dev(settings: StackSettings) -> str:
    """The account's own place under workers.dev, asked once per run where the stack does not name it."""
    with stack_account(settings) as account:
        return account.workers_url()
