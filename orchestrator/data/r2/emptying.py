"""Every object of a bucket deleted. Touches the network, by the Account that it is given."""

from __future__ import annotations

from orchestrator.cloudflare.account import Account
from orchestrator.data.parallel import in_parallel
from orchestrator.data.r2.bytes import way_to
from orchestrator.data.r2.objects import objects
from orchestrator.data.store import Progress, Store


def empty(account: Account, store: Store, progress: Progress) -> None:
    """Delete every object; interrupted, the next run continues."""
    keys = [each.key for each in objects(account, store)]
    if not keys:
        return
    with way_to(account, store) as way:
        for number, _ in enumerate(in_parallel(way.delete, keys), 1):
            progress(f"{store.title}: object {number:,} of {len(keys):,} deleted")
