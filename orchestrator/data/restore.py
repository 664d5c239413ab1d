"""A backup back into the account: into an empty store, or with `merge` beside what is there, which stays as it is.

A restore that was interrupted continues with `merge`: what has come back already is not written again. Touches the
network, by the Account that it is given, and reads the backup's folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.cloudflare.account import Account
from orchestrator.data import kv
from orchestrator.data.backup import UNITS, Backup
from orchestrator.data.d1 import contents as d1
from orchestrator.data.r2 import contents as r2
from orchestrator.data.store import Progress, Store
from orchestrator.errors import UserError

WRITTEN = {"kv": "keys", "r2": "objects", "d1": "rows"}


@dataclass(frozen=True, kw_only=True)
class Restored:
    """How many keys, objects or rows were written; `notes`: what could not come back, a line each."""

    written: int
    notes: tuple[str, ...] = ()


def put_back(
    account: Account, backup: Backup, store: Store, folder: Path, progress: Progress, *, merge: bool, now: int
) -> Restored:
    """Write the backup in `folder`, checked by `backup.read`, into `store`; `now` in seconds since 1970.

    Raises UserError where the store is of another kind, or not empty without `merge`.
    """
    if store.kind != backup.kind:
        raise UserError(f"the backup in {folder} is of {backup.kind}, and {store.title} is not")
    module = {"kv": kv, "r2": r2, "d1": d1}[store.kind]
    if not merge and not module.is_empty(account, store):
        raise UserError(
            f"{store.title} is not empty",
            f"--merge adds the {UNITS[store.kind]} that it does not have, and leaves the others as they are; "
            "it also continues an interrupted restore",
        )
    notes: tuple[str, ...]
    match store.kind:
        case "kv":
            written, expired = kv.put_back(account, store, folder / kv.FILE, progress, now=now)
            notes = (f"{expired} keys have expired since the backup",) if expired else ()
        case "r2":
            written, notes = r2.put_back(account, store, folder, progress)
        case "d1":
            written, left = d1.put_back(account, store, folder, backup.sha256, progress)
            notes = (f"{left} rows did not come back: rows with their keys are there, and stay",) if left else ()
    return Restored(written=written, notes=notes)
