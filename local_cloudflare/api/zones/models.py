"""Zones as they are kept, the routes of each, and the custom domains of Workers.

Which zones there are is a setting of the account (`/_local/account`): they are bought, or moved there, outside the API.
A route, or a custom domain, leads a host to a Worker; both are kept and answered, and nothing is served under them.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from local_cloudflare.api.account.models import NAME
from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.workers.models import Workers
from local_cloudflare.api.zones import errors

_ROUTE = "route"
_DOMAIN = "domain"
_SINCE = "2026-01-01T00:00:00Z"
_HOST = re.compile(r"(?=.{4,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")


class Zones:
    """The zones of the account; an id is made of the name, so that it stays."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def all(self) -> list[dict[str, Any]]:
        return [self._zone(name) for name in self._cloud.settings.zones]

    def get(self, id: str) -> dict[str, Any]:
        for zone in self.all():
            if zone["id"] == id:
                return zone
        raise errors.zone_not_accessible()

    def of_host(self, host: str) -> dict[str, Any]:
        """The zone that a host belongs to: the one of the longest name."""
        zones = [each for each in self.all() if host == each["name"] or host.endswith(f".{each['name']}")]
        if not zones:
            raise errors.zone_not_found(host)
        return max(zones, key=lambda each: len(each["name"]))

    def _zone(self, name: str) -> dict[str, Any]:
        return {
            "id": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
            "name": name,
            "status": "active",
            "paused": False,
            "type": "full",
            "development_mode": 0,
            "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
            "original_name_servers": None,
            "original_registrar": None,
            "original_dnshost": None,
            "created_on": _SINCE,
            "modified_on": _SINCE,
            "activated_on": _SINCE,
            "meta": {"step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3, "phishing_detected": False},
            "owner": {"id": None, "type": "user", "email": None},
            "account": {"id": self._cloud.account_id, "name": NAME},
            "plan": {"id": "0" * 32, "name": "Free Website", "price": 0, "currency": "USD", "legacy_id": "free"},
        }


class ZoneRoutes:
    """The routes of one zone. A pattern is there once; a route without a script keeps Workers off what it matches."""

    def __init__(self, cloud: Cloud, zone: Mapping[str, Any]) -> None:
        self._cloud = cloud
        self._zone = zone

    def all(self) -> list[dict[str, Any]]:
        return self._cloud.store.all(_ROUTE, id_prefix=f"{self._zone['id']}/")

    def get(self, id: str) -> dict[str, Any]:
        if (route := self._cloud.store.get(_ROUTE, f"{self._zone['id']}/{id}")) is None:
            raise errors.route_not_found()
        return route

    def put(self, pattern: str, script: str | None, id: str | None = None) -> dict[str, Any]:
        """A new route, or with an `id` another pattern and script of one that is there."""
        if id is not None:
            self.get(id)
        host = pattern.partition("://")[2] or pattern
        host = host.partition("/")[0].removeprefix("*").removeprefix(".")
        if host != self._zone["name"] and not host.endswith(f".{self._zone['name']}"):
            raise errors.invalid_route(pattern)
        if any(each["pattern"] == pattern and each["id"] != id for each in self.all()):
            raise errors.duplicate_route()
        if script is not None and Workers(self._cloud.store).find(script) is None:
            raise errors.script_missing()
        route = {"id": id or secrets.token_hex(16), "pattern": pattern, **({"script": script} if script else {})}
        self._cloud.store.put(_ROUTE, f"{self._zone['id']}/{route['id']}", route)
        return route

    def delete(self, id: str) -> None:
        self.get(id)
        self._cloud.store.delete(_ROUTE, f"{self._zone['id']}/{id}")


class Domains:
    """Custom domains of Workers: one Worker a host."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def all(self) -> list[dict[str, Any]]:
        return self._cloud.store.all(_DOMAIN)

    def get(self, id: str) -> dict[str, Any]:
        if (domain := self._cloud.store.get(_DOMAIN, id)) is None:
            raise errors.domain_not_found()
        return domain

    def put(self, hostname: str, service: str, *, zone_id: str | None, zone_name: str | None) -> dict[str, Any]:
        """Attach a host to a Worker; one that is attached already leads to this Worker from now on."""
        if not _HOST.fullmatch(hostname):
            raise errors.malformed_parameter("hostname")
        Workers(self._cloud.store).get(service)
        zone = Zones(self._cloud).of_host(hostname)
        if (zone_id or zone["id"], zone_name or zone["name"]) != (zone["id"], zone["name"]):
            raise errors.zone_not_found(zone_name or str(zone_id))
        known = self._cloud.store.find(_DOMAIN, hostname) or {"id": secrets.token_hex(16), "cert_id": str(uuid.uuid4())}
        domain = {
            "id": known["id"],
            "cert_id": known["cert_id"],
            "hostname": hostname,
            "service": service,
            "environment": "production",
            "zone_id": zone["id"],
            "zone_name": zone["name"],
        }
        self._cloud.store.put(_DOMAIN, domain["id"], domain, name=hostname)
        return domain

    def delete(self, id: str) -> None:
        self.get(id)
        self._cloud.store.delete(_DOMAIN, id)

    def detach(self, service: str) -> None:
        """What leads to a Worker goes with it."""
        for domain in self.all():
            if domain["service"] == service:
                self._cloud.store.delete(_DOMAIN, domain["id"])
