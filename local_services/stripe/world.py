"""What this Stripe knows, kept in SQLite, so that it outlives the process: objects, answers by their keys, settings."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from local_cloudflare.api.store import Store

KEY_LIFE_S = 24 * 60 * 60
_SETTINGS: Mapping[str, Any] = {"accounts": None, "balance": None, "apiKeys": None, "webhooks": []}


class World:
    """`base`: where this Stripe is, without a slash at its end, for the addresses that it gives."""

    def __init__(self, store: Store, base: str) -> None:
        self.store = store
        self.base = base
        self.in_flight: set[str] = set()
        self.calls: list[dict[str, Any]] = []

    @property
    def settings(self) -> dict[str, Any]:
        """`accounts`: the connected accounts, None for any; `balance`: by currency, None for enough; `apiKeys`: those
        that are taken, None for any; `webhooks`: `{url, secret}` of each endpoint."""
        return {**_SETTINGS, **(self.store.get("setting", "all") or {})}

    def set(self, changes: Mapping[str, Any]) -> None:
        unknown = changes.keys() - _SETTINGS.keys()
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}; there are {', '.join(_SETTINGS)}")
        self.store.put("setting", "all", {**self.settings, **changes})

    def reset(self) -> None:
        """As at the beginning."""
        self.store.clear()
        self.calls.clear()

    def all(self, kind: str) -> list[dict[str, Any]]:
        return self.store.all(kind)

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        return self.store.get(kind, id)

    def save(self, kind: str, value: dict[str, Any]) -> dict[str, Any]:
        self.store.put(kind, value["id"], value)
        return value

    def available(self, currency: str) -> int | None:
        """What may be transferred; None for any amount."""
        balance = self.settings["balance"]
        if balance is None:
            return None
        moved: int = sum(
            each["amount"] - each["amount_reversed"] for each in self.all("transfer") if each["currency"] == currency
        )
        return int(balance.get(currency, 0)) - moved

    def is_account(self, id: str) -> bool:
        accounts = self.settings["accounts"]
        return accounts is None or id in accounts or self.get("account", id) is not None

    def answer_of(self, key: str) -> dict[str, Any] | None:
        """What is kept under an idempotency key: `{path, body, status, document}`."""
        kept = self.store.get("key", key)
        return kept if kept and kept["at"] > time.time() - KEY_LIFE_S else None

    def keep(self, key: str, path: str, body: str, status: int, document: dict[str, Any]) -> None:
        kept = {"path": path, "body": body, "status": status, "document": document, "at": time.time()}
        self.store.put("key", key, kept)

    def forget_keys(self) -> None:
        """As Stripe may after 24 hours."""
        for id in self.store.ids("key"):
            self.store.delete("key", id)


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(12)


def now() -> int:
    return int(time.time())
