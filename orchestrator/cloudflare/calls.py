"""Calls below one account: one call, a download, a list to its end. What they mean is in `account`.

Touches the network. How calls are paced, counted and tried again is in `orchestrator.cloudflare.client`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import httpx

from orchestrator.cloudflare.client import ApiClient, envelope
from orchestrator.names import PUBLIC_API_URL

_PAGE = 100


class AccountCalls:
    """One Cloudflare account, seen with one API token. Close it, or use it in a `with` statement."""

    def __init__(self, *, account_id: str, token: str, base_url: str = PUBLIC_API_URL, **options: Any) -> None:
        """`options` as ApiClient takes them: `transport`, `timeout` (seconds for each answer), `report`, …"""
        self.account_id = account_id
        self.base_url = base_url
        self._path = f"/accounts/{account_id}"
        self._client = ApiClient(token=token, base_url=base_url, **options)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def host(self) -> str:
        """Where the API is that is called."""
        return self._client.host

    @property
    def calls(self) -> int:
        """How many API calls were made so far, every try counted."""
        return self._client.calls

    def request(
        self, method: str, path: str, *, repeatable: bool | None = None, in_account: bool = True, **options: Any
    ) -> httpx.Response:
        """The answer to one call, whatever its status: for bytes, probes and writes. 429 is waited out.

        `path` is below the account (`/r2/buckets`), or below /client/v4 with `in_account=False`. `repeatable`: whether
        it may be sent again after a 5xx or without an answer (reads are). `options` as httpx takes them: `params`,
        `json`, `content`, `files`, `headers`. Raises CloudflareError (status 0) where there is no answer.
        """
        return self._client.request(method, self._whole(path, in_account), repeatable=repeatable, **options)

    def call(self, method: str, path: str, *, in_account: bool = True, **options: Any) -> dict[str, Any]:
        """The same with an answer in Cloudflare's envelope: the whole of it.

        Raises CloudflareError, with the API's code and words, for anything but a success.
        """
        response = self.request(method, path, in_account=in_account, **options)
        return envelope(method, self._whole(path, in_account), response)

    def result(self, method: str, path: str, **options: Any) -> Any:
        """What a call gave: its envelope's `result`. Raises as `call`."""
        return self.call(method, path, **options)["result"]

    def download(self, path: str, **options: Any) -> Iterator[bytes]:
        """The bytes of a GET as they are sent, not decoded and never all in memory. Raises CloudflareError."""
        return self._client.download(self._whole(path, True), **options)

    def paged(self, path: str, *, in_account: bool = True, **filters: str) -> Iterator[dict[str, Any]]:
        """The items of a list that is paged by number, to its last page; `filters`: further query parameters."""
        seen = 0
        page = 1
        while True:
            params = {**filters, "page": page, "per_page": _PAGE}
            answer = self.call("GET", path, in_account=in_account, params=params)
            items = answer["result"]
            yield from items
            seen += len(items)
            # The page may be shorter than asked for; the total, where it is told, says whether it was the last.
            total = (answer.get("result_info") or {}).get("total_count")
            if not items or (seen >= total if total is not None else len(items) < _PAGE):
                return
            page += 1

    def paged_by_cursor(
        self, path: str, size: Mapping[str, int], *, within: str = "", **options: Any
    ) -> Iterator[dict[str, Any]]:
        """The items of a list that is paged by a cursor, to its end.

        `size`: how many items a page is to have, under the name of its parameter. `within`: the member of the result
        that holds the items, where that is not the result itself.
        """
        cursor = ""
        while True:
            params = {**size, **({"cursor": cursor} if cursor else {})}
            answer = self.call("GET", path, params=params, **options)
            yield from answer["result"][within] if within else answer["result"]
            cursor = (answer.get("result_info") or {}).get("cursor") or ""
            if not cursor:
                return

    def _whole(self, path: str, in_account: bool) -> str:
        return f"{self._path}{path}" if in_account else path
