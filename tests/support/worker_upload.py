"""Small Workers, and their upload by the official SDK: what tests of the local Cloudflare need again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudflare import Cloudflare

MODULE = "application/javascript+module"
HELLO = "export default { fetch() { return new Response('hello'); }, scheduled() { console.log('tick'); } };\n"


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
    done = sdk.workers.scripts.update(
        name,
        account_id=account_id,
        metadata={  # type: ignore[typeddict-item]
            "main_module": "worker.js",
            "compatibility_date": "2026-01-01",
            "bindings": list(bindings),
            **metadata,
        },
        files=[("worker.js", script.encode(), MODULE)],
    )
    if reachable:
        sdk.workers.scripts.subdomain.create(name, account_id=account_id, enabled=True)
    return done
