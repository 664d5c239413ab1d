"""KV namespaces: the protocol of workerd's KV binding."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from local_cloudflare.runtime.errors import DataError
from local_cloudflare.runtime.gateway import Send
from local_cloudflare.runtime.models import KvKey, KvPage, KvValue


class Kv:
    """Values by namespace id and key. Each method may raise DataError with the store's message."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def get(self, namespace: str, key: str) -> KvValue | None:
        """The value of a key; None where there is none, or it has expired."""
        response = await self._send("kv", namespace, "GET", _target(key))
        if response.status_code == 404:
            return None
        _check(response.is_success, response.text)
        metadata = response.headers.get("cf-kv-metadata")
        expiration = response.headers.get("cf-expiration")
        return KvValue(
            value=response.content,
            metadata=None if metadata is None else json.loads(metadata),
            expiration=None if expiration is None else int(expiration),
        )

    async def put(
        self,
        namespace: str,
        key: str,
        value: bytes,
        *,
        expiration: int | None = None,
        expiration_ttl: int | None = None,
        metadata: Any = None,
    ) -> None:
        """Write a value; `expiration` in seconds since 1970, `expiration_ttl` in seconds, 60 at least."""
        times = {"expiration": expiration, "expiration_ttl": expiration_ttl}
        query = {name: str(time) for name, time in times.items() if time is not None}
        headers = {} if metadata is None else {"cf-kv-metadata": json.dumps(metadata)}
        response = await self._send("kv", namespace, "PUT", _target(key, **query), headers=headers, content=value)
        _check(response.is_success, response.text)

    async def delete(self, namespace: str, key: str) -> None:
        """Remove a key; one that is not there is no error."""
        response = await self._send("kv", namespace, "DELETE", _target(key))
        _check(response.is_success, response.text)

    async def list(self, namespace: str, *, prefix: str = "", limit: int = 1000, cursor: str | None = None) -> KvPage:
        """Keys in order, 1000 a page at most."""
        query = {"prefix": prefix, "key_count_limit": str(limit), **({"cursor": cursor} if cursor else {})}
        response = await self._send("kv", namespace, "GET", f"/?{urlencode(query)}")
        _check(response.is_success, response.text)
        page = response.json()
        keys = (
            KvKey(
                name=key["name"],
                metadata=json.loads(key["metadata"]) if key.get("metadata") else None,
                expiration=key.get("expiration"),
            )
            for key in page["keys"]
        )
        return KvPage(keys=tuple(keys), cursor=page.get("cursor"))

    async def purge(self, namespace: str) -> None:
        """Remove everything in a namespace."""
        while page := (await self.list(namespace)).keys:
            for key in page:
                await self.delete(namespace, key.name)


def _target(key: str, **query: str) -> str:
    if key in ("", ".", ".."):  # as a path they would name something else
        raise DataError(f'Illegal key name "{key}". Please use a different name.')
    return f"/{quote(key, safe='')}?{urlencode({'urlencoded': 'true', **query})}"


def _check(ok: bool, message: str) -> None:
    if not ok:
        raise DataError(message)
