"""WorkersKvNamespace: a KV namespace, known by an id that Cloudflare gives; its title can change."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from local_cloudflare.provider.plan import settled
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import ACCOUNT, COMPUTED, ID, Property
from local_cloudflare.provider.values import Properties

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client


class KvNamespace(Resource):
    """`A/storage/kv/namespaces`."""

    pulumi_type = "cloudflare:index/workersKvNamespace:WorkersKvNamespace"
    import_id = ("accountId", "id")
    schema = MappingProxyType(
        {"accountId": ACCOUNT, "title": Property(required=True), "id": ID, "supportsUrlEncoding": COMPUTED}
    )

    def upgraded(self, state: Properties) -> Properties:
        return {name: state[name] for name in ("id", "title", "accountId") if name in state}

    def create(self, client: Client, planned: Properties) -> Properties:
        body = {"title": planned["title"]}
        return settled(planned, client.properties("POST", _collection(planned), body))

    def read(self, client: Client, state: Properties) -> Properties:
        answer = client.properties("GET", _item(state))
        return {**state, **{name: answer[name] for name in ("id", "title", "supportsUrlEncoding") if name in answer}}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        return settled(planned, client.properties("PUT", _item(state), {"title": planned["title"]}))

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", _item(state))


def _collection(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/storage/kv/namespaces"


def _item(properties: Properties) -> str:
    return f"{_collection(properties)}/{properties['id']}"
