"""Bindings of a Worker as a refresh sees them. Pure.

The official provider puts every binding back from the state, and looks at Cloudflare's answer for two things only:
secrets that are gone are dropped, and bindings that the state does not have are added, unless they are secrets. So one
that was removed or re-pointed outside is not seen.
"""

from __future__ import annotations

from local_cloudflare.provider.values import Properties

BINDING_TYPES = frozenset(
    {
        *("ai", "analytics_engine", "assets", "browser", "d1", "data_blob", "dispatch_namespace"),
        *("durable_object_namespace", "hyperdrive", "images", "inherit", "json", "kv_namespace", "mtls_certificate"),
        *("pipelines", "plain_text", "queue", "ratelimit", "r2_bucket", "secret_key", "secret_text"),
        *("secrets_store_secret", "send_email", "service", "tail_consumer", "text_blob", "vectorize"),
        *("version_metadata", "wasm_module", "worker_loader", "workflow"),
    }
)
_SECRET = "secret_text"  # noqa: S105 (a type of binding)


def refreshed_bindings(answered: list[Properties], state: list[Properties]) -> list[Properties]:
    """The bindings to keep in the state, in its order; both with Pulumi's names."""
    found = {_key(binding) for binding in answered}
    had = {_key(binding) for binding in state}
    kept = [binding for binding in state if binding.get("type") != _SECRET or _key(binding) in found]
    added = [binding for binding in answered if binding.get("type") != _SECRET and _key(binding) not in had]
    return kept + added


def _key(binding: Properties) -> tuple[str, str]:
    return binding.get("type", ""), binding.get("name", "")
