"""The way to the data: requests to the gateway in workerd, in the protocols of Workers' own bindings."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from typing import Literal, Protocol

import httpx

from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.node import Node

Store = Literal["kv", "r2", "d1", "counts"]


class Send(Protocol):
    """As `Gateway.send`, whichever process runs at the moment."""

    async def __call__(
        self,
        store: Store,
        name: str,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | AsyncIterable[bytes] | None = None,
        stream: bool = False,
    ) -> httpx.Response: ...


class Gateway:
    """Requests to one store's object by its name."""

    def __init__(self, client: httpx.AsyncClient, node: Node) -> None:
        self._client = client
        self._url = httpx.URL(f"http://{node.data_address}")
        self._token = node.token

    async def send(
        self,
        store: Store,
        name: str,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | AsyncIterable[bytes] | None = None,
        stream: bool = False,
    ) -> httpx.Response:
        """Send one request; `target` is path and query, encoded. With `stream`, the caller closes the answer.

        Raises RuntimeFault when there is no answer.
        """
        request = self._client.build_request(
            method,
            self._url.copy_with(raw_path=target.encode()),
            headers={
                **(headers or {}),
                "x-local-token": self._token,
                "x-local-type": store,
                "x-local-name": name,
                "accept-encoding": "identity",
            },
            content=content,
        )
        try:
            return await self._client.send(request, stream=stream)
        except httpx.HTTPError as error:
            raise RuntimeFault(f"{store} {name}: the data could not be reached: {error!r}") from error
