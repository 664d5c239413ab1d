"""Queues of the account, and the consumer of each. A queue has at most one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.queues import errors
from local_cloudflare.api.queues.messages import Backlog, Incoming
from local_cloudflare.api.queues.settings import CONSUMER_TYPES, consumer_settings, queue_settings
from local_cloudflare.api.workers.models import Workers

KIND = "queue"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HANDLER = "queue"


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """`script` is empty for one of type `http_pull`, `dead_letter_queue` where there is none."""

    consumer_id: str
    type: str
    script: str
    dead_letter_queue: str
    settings: dict[str, Any]
    created_on: str


@dataclass(frozen=True, kw_only=True)
class Queue:
    queue_id: str
    queue_name: str
    created_on: str
    modified_on: str
    settings: dict[str, Any]
    consumers: tuple[Consumer, ...] = ()


class Queues:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._store = cloud.store

    def all(self, name: str = "") -> list[Queue]:
        """In order of creation; the one called `name` where it is given."""
        found = [_queue(document) for document in self._store.all(KIND)]
        return [queue for queue in found if name in ("", queue.queue_name)]

    def get(self, id: str) -> Queue:
        document = self._store.get(KIND, id)
        if document is None:
            raise errors.queue_not_found()
        return _queue(document)

    def find(self, name: str) -> Queue | None:
        document = self._store.find(KIND, name)
        return None if document is None else _queue(document)

    def named(self, name: str) -> Queue:
        """Raises ApiError where there is none."""
        if (queue := self.find(name)) is None:
            raise errors.queue_not_found()
        return queue

    def producers(self, name: str) -> list[str]:
        """The Workers that are bound to the queue, and so send to it."""
        return Workers(self._store).bound_to(type="queue", queue_name=name)

    def create(self, body: dict[str, Any]) -> Queue:
        now = self._cloud.now()
        queue = Queue(
            queue_id=secrets.token_hex(16),
            queue_name=self._free_name(body.get("queue_name")),
            created_on=now,
            modified_on=now,
            settings=queue_settings(body.get("settings"), self._cloud.settings.plan),
        )
        return self._save(queue)

    def update(self, id: str, body: dict[str, Any]) -> Queue:
        """What the body leaves out stays as it is."""
        queue = self.get(id)
        name = body.get("queue_name") or queue.queue_name
        changed = replace(
            queue,
            queue_name=name if name == queue.queue_name else self._free_name(name),
            settings=queue_settings(body.get("settings"), self._cloud.settings.plan, queue.settings),
            modified_on=self._cloud.now(),
        )
        return self._save(changed)

    def delete(self, id: str) -> None:
        """With all its messages. Refused while a Worker consumes it or is bound to it."""
        queue = self.get(id)
        if queue.consumers:
            raise errors.queue_has_consumer()
        if producers := self.producers(queue.queue_name):
            raise errors.queue_has_producers(producers)
        self._store.delete(KIND, queue.queue_id)
        self._cloud.messages.purge(queue.queue_id)

    def send(self, name: str, incoming: Sequence[Incoming]) -> None:
        """Take messages in, all or none. Raises ApiError where there is no such queue."""
        queue = self.named(name)
        delay = queue.settings["delivery_delay"]
        self._cloud.messages.put(queue.queue_id, incoming, now=self._now(), delay_s=delay)

    def purge(self, id: str) -> Queue:
        queue = self.get(id)
        self._cloud.messages.purge(queue.queue_id)
        return queue

    def backlog(self, queue: Queue) -> Backlog:
        return self._cloud.messages.backlog(queue.queue_id, self._now())

    def consumer(self, id: str, consumer_id: str) -> Consumer:
        for consumer in self.get(id).consumers:
            if consumer.consumer_id == consumer_id:
                return consumer
        raise errors.consumer_not_found()

    def add_consumer(self, id: str, body: dict[str, Any]) -> Consumer:
        if self.get(id).consumers:
            raise errors.consumer_exists()
        consumer = self._consumer(body, secrets.token_hex(16), self._cloud.now())
        self._put_consumers(id, [consumer])
        return consumer

    def update_consumer(self, id: str, consumer_id: str, body: dict[str, Any]) -> Consumer:
        """A PUT: what the body leaves out has its default again."""
        consumer = self._consumer(body, consumer_id, self.consumer(id, consumer_id).created_on)
        self._put_consumers(id, [consumer])
        return consumer

    def delete_consumer(self, id: str, consumer_id: str) -> None:
        self.consumer(id, consumer_id)
        self._put_consumers(id, [])

    def consumed_by(self, script: str) -> list[str]:
        """The names of the queues whose messages this Worker takes."""
        return [queue.queue_name for queue in self.all() if any(each.script == script for each in queue.consumers)]

    def check_handlers(self, script: str, handlers: Sequence[str]) -> None:
        """Refuse code without a handler for queues to a Worker that takes messages."""
        if _HANDLER not in handlers and self.consumed_by(script):
            raise errors.handler_missing()

    def _free_name(self, name: Any) -> str:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise errors.invalid_queue("queue_name must be 1 to 63 lower-case letters, digits or -, not - at its ends")
        if self._store.find(KIND, name) is not None:
            raise errors.name_exists(name)
        return name

    def _consumer(self, body: dict[str, Any], id: str, created_on: str) -> Consumer:
        type, dead = body.get("type"), body.get("dead_letter_queue") or ""
        if type not in CONSUMER_TYPES:
            raise errors.invalid_consumer(f"type must be {' or '.join(CONSUMER_TYPES)}")
        if dead and self._store.find(KIND, dead) is None:
            raise errors.queue_not_found()
        script = str(body.get("script_name") or "") if type == "worker" else ""
        if type == "worker" and _HANDLER not in Workers(self._store).get(script).active.handlers:
            raise errors.handler_missing()
        return Consumer(
            consumer_id=id,
            type=type,
            script=script,
            dead_letter_queue=dead,
            settings=consumer_settings(body.get("settings"), type),
            created_on=created_on,
        )

    def _put_consumers(self, id: str, consumers: Sequence[Consumer]) -> None:
        self._save(replace(self.get(id), consumers=tuple(consumers)))

    def _now(self) -> int:
        return int(self._cloud.clock().timestamp() * 1000)

    def _save(self, queue: Queue) -> Queue:
        self._store.put(KIND, queue.queue_id, asdict(queue), name=queue.queue_name)
        self._cloud.messages.changed.set()
        return queue


def _queue(document: dict[str, Any]) -> Queue:
    return Queue(**{**document, "consumers": tuple(Consumer(**each) for each in document["consumers"])})
