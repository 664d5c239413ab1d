"""The whole platform: a `Desired` as Pulumi resources, and the stack's outputs.

The routing Worker comes last, since it is bound to the other Workers: a service binding needs its target to exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from orchestrator.bundle import Module
from orchestrator.desired.bindings import bound_to, build_id_of, worker_urls
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import (
    AiBinding,
    Binding,
    D1Binding,
    KvBinding,
    R2Binding,
    SecretBinding,
    ServiceBinding,
    TextBinding,
)
from orchestrator.dispatch.signature import secrets_of
from orchestrator.infra import sdk as cloudflare
from orchestrator.infra.account import stack_account
from orchestrator.infra.existing import Guard
from orchestrator.infra.mark import Mark
from orchestrator.infra.settings import StackSettings
from orchestrator.infra.storage import Storage, StorageArgs
from orchestrator.infra.worker import WorkerService, WorkerServiceArgs
from orchestrator.names import MARK


def declare(
    desired: Desired,
    modules: Mapping[str, Module],
    settings: StackSettings,
    guard: Guard | None = None,
    *,
    mark: str,
) -> dict[str, Any]:
    """Declare everything that `desired` names, `modules` by Worker's key, and return the stack's outputs.

    `mark`: the platform's. `guard` keeps what the account has already from being taken or overwritten.
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
    for worker in sorted(desired.workers, key=lambda worker: worker.key == desired.router):
        module = modules[worker.key]
        bindings = [_bind(each, desired, storage, services, settings, mark_text) for each in bound[worker.key]]
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
                hooks=guard.of_worker(worker.name) if guard else None,
            ),
        )
    return {
        "orchestratorUrl": urls[desired.router],
        "workerUrls": urls,
        "kvNamespaces": {key: namespace.id for key, namespace in storage.kv_namespaces.items()},
        "r2Buckets": {key: bucket.name for key, bucket in storage.r2_buckets.items()},
        "d1Database": next(database.id for database in storage.d1_databases.values()),
    }


def _bind(
    binding: Binding,
    desired: Desired,
    storage: Storage,
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
        case ServiceBinding():
            args = {"service": services[binding.worker].script_name}
        case SecretBinding():
            value = settings.secrets[binding.secret]
            served = binding.autopilots
            args = {"text": value.apply(lambda root: secrets_of(root, served)) if served else value}
        case TextBinding():
            args = {"text": mark if binding.name == MARK else binding.text}
        case AiBinding():
            args = {}
    return cloudflare.WorkersScriptBindingArgs(type=binding.type, name=binding.name, **args)


def _workers_dev(settings: StackSettings) -> str:
    """The account's own place under workers.dev, asked once per run where the stack does not name it."""
    with stack_account(settings) as account:
        return account.workers_url()
