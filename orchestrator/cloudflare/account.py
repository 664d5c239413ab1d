"""What is really in the account, in the words of the domain: read over Cloudflare's REST API.

Touches the network. Its own methods change nothing; `request` and `call` (of `AccountCalls`) do what the caller asks,
for the commands that back up, restore or delete.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import Any, Self

from orchestrator.cloudflare.calls import AccountCalls
from orchestrator.cloudflare.error_codes import R2_IS_OFF
from orchestrator.cloudflare.r2_settings import R2Settings, endpoint_of, keys_of_environment
from orchestrator.cloudflare.s3_signature import S3Keys
from orchestrator.errors import CloudflareError, SettingsError
from orchestrator.kinds import Kind
from orchestrator.multipart import contents
from orchestrator.names import PUBLIC_API_URL

JURISDICTIONS = ("default", "eu", "fedramp")
"""Where a bucket's data may have to stay; a bucket is found only under its own."""

_NO_SUCH_JURISDICTION = (400, 403, 404)
_BUCKETS_A_PAGE = 1000


def in_jurisdiction(jurisdiction: str) -> dict[str, str]:
    """The header that every call for a bucket must carry."""
    return {"cf-r2-jurisdiction": jurisdiction}


class Account(AccountCalls):
    """One Cloudflare account. Answers of the API that are given as they came are called listed or told."""

    def __init__(
        self,
        *,
        account_id: str,
        token: str,
        base_url: str = PUBLIC_API_URL,
        r2_keys: S3Keys | None = None,
        **options: Any,
    ) -> None:
        """`options` as AccountCalls takes them; `r2_keys`: of an R2 token, for the contents of buckets."""
        super().__init__(account_id=account_id, token=token, base_url=base_url, **options)
        self.r2 = R2Settings(
            token_sha256=hashlib.sha256(token.encode()).hexdigest(),
            keys=r2_keys,
            endpoint=endpoint_of(account_id, base_url),
            options=options,
        )

    @classmethod
    def from_environment(
        cls,
        account_id: str,
        token: str | None = None,
        *,
        base_url: str | None = None,
        r2_keys: S3Keys | None = None,
        **options: Any,
    ) -> Self:
        """The account, as the Cloudflare provider finds it: CLOUDFLARE_API_TOKEN and CLOUDFLARE_BASE_URL.

        `token`, `base_url` and `r2_keys`: those of a stack's configuration, where it has any.
        """
        name = "cloudflare:apiToken of the stack" if token else "CLOUDFLARE_API_TOKEN"
        token = token or os.environ.get("CLOUDFLARE_API_TOKEN")
        if not token:
            raise SettingsError("CLOUDFLARE_API_TOKEN is not set", "export the API token of the account")
        url = os.environ.get("CLOUDFLARE_BASE_URL") or base_url or PUBLIC_API_URL
        keys = keys_of_environment() or r2_keys
        return cls(account_id=account_id, token=token, token_name=name, base_url=url, r2_keys=keys, **options)

    @classmethod
    def of_environment(cls, hint: str = "export the account's id") -> Self:
        """The account of CLOUDFLARE_ACCOUNT_ID. Raises SettingsError, with the hint, where that is not set."""
        account_id = os.environ.get("CLOUDFLARE_ACCOUNT_ID")
        if not account_id:
            raise SettingsError("CLOUDFLARE_ACCOUNT_ID is not set", hint)
        return cls.from_environment(account_id)

    def names(self, kind: Kind, jurisdiction: str = "default") -> dict[str, str]:
        """Cloudflare's id of each thing of a kind, by name; a bucket's (of that jurisdiction) and a Worker's is its
        name again. What belongs to a Worker has the Workers' names."""
        match kind:
            case Kind.KV_NAMESPACE:
                return {each["title"]: each["id"] for each in self.paged("/storage/kv/namespaces")}
            case Kind.R2_BUCKET:
                return {each["name"]: each["name"] for each in self.buckets(jurisdiction)}
            case Kind.D1_DATABASE:
                return {each["name"]: each["uuid"] for each in self.paged("/d1/database")}
            case Kind.QUEUE:
                return {each["queue_name"]: each["queue_id"] for each in self.queues()}
            case Kind.WORKER | Kind.SCHEDULES | Kind.SUBDOMAIN | Kind.CONSUMER:
                return {name: name for name in self.scripts()}
            case Kind.CUSTOM_DOMAIN:
                return {each["hostname"]: each["id"] for each in self.custom_domains()}

    def buckets(self, jurisdiction: str = "default") -> Iterator[dict[str, Any]]:
        """The R2 buckets of a jurisdiction, as listed."""
        headers, size = in_jurisdiction(jurisdiction), {"per_page": _BUCKETS_A_PAGE}
        return self.paged_by_cursor("/r2/buckets", size, within="buckets", headers=headers)

    def buckets_everywhere(self) -> list[dict[str, Any]]:
        """The R2 buckets of every jurisdiction that the account has, each with its own; none where R2 is off."""
        found: list[dict[str, Any]] = []
        for jurisdiction in JURISDICTIONS:
            try:
                found += [{**each, "jurisdiction": jurisdiction} for each in self.buckets(jurisdiction)]
            except CloudflareError as error:
                elsewhere = jurisdiction != "default" and error.status in _NO_SUCH_JURISDICTION
                if error.api_code not in R2_IS_OFF and not elsewhere:
                    raise
        return found

    def queues(self) -> list[dict[str, Any]]:
        """The queues, each with its `settings` and `consumers`."""
        return [dict(each) for each in self.paged("/queues")]

    def bucket(self, name: str, jurisdiction: str = "default") -> dict[str, Any]:
        """What is told of one bucket: more than the list has."""
        return dict(self.result("GET", f"/r2/buckets/{name}", headers=in_jurisdiction(jurisdiction)))

    def bucket_settings(self, name: str, jurisdiction: str = "default") -> dict[str, Any]:
        """What is told of a bucket's public access and rules, by the last part of each path; CORS `{}` without any."""
        told = {}
        for part in ("domains/managed", "domains/custom", "cors", "lifecycle", "lock"):
            try:
                path = f"/r2/buckets/{name}/{part}"
                told[part] = dict(self.result("GET", path, headers=in_jurisdiction(jurisdiction)) or {})
            except CloudflareError as error:
                if part != "cors" or error.status != 404:
                    raise
                told[part] = {}
        return told

    def database(self, id: str) -> dict[str, Any]:
        """What is told of one D1 database: more than the list has."""
        return dict(self.result("GET", f"/d1/database/{id}"))

    def workers_url(self) -> str:
        """Where the account's Workers answer, with `{worker}` for a Worker's name. Raises as `workers_subdomain`."""
        return f"https://{{worker}}.{self.workers_subdomain()}.workers.dev"

    def workers_subdomain(self) -> str:
        """The account's name under workers.dev. CloudflareError 10007 when none was chosen yet."""
        return str(self.result("GET", "/workers/subdomain")["subdomain"])

    def scripts(self) -> dict[str, dict[str, Any]]:
        """Each Worker as listed, by name: `etag`, `modified_on`, `handlers`, … One call."""
        return {each["id"]: each for each in self.result("GET", "/workers/scripts")}

    def scripts_listed_newly(self) -> dict[str, dict[str, Any]]:
        """Each Worker as the newer list (beta) has it, by name: `deployed_on`, `subdomain`, `observability`, …

        Empty where the API does not have this list, or not for this token.
        """
        try:
            return {each["name"]: each for each in self.paged("/workers/workers")}
        except CloudflareError as error:
            if error.status in (403, 404, 405):
                return {}
            raise

    def custom_domains(self) -> list[dict[str, Any]]:
        """The custom domains of the account's Workers, as listed: `hostname`, `service`, …"""
        return list(self.result("GET", "/workers/domains"))

    def zones(self) -> list[dict[str, Any]]:
        """The zones of the account that the token may read, as listed; none where it may not list them."""
        try:
            return list(self.paged("/zones", in_account=False, **{"account.id": self.account_id}))
        except CloudflareError as error:
            if error.status == 403:
                return []
            raise

    def routes(self) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
        """The routes of the account's zones, each with its zone's name, and the zones whose routes the token may not
        read. Zones that it may not read are not listed."""
        found: list[tuple[str, dict[str, Any]]] = []
        unread = []
        for zone in self.zones():
            try:
                listed = self.result("GET", f"/zones/{zone['id']}/workers/routes", in_account=False)
                found += [(zone["name"], each) for each in listed]
            except CloudflareError as error:
                if error.status != 403:
                    raise
                unread.append(zone["name"])
        return found, unread

    def deployed_versions(self, name: str) -> list[dict[str, Any]]:
        """The versions of a Worker that get requests, each with its `percentage`; of a gradual deployment, several."""
        told = self.result("GET", f"/workers/scripts/{name}/deployments")
        return list(told["deployments"][0]["versions"]) if told["deployments"] else []

    def worker_settings(self, name: str) -> dict[str, Any]:
        """What is deployed of a Worker beside its code: `bindings`, `compatibility_date`, `placement`, …"""
        return dict(self.result("GET", f"/workers/scripts/{name}/settings"))

    def worker_bindings(self, name: str) -> list[Mapping[str, Any]]:
        """The bindings of a Worker, as told; a secret without its value."""
        return list(self.worker_settings(name).get("bindings") or ())

    def worker_subdomain(self, name: str) -> dict[str, Any]:
        """A Worker's switches under workers.dev: `enabled`, `previews_enabled`."""
        return dict(self.result("GET", f"/workers/scripts/{name}/subdomain"))

    def worker_modules(self, name: str) -> list[bytes]:
        """The code of a Worker: the bytes of each module, the main one first."""
        response = self.request("GET", f"/workers/scripts/{name}/content/v2")
        if response.status_code != 200:
            raise CloudflareError(
                f"the code of {name}: HTTP {response.status_code}", "try again", status=response.status_code
            )
        try:
            return contents(response.content, response.headers.get("content-type", ""))
        except ValueError as error:
            raise CloudflareError(f"the code of {name} was cut off: {error}", "try again") from error

    def schedules(self, worker: str) -> tuple[str, ...]:
        """The cron expressions of one Worker."""
        told = self.result("GET", f"/workers/scripts/{worker}/schedules")
        return tuple(each["cron"] for each in told["schedules"])
