"""What is in an account, as far as the plan's limits count it, and the buckets.

Touches the network by the Account that it is given. It costs one call for the Workers, one for each hundred KV
namespaces and D1 databases, one for each jurisdiction of a declared bucket, and one for each Worker that is not
declared and handles `scheduled`: the API has no list of all cron triggers.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from orchestrator.cloudflare.account import Account
from orchestrator.desired.derive import Desired
from orchestrator.errors import CloudflareError
from orchestrator.kinds import Kind
from orchestrator.limits import Inventory

_AT_ONCE = 6


def take_inventory(account: Account, desired: Desired) -> Inventory:
    """Read the account; schedules only of Workers that `desired` has not. Raises CloudflareError, as Account does."""
    declared = {worker.name for worker in desired.workers}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        namespaces = pool.submit(account.names, Kind.KV_NAMESPACE)
        databases = pool.submit(account.names, Kind.D1_DATABASE)
        buckets = pool.submit(_buckets, account, sorted({each.jurisdiction for each in desired.r2_buckets}))
        workers = account.scripts()
        scheduled = [
            name
            for name, script in workers.items()
            if name not in declared and "scheduled" in (script.get("handlers") or ["scheduled"])  # it may not be told
        ]
        schedules = list(pool.map(account.schedules, scheduled))
        return Inventory(
            workers=frozenset(workers),
            kv_namespaces=frozenset(namespaces.result()),
            d1_databases=frozenset(databases.result()),
            r2_buckets=buckets.result(),
            crons={name: len(crons) for name, crons in zip(scheduled, schedules, strict=True)},
        )


def _buckets(account: Account, jurisdictions: Sequence[str]) -> frozenset[tuple[str, str]] | None:
    """No limit counts them, so that they cannot be read (R2 is off, the token lacks it) stops nothing here."""
    try:
        return frozenset((name, each) for each in jurisdictions for name in account.names(Kind.R2_BUCKET, each))
    except CloudflareError:
        return None
