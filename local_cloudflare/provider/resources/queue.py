"""Queue: a queue, known by an id that Cloudflare gives.

Its lists of consumers and producers are Cloudflare's: a refresh keeps what it finds, and that is never a change. A name
that was changed outside is not seen.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from local_cloudflare.provider.plan import known, settled
from local_cloudflare.provider.raw_state import List, Object, scalars
from local_cloudflare.provider.resources.base import Resource
from local_cloudflare.provider.schema import ACCOUNT, COMPUTED, ID, Property
from local_cloudflare.provider.values import Properties, rfc3339, to_api

if TYPE_CHECKING:
    from local_cloudflare.provider.client import Client

CONSUMER_SETTINGS = Object(
    scalars("batchSize", "maxConcurrency", "maxRetries", "maxWaitTimeMs", "retryDelay", "visibilityTimeoutMs")
)
_SETTINGS = Object(scalars("deliveryDelay", "deliveryPaused", "messageRetentionPeriod"))
_CONSUMER = Object(
    {
        **scalars("consumerId", "createdOn", "deadLetterQueue", "queueName", "scriptName", "type"),
        "settings": CONSUMER_SETTINGS,
    }
)
_PRODUCER = Object(scalars("bucketName", "script", "type"))
_REFRESHED = (
    *("queueId", "settings", "consumers", "consumersTotalCount", "createdOn", "modifiedOn"),
    *("producers", "producersTotalCount"),
)


class Queue(Resource):
    """`A/queues`."""

    pulumi_type = "cloudflare:index/queue:Queue"
    import_id = ("accountId", "queueId")
    schema = MappingProxyType(
        {
            "accountId": ACCOUNT,
            "queueName": Property(required=True),
            "settings": Property(computed=True, inner_computed=frozenset(_SETTINGS.attributes), shape=_SETTINGS),
            "id": ID,
            "queueId": ID,
            "createdOn": ID,
            "modifiedOn": COMPUTED,
            "consumers": Property(settable=False, computed=True, shape=List(_CONSUMER)),
            "consumersTotalCount": COMPUTED,
            "producers": Property(settable=False, computed=True, shape=List(_PRODUCER)),
            "producersTotalCount": COMPUTED,
        }
    )

    def create(self, client: Client, planned: Properties) -> Properties:
        return _settled(planned, client.properties("POST", _collection(planned), _body(planned)))

    def read(self, client: Client, state: Properties) -> Properties:
        answer = _answer(client.properties("GET", _item(state)))
        seen: Properties = {name: answer[name] for name in _REFRESHED if name in answer}
        return {"queueName": answer["queueName"], **state, **seen, "id": answer["queueId"]}

    def update(self, client: Client, planned: Properties, state: Properties) -> Properties:
        return _settled(planned, client.properties("PUT", _item(state), _body(planned)))

    def delete(self, client: Client, state: Properties) -> None:
        client.call("DELETE", _item(state))


def _body(planned: Properties) -> dict[str, Any]:
    sent = known(planned)
    return dict(to_api({name: sent[name] for name in ("queueName", "settings") if name in sent}))


def _settled(planned: Properties, answered: Properties) -> Properties:
    answer = _answer(answered)
    outputs = settled(planned, {**answer, "id": answer.get("queueId")})
    return {**outputs, "settings": {**answer.get("settings", {}), **outputs.get("settings", {})}}


def _answer(answer: Properties) -> Properties:
    """An answer with consumers as the state has them: by the schema's names, and with its form of times."""
    consumers = [
        {
            name: rfc3339(value) if name == "createdOn" else value
            for name, value in each.items()
            if name in _CONSUMER.attributes
        }
        for each in answer.get("consumers", [])
    ]
    return {**answer, "consumers": consumers}


def _collection(properties: Properties) -> str:
    return f"/accounts/{properties['accountId']}/queues"


def _item(properties: Properties) -> str:
    return f"{_collection(properties)}/{properties['queueId']}"
