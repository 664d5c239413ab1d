"""What is really in the account: read over Cloudflare's REST API.

Touches the network, and changes nothing. The transport enters by the constructor, so that tests run against any server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Self

import httpx

from orchestrator.errors import CloudflareError, SettingsError

API_URL = "https://api.cloudflare.com/client/v4"
_PAGE = 100


class Account:
    """One Cloudflare account, seen with one API token. Close it, or use it in a `with` statement."""

    def __init__(
        self,
        *,
        account_id: str,
        token: str,
        base_url: str = API_URL,
        transport: httpx.BaseTransport | None = None,
        patience: float = 30,
    ) -> None:
        """`patience`: seconds to wait for each answer."""
        self._path = f"/accounts/{account_id}"
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            transport=transport or httpx.HTTPTransport(retries=2),
            timeout=patience,
        )

    @classmethod
    def from_environment(cls, account_id: str, token: str | None = None, *, patience: float = 30) -> Self:
        """The account, as the Cloudflare provider finds it: CLOUDFLARE_API_TOKEN and CLOUDFLARE_BASE_URL."""
        token = token or os.environ.get("CLOUDFLARE_API_TOKEN")
        if not token:
            raise SettingsError("CLOUDFLARE_API_TOKEN is not set", "export the API token of the account")
        base_url = os.environ.get("CLOUDFLARE_BASE_URL") or API_URL
        return cls(account_id=account_id, token=token, base_url=base_url, patience=patience)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def workers_subdomain(self) -> str:
        """The account's name under workers.dev. CloudflareError 10007 when none was chosen yet."""
        return str(self._get("/workers/subdomain")["result"]["subdomain"])

    def workers(self) -> dict[str, tuple[str, ...] | None]:
        """The handlers (`fetch`, `scheduled`, …) of each Worker, by name; None where the API does not say. One call."""
        listed = self._get("/workers/scripts")["result"]
        return {worker["id"]: tuple(worker["handlers"]) if worker.get("handlers") else None for worker in listed}

    def schedules(self, worker: str) -> tuple[str, ...]:
        """The cron expressions of one Worker."""
        answer = self._get(f"/workers/scripts/{worker}/schedules")
        return tuple(schedule["cron"] for schedule in answer["result"]["schedules"])

    def kv_namespaces(self) -> dict[str, str]:
        """The id of each KV namespace, by title."""
        return {namespace["title"]: namespace["id"] for namespace in self._pages("/storage/kv/namespaces")}

    def d1_databases(self) -> dict[str, str]:
        """The id (`uuid`) of each D1 database, by name."""
        return {database["name"]: database["uuid"] for database in self._pages("/d1/database")}

    def r2_buckets(self, jurisdiction: str = "default") -> set[str]:
        """The names of the R2 buckets of a jurisdiction."""
        names: set[str] = set()
        cursor = ""
        while True:
            answer = self._get(
                "/r2/buckets", {"per_page": 1000, "cursor": cursor}, {"cf-r2-jurisdiction": jurisdiction}
            )
            names |= {bucket["name"] for bucket in answer["result"]["buckets"]}
            cursor = (answer.get("result_info") or {}).get("cursor") or ""
            if not cursor:
                return names

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            answer = self._get(path, {"page": page, "per_page": _PAGE})
            yield from answer["result"]
            if len(answer["result"]) < _PAGE:
                return
            page += 1

    def _get(
        self, path: str, params: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """One GET below the account. CloudflareError, with the API's code and words, for anything but a success."""
        params = {key: value for key, value in (params or {}).items() if value != ""}
        try:
            response = self._client.get(self._path + path, params=params, headers=headers)
        except httpx.HTTPError as error:
            raise CloudflareError(
                f"GET {self._path}{path}: no answer from {self._client.base_url.host}: {error}",
                "check the network, and CLOUDFLARE_BASE_URL if it is set",
            ) from error
        try:
            answer: dict[str, Any] = response.json()
            errors = answer["errors"]
        except (ValueError, TypeError, KeyError):
            raise CloudflareError(
                f"GET {self._path}{path}: HTTP {response.status_code} without Cloudflare's envelope",
                status=response.status_code,
            ) from None
        if answer.get("success"):
            return answer
        code = errors[0]["code"] if errors else 0
        words = "; ".join(f"{error['message']} [code: {error['code']}]" for error in errors)
        raise CloudflareError(
            f"GET {self._path}{path}: HTTP {response.status_code}: {words}",
            _HINTS.get(code, ""),
            status=response.status_code,
            api_code=code,
        )


_HINTS = {
    9106: "set CLOUDFLARE_API_TOKEN",
    9109: "the API token is not valid (any more): make a new one",
    10000: "the API token lacks a permission; README, “Deploy to a real account”, lists the five it needs",
    10001: "the API token is not valid (any more): make a new one",
    10007: "choose the account's workers.dev subdomain once: dashboard, Workers & Pages",
    10042: "switch R2 on once: dashboard, R2 (it asks for a payment method, also for free use)",
    10136: "switch R2 on once: dashboard, R2 (it asks for a payment method, also for free use)",
}
