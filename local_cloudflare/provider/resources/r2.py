"""R2Bucket: a bucket, known by its name within a jurisdiction, which every call names in a header.

Cloudflare takes `location` as a hint and answers what it made of it: the state has the program's word after a creation
and Cloudflare's after a refresh, and neither is ever a change. A storage class that was changed outside is not seen.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from local_cloudflare.provider.plan import settled
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import ACCOUNT, ID, Property
from local_cloudflare.provider.values import UNKNOWN, Properties

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

_JURISDICTION = "cf-r2-jurisdiction"
_STORAGE_CLASS = "cf-r2-storage-class"


class R2Bucket(Resource):
    """`A/r2/buckets`."""

    pulumi_type = "cloudflare:index/r2Bucket:R2Bucket"
    import_id = ("accountId", "name")
    optional_import_id = ("jurisdiction",)
    schema = MappingProxyType(
        {
            "accountId": ACCOUNT,
            "name": Property(required=True, replace=True),
            "jurisdiction": Property(default="default", choices=("default", "eu", "fedramp", "us")),
            "location": Property(computed=True, fixed=True, choices=("apac", "eeur", "enam", "weur", "wnam", "oc")),
            "storageClass": Property(default="Standard", choices=("Standard", "InfrequentAccess")),
            "id": ID,
            "creationDate": Property(settable=False, computed=True, stable=True),
        }
    )

    def upgraded(self, state: Properties) -> Properties:
        kept: Properties = {name: state[name] for name in ("id", "name", "accountId", "location") if name in state}
        return {**kept, "jurisdiction": "default", "storageClass": "Standard"}

    def create(self, client: Client, planned: Properties) -> Properties:
        body = {"name": planned["name"], "storageClass": planned["storageClass"]}
        if planned["location"] is not UNKNOWN:
            body["locationHint"] = planned["location"]
        answer = client.properties("POST", _collection(planned), body, _headers(planned))
        return settled(planned, {**answer, "id": planned["name"]})

    def read(self, client: Client, state: Properties) -> Properties:
        state = self.desired(state)
        answer = client.properties("GET", _item(state), headers=_headers(state))
        seen: Properties = {name: answer[name] for name in ("location", "creationDate") if name in answer}
        return {**state, **seen, "id": state["name"]}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        headers = {**_headers(planned), _STORAGE_CLASS: planned["storageClass"]}
        answer = client.properties("PATCH", _item(planned), headers=headers)
        return settled(planned, {**answer, "id": planned["name"]})

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", _item(state), headers=_headers(state))


def _headers(properties: Properties) -> dict[str, str]:
    return {_JURISDICTION: properties["jurisdiction"]}


def _collection(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/r2/buckets"


def _item(properties: Properties) -> str:
    return f"{_collection(properties)}/{properties['name']}"
