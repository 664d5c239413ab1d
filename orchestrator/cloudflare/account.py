"""What is really in the account: read over Cloudflare's REST API, and the one door for the few writes of others.

Touches the network. Its own methods change nothing; `request` does what the caller asks, for the commands that repair,
back up or delete. How calls are paced, counted and tried again is in `orchestrator.cloudflare.client`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Self

import httpx

from orchestrator.cloudflare.client import ApiClient, envelope
from orchestrator.errors import CloudflareError, SettingsError
from orchestrator.names import PUBLIC_API_URL

JURISDICTIONS = ("default", "eu", "fedramp")
"""Where a bucket's data may have to stay; a bucket is found only under its own."""

_R2_IS_OFF = (10042, 10136)
_NO_SUCH_JURISDICTION = (400, 403, 404)
_PAGE = 100
_BUCKETS_A_PAGE = 1000


class Account:
    """One Cloudflare account, seen with one API token. Close it, or use it in a `with` statement."""

    def __init__(self, *, account_id: str, token: str, base_url: str = PUBLIC_API_URL, **options: Any) -> None:
        """`options` as ApiClient takes them: `transport`, `patience` (seconds for each answer), `report`, …"""
        self.account_id = account_id
        self.base_url = base_url
        self._path = f"/accounts/{account_id}"
        self._client = ApiClient(token=token, base_url=base_url, **options)

    @classmethod
    def from_environment(
        cls, account_id: str, token: str | None = None, *, base_url: str | None = None, **options: Any
    ) -> Self:
        """The account, as the Cloudflare provider finds it: CLOUDFLARE_API_TOKEN and CLOUDFLARE_BASE_URL.

        `token` and `base_url`: those of a stack's configuration, where it has any.
        """
        token = token or os.environ.get("CLOUDFLARE_API_TOKEN")
        if not token:
            raise SettingsError("CLOUDFLARE_API_TOKEN is not set", "export the API token of the account")
        url = os.environ.get("CLOUDFLARE_BASE_URL") or base_url or PUBLIC_API_URL
        return cls(account_id=account_id, token=token, base_url=url, **options)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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

    def download(self, path: str, **options: Any) -> Iterator[bytes]:
        """The bytes of a GET as they are sent, not decoded and never all in memory. Raises CloudflareError."""
        return self._client.download(self._whole(path, True), **options)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """The items of a list that is paged by number, to its last page."""
        seen = 0
        page = 1
        while True:
            answer = self.call("GET", path, params={"page": page, "per_page": _PAGE})
            items = answer["result"]
            yield from items
            seen += len(items)
            # The page may be shorter than asked for; the total, where it is told, says whether it was the last.
            total = (answer.get("result_info") or {}).get("total_count")
            if not items or (seen >= total if total is not None else len(items) < _PAGE):
                return
            page += 1

    def buckets(self, jurisdiction: str = "default") -> Iterator[dict[str, Any]]:
        """The R2 buckets of a jurisdiction, as the API lists them (by cursor)."""
        cursor = ""
        while True:
            params = {"per_page": _BUCKETS_A_PAGE, **({"cursor": cursor} if cursor else {})}
            answer = self.call("GET", "/r2/buckets", params=params, headers={"cf-r2-jurisdiction": jurisdiction})
            yield from answer["result"]["buckets"]
            cursor = (answer.get("result_info") or {}).get("cursor") or ""
            if not cursor:
                return

    def buckets_everywhere(self) -> list[dict[str, Any]]:
        """The R2 buckets of every jurisdiction that the account has, each with its own; none where R2 is off."""
        found: list[dict[str, Any]] = []
        for jurisdiction in JURISDICTIONS:
            try:
                found += [{**each, "jurisdiction": jurisdiction} for each in self.buckets(jurisdiction)]
            except CloudflareError as error:
                elsewhere = jurisdiction != "default" and error.status in _NO_SUCH_JURISDICTION
                if error.api_code not in _R2_IS_OFF and not elsewhere:
                    raise
        return found

    def workers_url(self) -> str:
        """Where the account's Workers answer, with `{worker}` for a Worker's name. Raises as `workers_subdomain`."""
        return f"https://{{worker}}.{self.workers_subdomain()}.workers.dev"

    def workers_subdomain(self) -> str:
        """The account's name under workers.dev. CloudflareError 10007 when none was chosen yet."""
        return str(self.call("GET", "/workers/subdomain")["result"]["subdomain"])

    def workers(self) -> dict[str, tuple[str, ...] | None]:
        """The handlers (`fetch`, `scheduled`, …) of each Worker, by name; None where the API does not say. One call."""
        listed = self.call("GET", "/workers/scripts")["result"]
        return {worker["id"]: tuple(worker["handlers"]) if worker.get("handlers") else None for worker in listed}

    def schedules(self, worker: str) -> tuple[str, ...]:
        """The cron expressions of one Worker."""
        answer = self.call("GET", f"/workers/scripts/{worker}/schedules")
        return tuple(schedule["cron"] for schedule in answer["result"]["schedules"])

    def kv_namespaces(self) -> dict[str, str]:
        """The id of each KV namespace, by title."""
        return {namespace["title"]: namespace["id"] for namespace in self.pages("/storage/kv/namespaces")}

    def d1_databases(self) -> dict[str, str]:
        """The id (`uuid`) of each D1 database, by name."""
        return {database["name"]: database["uuid"] for database in self.pages("/d1/database")}

    def r2_buckets(self, jurisdiction: str = "default") -> set[str]:
        """The names of the R2 buckets of a jurisdiction."""
        return {bucket["name"] for bucket in self.buckets(jurisdiction)}

    def _whole(self, path: str, in_account: bool) -> str:
        return f"{self._path}{path}" if in_account else path
