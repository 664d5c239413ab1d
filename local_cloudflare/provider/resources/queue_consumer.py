"""QueueConsumer: what takes a queue's messages, known by an id that Cloudflare gives.

A refresh keeps the settings that it finds, and neither the Worker nor the dead letter queue: what was changed of those
outside is not seen. The official provider has no id for Pulumi, which then says `missing ID`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from local_cloudflare.provider.plan import known, settled
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.resources.queue import CONSUMER_SETTINGS
from local_cloudflare.provider.schema import ACCOUNT, ID, Property
from local_cloudflare.provider.values import Properties, rfc3339, to_api

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

_SETTINGS = frozenset(CONSUMER_SETTINGS.attributes)


class QueueConsumer(Resource):
    """`A/queues/{queue}/consumers`."""

    pulumi_type = "cloudflare:index/queueConsumer:QueueConsumer"
    import_id = ("accountId", "queueId", "consumerId")
    schema = MappingProxyType(
        {
            "accountId": ACCOUNT,
            "queueId": Property(required=True, replace=True),
            "type": Property(required=True, choices=("worker", "http_pull")),
            "deadLetterQueue": Property(),
            "scriptName": Property(computed=True, stable=True),
            "settings": Property(computed=True, stable=True, inner_computed=_SETTINGS, shape=CONSUMER_SETTINGS),
            "consumerId": ID,
            "createdOn": ID,
            "queueName": ID,
        }
    )

    def pulumi_id(self, outputs: Properties) -> str:
        return "missing ID"

    def create(self, client: Client, planned: Properties) -> Properties:
        return _settled(planned, client.properties("POST", _collection(planned), _body(planned)))

    def read(self, client: Client, state: Properties) -> Properties:
        answer = _answer(client.properties("GET", _item(state)))
        seen: Properties = {name: answer[name] for name in ("settings", "createdOn", "queueName") if name in answer}
        found: Properties = {
            name: answer[name] for name in ("type", "scriptName", "deadLetterQueue") if answer.get(name)
        }
        return {**(state if "type" in state else found), **state, **seen}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        return _settled(planned, client.properties("PUT", _item(state), _body(planned)))

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", _item(state))


def _body(planned: Properties) -> dict[str, Any]:
    sent = known(planned)
    names = ("deadLetterQueue", "scriptName", "settings", "type")
    return dict(to_api({name: sent[name] for name in names if name in sent}))


def _settled(planned: Properties, answered: Properties) -> Properties:
    answer = _answer(answered)
    outputs = settled(planned, answer)
    return {**outputs, "settings": {**answer["settings"], **outputs.get("settings", {})}}


def _answer(answer: Properties) -> Properties:
    """An answer in the words of the state: asked for a `script_name`, Cloudflare answers a `script`."""
    settings = {name: value for name, value in answer.get("settings", {}).items() if name in _SETTINGS}
    result = {**answer, "settings": settings, "scriptName": answer.get("script") or answer.get("scriptName")}
    if "createdOn" in answer:
        result["createdOn"] = rfc3339(answer["createdOn"])
    return result


def _collection(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/queues/{properties['queueId']}/consumers"


def _item(properties: Properties) -> str:
    return f"{_collection(properties)}/{properties['consumerId']}"
