"""A KV namespace, R2 bucket, D1 database or queue, and what tells it from others of its name.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.kinds import Kind, kind_of_short

StoreKind = Literal["kv", "r2", "d1"]
KINDS: tuple[StoreKind, ...] = ("kv", "r2", "d1")
NOT_FOUND = 404
STORE_BINDINGS = ("kv_namespace", "r2_bucket", "d1")
"""The types of the bindings to them."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """`name` is the one in the account, with its prefix; `id` a bucket's name again; `jurisdiction` only a bucket's."""

    kind: StoreKind
    name: str
    id: str
    jurisdiction: str = "default"

    @property
    def title(self) -> str:
        return f"{kind_of_short(self.kind).word} {self.name}"

    @property
    def headers(self) -> dict[str, str]:
        """What every call for a bucket must carry."""
        return {"cf-r2-jurisdiction": self.jurisdiction} if self.kind == "r2" else {}

    def is_bound_by(self, binding: Mapping[str, Any]) -> bool:
        """Whether a Worker's binding, as the API lists it, is to this."""
        match self.kind:
            case "kv":
                return binding.get("type") == "kv_namespace" and binding.get("namespace_id") == self.id
            case "r2":
                same = (binding.get("bucket_name"), binding.get("jurisdiction") or "default")
                return binding.get("type") == "r2_bucket" and same == (self.name, self.jurisdiction)
            case "d1":
                return binding.get("type") == "d1" and self.id in (binding.get("id"), binding.get("database_id"))


@dataclass(frozen=True, kw_only=True)
class StoredQueue:
    """`used_by`: who sends to it, takes from it, or gives it its dead letters, each as messages call it."""

    kind: Literal["queue"] = "queue"
    name: str
    id: str
    used_by: tuple[str, ...] = ()
    jurisdiction: str = "default"

    @property
    def title(self) -> str:
        return Kind.QUEUE.titled(self.name)


def which(store: Store | StoredQueue) -> str:
    """The options that tell this from everything else of its name."""
    place = f" --jurisdiction {store.jurisdiction}" if store.kind == "r2" else ""
    return f"--kind {store.kind}{place}"
