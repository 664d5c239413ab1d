"""KV namespaces of the account, and the limits on what is put into them. The values themselves are in the runtime."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any, Literal

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.kv import errors
from local_cloudflare.api.workers.models import Workers

KIND = "kv_namespace"
TITLE_BYTES = 512
KEY_BYTES = 512
VALUE_BYTES = 25 * 1024 * 1024
METADATA_BYTES = 1024
LEAST_TTL = 60  # seconds


@dataclass(frozen=True, kw_only=True)
class Namespace:
    id: str
    title: str
    supports_url_encoding: bool = True


@dataclass(frozen=True, kw_only=True)
class Write:
    """One value to put: `expiration` in seconds since 1970, `expiration_ttl` in seconds from now."""

    key: str
    value: bytes
    metadata: Any = None
    expiration: int | None = None
    expiration_ttl: int | None = None


class Namespaces:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._store = cloud.store

    def all(self, order: Literal["id", "title"] = "title", *, descending: bool = False) -> list[Namespace]:
        found = [Namespace(**document) for document in self._store.all(KIND)]
        return sorted(found, key=lambda namespace: str(getattr(namespace, order)), reverse=descending)

    def get(self, id: str, operation: str = "get namespace") -> Namespace:
        """Raises 10013 in the words of the operation that asked."""
        document = self._store.get(KIND, id)
        if document is None:
            raise errors.namespace_not_found(operation)
        return Namespace(**document)

    def create(self, title: Any) -> Namespace:
        self._check_title(title)
        return self._save(Namespace(id=secrets.token_hex(16), title=title))

    def rename(self, id: str, title: Any) -> Namespace:
        namespace = self.get(id, "rename namespace")
        self._check_title(title, but=id)
        return self._save(Namespace(id=namespace.id, title=title))

    async def delete(self, id: str) -> None:
        """Refused while a Worker is bound to it."""
        self.get(id, "remove namespace")
        bound = Workers(self._cloud.store).bound_to(type="kv_namespace", namespace_id=id)
        if bound:
            raise errors.has_associated_scripts(bound)
        self._store.delete(KIND, id)
        await self._cloud.runtime.kv.purge(id)

    async def put(self, id: str, write: Write) -> None:
        self.get(id, "put")
        check(write, now=int(self._cloud.clock().timestamp()))
        await self._cloud.runtime.kv.put(
            id,
            write.key,
            write.value,
            expiration=write.expiration,
            expiration_ttl=write.expiration_ttl,
            metadata=write.metadata,
        )

    def _save(self, namespace: Namespace) -> Namespace:
        self._store.put(KIND, namespace.id, asdict(namespace), name=namespace.title)
        return namespace

    def _check_title(self, title: Any, but: str = "") -> None:
        if not isinstance(title, str) or not title:
            raise errors.missing_title()
        if len(title.encode()) > TITLE_BYTES:
            raise errors.title_too_long(TITLE_BYTES)
        found = self._store.find(KIND, title)
        if found is not None and found["id"] != but:
            raise errors.title_exists()


def check_key(key: str) -> None:
    if len(key.encode()) > KEY_BYTES:
        raise errors.key_too_long(key, KEY_BYTES)


def check(write: Write, *, now: int) -> None:
    """Refuse what the real service refuses; `now` in seconds since 1970."""
    check_key(write.key)
    if len(write.value) > VALUE_BYTES:
        raise errors.value_too_large(len(write.value), VALUE_BYTES)
    if write.metadata is not None and len(json.dumps(write.metadata, separators=(",", ":")).encode()) > METADATA_BYTES:
        raise errors.malformed_body(f"metadata length exceeds limit of {METADATA_BYTES}")
    if write.expiration_ttl is not None and write.expiration_ttl < LEAST_TTL:
        raise errors.invalid_expiration(LEAST_TTL)
    if write.expiration is not None and write.expiration < now + LEAST_TTL:
        raise errors.invalid_expiration(LEAST_TTL)
