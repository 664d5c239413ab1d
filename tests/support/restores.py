"""Databases and namespaces of the local Cloudflare that are backed up and restored by tests."""

from __future__ import annotations

import time
from pathlib import Path

from orchestrator.cloudflare.account import Account
from orchestrator.data import backup
from orchestrator.data.restore import Restored, put_back
from orchestrator.data.store import Store
from tests.support.instant_clock import InstantClock
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.seeds import seeds

SEEDS = seeds(2, first=100)
NOW = int(time.time())
FAULTS = [
    {"effect": "status", "status": 502, "when": "after", "every": 2},
    {"effect": "status", "status": 503, "when": "before", "every": 2},
    {"effect": "reset", "when": "after", "every": 3},
    {"effect": "reset", "when": "before", "every": 3},
]


def say_nothing(_text: str) -> None: ...


def account_of(server: LocalCloudflare) -> Account:
    """A pause takes no time."""
    return Account(**server.settings_of_account, **InstantClock().options)


def save(account: Account, store: Store, folder: Path) -> backup.Backup:
    return backup.take(account, store, folder, say_nothing, now="2026-11-26T00:00:00+00:00")


def restored(account: Account, store: Store, folder: Path, *, merge: bool = False) -> Restored:
    return put_back(account, backup.read(folder), store, folder, say_nothing, merge=merge, now=NOW)


def database(account: Account, name: str, calls: list[list[str]] | None = None) -> Store:
    id = account.call("POST", "/d1/database", json={"name": name})["result"]["uuid"]
    for statements in calls or []:
        account.call("POST", f"/d1/database/{id}/query", json={"batch": [{"sql": sql} for sql in statements]})
    return Store(kind="d1", name=name, id=id)
