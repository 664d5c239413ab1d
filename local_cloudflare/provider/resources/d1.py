"""D1Database: an SQL database, known by a UUID that Cloudflare gives.

`readReplication` is answered by Cloudflare whether it was asked for or not: a program that leaves it out is told of a
change after every refresh, and each update asks to have it removed.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from local_cloudflare.provider.plan import settled
from local_cloudflare.provider.raw_state import Object, scalars
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import ACCOUNT, COMPUTED, ID, Property
from local_cloudflare.provider.values import Properties, rfc3339, to_api

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

_ANSWERED = ("uuid", "name", "readReplication", "createdAt", "fileSize", "numTables", "version")


class D1Database(Resource):
    """`A/d1/database`."""

    pulumi_type = "cloudflare:index/d1Database:D1Database"
    import_id = ("accountId", "uuid")
    schema = MappingProxyType(
        {
            "accountId": ACCOUNT,
            "name": Property(required=True, replace=True),
            "jurisdiction": Property(replace=True, choices=("eu", "fedramp", "us")),
            "primaryLocationHint": Property(replace=True, choices=("wnam", "enam", "weur", "eeur", "apac", "oc")),
            "readReplication": Property(shape=Object(scalars("mode"))),
            "id": ID,
            "uuid": ID,
            "createdAt": COMPUTED,
            "fileSize": COMPUTED,
            "numTables": COMPUTED,
            "version": COMPUTED,
        }
    )

    def upgraded(self, state: Properties) -> Properties:
        kept: Properties = {name: state[name] for name in ("id", "name", "accountId", "version") if name in state}
        return {**kept, "uuid": state["id"]}

    def create(self, client: Client, planned: Properties) -> Properties:
        return settled(planned, _answer(client.properties("POST", _collection(planned), _body(planned))))

    def read(self, client: Client, state: Properties) -> Properties:
        answer = _answer(client.properties("GET", _item(state)))
        return {**state, **{name: answer[name] for name in ("id", *_ANSWERED) if name in answer}}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        body: dict[str, Any] = _body(planned)
        if "readReplication" in state and "readReplication" not in planned:
            body["read_replication"] = None
        return settled(planned, _answer(client.properties("PUT", _item(state), body)))

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", _item(state))


def _body(planned: Properties) -> dict[str, Any]:
    names = ("name", "jurisdiction", "primaryLocationHint", "readReplication")
    return dict(to_api({name: planned[name] for name in names if name in planned}))


def _answer(answer: Properties) -> Properties:
    result = {**answer, "id": answer.get("uuid")}
    if "createdAt" in answer:
        result["createdAt"] = rfc3339(answer["createdAt"])
    return result


def _collection(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/d1/database"


def _item(properties: Properties) -> str:
    return f"{_collection(properties)}/{properties['uuid']}"
