"""Small Workers and namespaces, made by the official SDK: what tests of the local Cloudflare need again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudflare import Cloudflare
from cloudflare.types.kv import Namespace

MODULE = "application/javascript+module"
HELLO = "export default { fetch() { return new Response('hello'); }, scheduled() { console.log('tick'); } };\n"


def create_namespace(sdk: Cloudflare, account_id: str, title: str) -> Namespace:
    created = sdk.kv.namespaces.create(account_id=account_id, title=title)
    assert created is not None
    return created


def upload(
    sdk: Cloudflare,
    account_id: str,
    name: str,
    script: str = HELLO,
    *,
    bindings: Sequence[Mapping[str, Any]] = (),
    reachable: bool = False,
    **metadata: Any,
) -> Any:
    """Upload a Worker of one module; `reachable` switches its workers.dev URL on."""
    complete: Any = {
        "main_module": "worker.js",
        "compatibility_date": "2026-01-01",
        "bindings": list(bindings),
        **metadata,
    }
    done = sdk.workers.scripts.update(
        name,
        account_id=account_id,
        metadata=complete,
        files=[("worker.js", script.encode(), MODULE)],
    )
    if reachable:
        sdk.workers.scripts.subdomain.create(name, account_id=account_id, enabled=True)
    return done
