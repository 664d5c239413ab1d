"""Queues' calls. A list can be asked for one name, by which wrangler finds a queue's id."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from local_cloudflare.api.auth import QUEUES_READ, QUEUES_WRITE
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer, page
from local_cloudflare.api.queues import errors
from local_cloudflare.api.queues.incoming import incoming_of
from local_cloudflare.api.queues.models import Consumer, Queue, Queues

PURGE_KIND = "queue-purge"


async def list_queues(call: Call) -> Answer:
    wanted = call.page(per_page=20, most=100, malformed=errors.malformed_parameter)
    return page([_queue(call, queue) for queue in Queues(call.cloud).all(call.query.get("name", ""))], wanted)


async def create_queue(call: Call) -> Answer:
    return Answer(result=_queue(call, Queues(call.cloud).create(await call.json_object())))


async def get_queue(call: Call) -> Answer:
    return Answer(result=_queue(call, Queues(call.cloud).get(call["queue_id"])))


async def update_queue(call: Call) -> Answer:
    return Answer(result=_queue(call, Queues(call.cloud).update(call["queue_id"], await call.json_object())))


async def delete_queue(call: Call) -> Answer:
    Queues(call.cloud).delete(call["queue_id"])
    return Answer(result={})


async def purge_queue(call: Call) -> Answer:
    if (await call.json_object()).get("delete_messages_permanently") is not True:
        raise errors.purge_unconfirmed()
    queue = Queues(call.cloud).purge(call["queue_id"])
    call.cloud.store.put(PURGE_KIND, queue.queue_id, {"completed": "true", "started_at": call.cloud.now()})
    return Answer(result=_queue(call, queue))


async def get_purge(call: Call) -> Answer:
    queue = Queues(call.cloud).get(call["queue_id"])
    return Answer(result=call.cloud.store.get(PURGE_KIND, queue.queue_id) or {"completed": "", "started_at": ""})


async def push_message(call: Call) -> Answer:
    queue = Queues(call.cloud).get(call["queue_id"])
    Queues(call.cloud).send(queue.queue_name, [incoming_of(await call.json_object())])
    return Answer(result=None)


async def get_metrics(call: Call) -> Answer:
    waiting = Queues(call.cloud).backlog(Queues(call.cloud).get(call["queue_id"]))
    return Answer(
        result={
            "backlog_bytes": waiting.bytes,
            "backlog_count": waiting.count,
            "oldest_message_timestamp_ms": waiting.oldest_at or 0,
        }
    )


async def list_consumers(call: Call) -> Answer:
    queue = Queues(call.cloud).get(call["queue_id"])
    return Answer(result=[_consumer(queue.queue_name, consumer) for consumer in queue.consumers])


async def create_consumer(call: Call) -> Answer:
    return _one(call, Queues(call.cloud).add_consumer(call["queue_id"], await call.json_object()))


async def get_consumer(call: Call) -> Answer:
    return _one(call, Queues(call.cloud).consumer(call["queue_id"], call["consumer_id"]))


async def update_consumer(call: Call) -> Answer:
    body = await call.json_object()
    return _one(call, Queues(call.cloud).update_consumer(call["queue_id"], call["consumer_id"], body))


async def delete_consumer(call: Call) -> Answer:
    Queues(call.cloud).delete_consumer(call["queue_id"], call["consumer_id"])
    return Answer(result={})


def _one(call: Call, consumer: Consumer) -> Answer:
    return Answer(result=_consumer(Queues(call.cloud).get(call["queue_id"]).queue_name, consumer))


def _queue(call: Call, queue: Queue) -> dict[str, Any]:
    consumers = [_consumer(queue.queue_name, consumer) for consumer in queue.consumers]
    producers = [{"type": "worker", "script": script} for script in Queues(call.cloud).producers(queue.queue_name)]
    return {
        **asdict(queue),
        "consumers": consumers,
        "consumers_total_count": len(consumers),
        "producers": producers,
        "producers_total_count": len(producers),
    }


def _consumer(queue_name: str, consumer: Consumer) -> dict[str, Any]:
    shown = {**asdict(consumer), "queue_name": queue_name}
    if not consumer.script:
        del shown["script"]
    return shown


_QUEUES = "/accounts/{account_id}/queues"
_QUEUE = f"{_QUEUES}/{{queue_id}}"
_CONSUMERS = f"{_QUEUE}/consumers"
_CONSUMER = f"{_CONSUMERS}/{{consumer_id}}"

ROUTES = (
    Route(method="GET", path=_QUEUES, handler=list_queues, permission=QUEUES_READ),
    Route(method="POST", path=_QUEUES, handler=create_queue, permission=QUEUES_WRITE),
    Route(method="GET", path=_QUEUE, handler=get_queue, permission=QUEUES_READ),
    Route(method="PUT", path=_QUEUE, handler=update_queue, permission=QUEUES_WRITE),
    Route(method="PATCH", path=_QUEUE, handler=update_queue, permission=QUEUES_WRITE),
    Route(method="DELETE", path=_QUEUE, handler=delete_queue, permission=QUEUES_WRITE),
    Route(method="GET", path=f"{_QUEUE}/purge", handler=get_purge, permission=QUEUES_READ),
    Route(method="POST", path=f"{_QUEUE}/purge", handler=purge_queue, permission=QUEUES_WRITE),
    Route(method="POST", path=f"{_QUEUE}/messages", handler=push_message, permission=QUEUES_WRITE),
    Route(method="GET", path=f"{_QUEUE}/metrics", handler=get_metrics, permission=QUEUES_READ),
    Route(method="GET", path=_CONSUMERS, handler=list_consumers, permission=QUEUES_READ),
    Route(method="POST", path=_CONSUMERS, handler=create_consumer, permission=QUEUES_WRITE),
    Route(method="GET", path=_CONSUMER, handler=get_consumer, permission=QUEUES_READ),
    Route(method="PUT", path=_CONSUMER, handler=update_consumer, permission=QUEUES_WRITE),
    Route(method="DELETE", path=_CONSUMER, handler=delete_consumer, permission=QUEUES_WRITE),
)
