"""Which bindings a new version has, and whether each is allowed.

Given bindings come first; then what is kept of the version before: by `inherit` one by one, by `keep_bindings` by type.
Secrets are kept unless `keep_bindings` says otherwise, as `wrangler deploy` relies on. Each type is checked by one
function in a table: that its target exists, as the real API does at the upload.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1 import models as d1
from local_cloudflare.api.kv import models as kv
from local_cloudflare.api.r2 import models as r2
from local_cloudflare.api.workers import errors
from local_cloudflare.api.workers.models import Binding, Workers

TEXT_BYTES = 5 * 1024
TEXT_BINDINGS = {"free": 64, "paid": 128}
QUEUE_KIND = "queue"  # as queues/models.py has it, which imports this package
_SECRETS = ("secret_text", "secret_key")
_TEXTS = ("plain_text", "secret_text", "json")

_NOT_TO_BE_HAD = (
    "analytics_engine", "artifacts", "browser", "data_blob", "dispatch_namespace", "durable_object_namespace",
    "hyperdrive", "images", "mtls_certificate", "pipelines", "ratelimit", "secret_key", "secrets_store_secret",
    "tail_consumer", "text_blob", "vectorize", "version_metadata", "vpc_service", "wasm_module",
    "worker_loader", "workflow",
)  # fmt: skip


def resolve(metadata: dict[str, Any], before: Sequence[Binding], *, strict: bool) -> list[Binding]:
    """The bindings that an upload's metadata asks for. `strict`: an `inherit` that inherits nothing is an error."""
    given = metadata.get("bindings") or []
    if not isinstance(given, list) or not all(isinstance(binding, dict) for binding in given):
        raise errors.unparsable_upload("`bindings` must be a list of objects")
    old = {binding["name"]: binding for binding in before}
    resolved: list[Binding] = []
    for index, binding in enumerate(given):
        if not isinstance(binding.get("name"), str) or not binding["name"]:
            raise errors.unnamed_binding(index)
        if binding.get("type") != "inherit":
            resolved.append(binding)
            continue
        source = old.get(binding.get("old_name") or binding["name"])
        if source is not None:
            resolved.append({**source, "name": binding["name"]})
        elif strict:
            raise errors.invalid_inherit(binding["name"])
    kept = metadata.get("keep_bindings", _SECRETS) or ()
    names = {binding["name"] for binding in resolved}
    resolved += [binding for name, binding in old.items() if binding["type"] in kept and name not in names]
    return resolved


def check(cloud: Cloud, worker: str, bindings: Sequence[Binding], *, has_assets: bool) -> tuple[Binding, ...]:
    """The bindings as they are kept. Raises the ApiError of the first that is wrong."""
    checked: list[Binding] = []
    names: set[str] = set()
    for binding in bindings:
        name, type = binding["name"], str(binding.get("type") or "")
        if name in names:
            raise errors.duplicate_binding(name)
        names.add(name)
        if type in _NOT_TO_BE_HAD:
            raise errors.unsupported_binding_type(name, type)
        if type not in _CHECKS:
            raise errors.unknown_binding_type(type)
        checked.append(_CHECKS[type](cloud, worker, binding))
        if type == "assets" and not has_assets:
            raise errors.assets_binding_without_assets()
    texts = sum(binding["type"] in _TEXTS for binding in checked)
    most = TEXT_BINDINGS[cloud.settings.plan]
    if texts > most:
        raise errors.too_many_text_bindings(texts, most)
    return tuple(checked)


def redacted(binding: Binding) -> Binding:
    """As the API shows it: a secret without its value."""
    return {name: binding[name] for name in ("name", "type")} if binding["type"] in _SECRETS else binding


def _kv_namespace(cloud: Cloud, _worker: str, binding: Binding) -> Binding:
    id = _required(binding, "namespace_id")
    if cloud.store.get(kv.KIND, id) is None:
        raise errors.kv_namespace_not_found(id)
    return binding


def _r2_bucket(cloud: Cloud, _worker: str, binding: Binding) -> Binding:
    name = _required(binding, "bucket_name")
    if not cloud.settings.r2_enabled:
        raise errors.r2_not_enabled()
    if cloud.store.get(r2.KIND, r2.bucket_id(name, binding.get("jurisdiction") or "default")) is None:
        raise errors.r2_bucket_not_found(name)
    return binding


def _d1(cloud: Cloud, _worker: str, binding: Binding) -> Binding:
    """The id has two names: `id` is the older one."""
    id = binding.get("database_id") or _required(binding, "id")
    if cloud.store.get(d1.KIND, id) is None:
        raise errors.d1_database_not_found(binding["name"])
    return {**binding, "id": id, "database_id": id}


def _service(cloud: Cloud, worker: str, binding: Binding) -> Binding:
    target = _required(binding, "service")
    if target != worker and Workers(cloud.store).find(target) is None:
        raise errors.service_target_not_found(binding["name"], target)
    return binding


def _queue(cloud: Cloud, _worker: str, binding: Binding) -> Binding:
    name = _required(binding, "queue_name")
    if cloud.store.find(QUEUE_KIND, name) is None:
        raise errors.queue_not_found(name)
    return binding


def _text(_cloud: Cloud, _worker: str, binding: Binding) -> Binding:
    if not isinstance(binding.get("text"), str):
        raise errors.incomplete_binding(binding["name"], binding["type"], "text")
    size = len(binding["text"].encode())
    if size > TEXT_BYTES:
        raise errors.text_binding_too_large(binding["name"], size, TEXT_BYTES)
    return binding


def _json(_cloud: Cloud, _worker: str, binding: Binding) -> Binding:
    if "json" not in binding:
        raise errors.incomplete_binding(binding["name"], "json", "json")
    return binding


def _as_it_is(_cloud: Cloud, _worker: str, binding: Binding) -> Binding:
    return binding


def _required(binding: Binding, field: str) -> str:
    value = binding.get(field)
    if not isinstance(value, str) or not value:
        raise errors.incomplete_binding(binding["name"], binding["type"], field)
    return value


_CHECKS: dict[str, Callable[[Cloud, str, Binding], Binding]] = {
    "kv_namespace": _kv_namespace,
    "r2_bucket": _r2_bucket,
    "d1": _d1,
    "service": _service,
    "queue": _queue,
    "plain_text": _text,
    "secret_text": _text,
    "json": _json,
    "ai": _as_it_is,
    "send_email": _as_it_is,
    "assets": _as_it_is,
}
