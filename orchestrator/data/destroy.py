"""The one way to delete data: what would go is counted, what is in use is refused, and the end is one call.

Deleting is split from looking, so that a person sees the numbers in between. Touches the network, by the Account that
it is given.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cloudflare import contents
from orchestrator.cloudflare.account import Account
from orchestrator.data import kv, queues
from orchestrator.data.d1 import contents as d1
from orchestrator.data.r2 import contents as r2
from orchestrator.data.store import Progress, Store, bound_workers
from orchestrator.desired.derive import Desired
from orchestrator.errors import UserError
from orchestrator.named_store import StoredQueue

_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class Contents:
    """How many keys, objects, tables or messages there are; `bytes` None where Cloudflare does not tell (KV)."""

    items: int
    bytes: int | None


def measure(account: Account, store: Store | StoredQueue, progress: Progress) -> Contents:
    """Count what is in `store`, by lists alone; the messages of a queue as Cloudflare counts them."""
    if isinstance(store, StoredQueue):
        waiting = queues.count_messages(account, store.id)
        return Contents(items=waiting.messages, bytes=waiting.bytes)
    items = size = 0
    match store.kind:
        case "kv":
            for items, _ in enumerate(kv.keys(account, store), 1):
                if items % 1000 == 0:
                    progress(f"{store.title}: {items:,} keys counted")
            return Contents(items=items, bytes=None)
        case "r2":
            for items, one in enumerate(r2.objects(account, store), 1):
                size += one.size
                if items % 1000 == 0:
                    progress(f"{store.title}: {items:,} objects counted")
            return Contents(items=items, bytes=size)
        case "d1":
            items, size = d1.size(account, store)
            return Contents(items=items, bytes=size)


def refuse_what_differs(account: Account, store: Store, folder: Path, progress: Progress) -> None:
    """Raise where the backup in `folder` does not come back, or is not what is in `store` now: contents, not counts.

    A namespace or database is restored into one on this machine, and compared; then with the one in the account, as it
    is now. Of a bucket each object's checksum was compared when it was saved.
    """
    match store.kind:
        case "kv":
            now = int(time.time())
            kv.rehearse(folder / kv.FILE, now=now)
            same = kv.is_unchanged(account, store, folder / kv.FILE, progress, now=now)
        case "d1":
            d1.rehearse(folder, progress)
            same = d1.is_unchanged(account, store, folder, progress)
        case "r2":
            _refuse_what_is_not_saved(account, store, folder)
            same = True
    if not same:
        raise UserError(f"{store.title} changed while it was saved; nothing was deleted", "run it again")


def _refuse_what_is_not_saved(account: Account, store: Store, folder: Path) -> None:
    """Of a bucket every byte was read and compared when it was saved; each object must still be that one."""
    if lines := r2.differences(account, store, folder):
        more = f"\n  and {len(lines) - _TOLD:,} more" if len(lines) > _TOLD else ""
        raise UserError(
            f"{store.title}: nothing was deleted, since the backup would not give back everything as it is:\n  "
            + "\n  ".join(lines[:_TOLD])
            + more,
            f"what is in {folder} stays; after a change, take another backup. What cannot come back as it was is yours "
            "to copy by hand; then destroy-data without --backup deletes",
        )


def refuse_what_is_used(
    account: Account, store: Store | StoredQueue, desired: Desired, file: str, progress: Progress
) -> None:
    """Raise UserError where the file still declares `store`, or anything of the account uses it."""
    if store.name in _declared(desired, store):
        raise UserError(
            f"{store.title} is declared in {file}", "take it out of the file and run `pulumi up`, then run this again"
        )
    if isinstance(store, StoredQueue):
        if store.used_by:
            raise UserError(
                f"{store.title} is used by {', '.join(store.used_by)}",
                "remove that first: `pulumi up` does it for what the file no longer needs",
            )
        return
    if bound := bound_workers(account, store, progress):
        raise UserError(
            f"{store.title} is bound to {', '.join(bound)}",
            "remove the binding first: `pulumi up` does it for a declared Worker whose autopilot no longer needs it",
        )


def destroy(account: Account, store: Store | StoredQueue, progress: Progress) -> None:
    """Delete it with everything in it. After an interruption the next run continues; what is left is whole."""
    if isinstance(store, StoredQueue):
        contents.delete_queue(account, store.id)
        return
    match store.kind:
        case "kv":
            contents.delete_namespace(account, store.id)
        case "r2":
            r2.empty(account, store, progress)
            contents.delete_bucket(account, store.name, store.headers)
        case "d1":
            contents.delete_database(account, store.id)


def _declared(desired: Desired, store: Store | StoredQueue) -> set[str]:
    if isinstance(store, StoredQueue):
        return {queue.name for queue in desired.queues}
    match store.kind:
        case "kv":
            return {namespace.title for namespace in desired.kv_namespaces}
        case "r2":
            return {bucket.name for bucket in desired.r2_buckets if bucket.jurisdiction == store.jurisdiction}
        case "d1":
            return {database.name for database in desired.d1_databases}
