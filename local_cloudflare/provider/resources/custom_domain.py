"""WorkersCustomDomain: a host that leads to a Worker.

Of the official provider there is no record. Its schema and calls are those of its documentation and source: creation
and change are one PUT, which finds the domain by its host.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from local_cloudflare.provider.plan import known, settled
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import ACCOUNT, COMPUTED, ID, Property
from local_cloudflare.provider.values import Properties, to_api

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

_SENT = ("hostname", "service", "environment", "zoneId", "zoneName")


class CustomDomain(Resource):
    """`A/workers/domains`."""

    pulumi_type = "cloudflare:index/workersCustomDomain:WorkersCustomDomain"
    import_id = ("accountId", "domainId")
    schema = MappingProxyType(
        {
            "accountId": ACCOUNT,
            "hostname": Property(required=True, replace=True),
            "service": Property(required=True),
            "environment": Property(computed=True),
            "zoneId": Property(computed=True),
            "zoneName": Property(computed=True),
            "certId": COMPUTED,
            "id": ID,
        }
    )

    def create(self, client: Client, planned: Properties) -> Properties:
        return settled(planned, client.properties("PUT", _collection(planned), _body(planned)))

    def read(self, client: Client, state: Properties) -> Properties:
        id = state.get("id") or state["domainId"]
        answer = client.properties("GET", f"{_collection(state)}/{id}")
        return {"accountId": state["accountId"], **{name: answer[name] for name in self.schema if name in answer}}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        return self.create(client, planned)

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", f"{_collection(state)}/{state['id']}")


def _body(planned: Properties) -> dict[str, Any]:
    sent = known(planned)
    return dict(to_api({name: sent[name] for name in _SENT if name in sent}))


def _collection(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/workers/domains"
