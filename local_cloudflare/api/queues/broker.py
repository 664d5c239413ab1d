"""Delivers messages, in batches, to the Worker that consumes a queue.

A batch goes out when it is full, or when its first message has waited for `max_wait_time_ms`. Consumers work side by
side, up to `max_concurrency`, or as many as are useful. What a consumer acknowledges is gone. What it fails or retries
comes again after its delay, `max_retries` times; then it goes to the dead letter queue, or is dropped where there is
none. A delivery that the runtime could not make (it died), or that does not end within 15 minutes, counts for nothing:
it comes again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.queues.messages import Message
from local_cloudflare.api.queues.models import Consumer, Queue, Queues
from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.models import QueuedMessage, QueueResult

_log = logging.getLogger(__name__)

_MOST_CONSUMERS = 10  # side by side, of a queue that names no `max_concurrency`
_AGAIN_MS = 1_000  # after a delivery that could not be made
_LONGEST_S = 15 * 60  # that a handler may take at the edge
_LOOK_AGAIN_S = 60.0  # at the latest: for what has expired


class Broker:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._queues = Queues(cloud)
        self._messages = cloud.messages
        self._consuming: Counter[str] = Counter()
        self._deliveries: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver until it is cancelled; what is on its way then is delivered again at the next start."""
        try:
            while True:
                self._messages.changed.clear()
                wait_s = self._start_deliveries()
                try:
                    async with asyncio.timeout(wait_s):
                        await self._messages.changed.wait()
                except TimeoutError:
                    pass
        finally:
            for delivery in self._deliveries:
                delivery.cancel()

    def _start_deliveries(self) -> float:
        """Start what can be started; answers in how many seconds to look again."""
        now = self._now()
        waits = [_LOOK_AGAIN_S]
        for queue in self._queues.all():
            self._expire(queue, now)
            consumer = next((each for each in queue.consumers if each.type == "worker"), None)
            if consumer is None or queue.settings["delivery_paused"]:
                continue
            most = consumer.settings["max_concurrency"] or _MOST_CONSUMERS
            while self._consuming[queue.queue_id] < most:
                due = self._messages.due(queue.queue_id, now)
                full = due.count >= consumer.settings["batch_size"]
                ready_at = None if due.since is None else due.since + consumer.settings["max_wait_time_ms"]
                if not due.count or not (full or (ready_at is not None and ready_at <= now)):
                    waits += [(at - now) / 1000 for at in (ready_at, due.next_at) if at is not None]
                    break
                self._deliver(
                    queue, consumer, self._messages.hold(queue.queue_id, consumer.settings["batch_size"], now)
                )
        return max(0.0, min(waits))

    def _expire(self, queue: Queue, now: int) -> None:
        before = now - 1000 * queue.settings["message_retention_period"]
        if gone := self._messages.expire(queue.queue_id, before):
            _log.warning("queue %s: %d messages were not taken in time, and are gone", queue.queue_name, gone)

    def _deliver(self, queue: Queue, consumer: Consumer, batch: Sequence[Message]) -> None:
        self._consuming[queue.queue_id] += 1
        delivery = asyncio.create_task(self._consume(queue, consumer, batch))
        self._deliveries.add(delivery)

        def ended(task: asyncio.Task[None]) -> None:
            self._deliveries.discard(task)
            self._consuming[queue.queue_id] -= 1
            self._messages.changed.set()

        delivery.add_done_callback(ended)

    async def _consume(self, queue: Queue, consumer: Consumer, batch: Sequence[Message]) -> None:
        messages = tuple(
            QueuedMessage(
                id=each.id,
                sent_at=each.sent_at,
                attempts=each.failures + 1,
                content_type=each.content_type,
                body=each.body,
            )
            for each in batch
        )
        try:
            async with asyncio.timeout(_LONGEST_S):
                result = await self._cloud.runtime.queue(consumer.script, queue.queue_name, messages)
        except Exception as fault:  # whatever it is: what is not given back is never delivered again
            _log.warning(
                "queue %s: not delivered to Worker %s: %r",
                *(queue.queue_name, consumer.script, fault),
                exc_info=not isinstance(fault, RuntimeFault | TimeoutError),
            )
            self._messages.give_back([each.serial for each in batch], self._now() + _AGAIN_MS, failed=False)
            return
        self._settle(queue, consumer, batch, result)

    def _settle(self, queue: Queue, consumer: Consumer, batch: Sequence[Message], result: QueueResult) -> None:
        if result.outcome != "ok":
            _log.warning("queue %s: Worker %s failed: %s", queue.queue_name, consumer.script, result.outcome)
        now = self._now()
        again = to_retry(batch, result, consumer.settings["retry_delay"])
        self._messages.acknowledge(each.serial for each in batch if each.id not in again)
        dead = [each for each in batch if each.id in again and each.failures >= consumer.settings["max_retries"]]
        for each in batch:
            if each.id in again and each not in dead:
                self._messages.give_back([each.serial], now + 1000 * again[each.id], failed=True)
        if not dead:
            return
        serials = [each.serial for each in dead]
        target = consumer.dead_letter_queue and self._queues.find(consumer.dead_letter_queue)
        _log.warning(
            "queue %s: %d messages failed too often: %s",
            queue.queue_name,
            len(dead),
            f"they are in {target.queue_name} now" if target else "they are dropped, as there is no dead letter queue",
        )
        if target:
            self._messages.move(serials, target.queue_id, now)
        else:
            self._messages.acknowledge(serials)

    def _now(self) -> int:
        return int(self._cloud.clock().timestamp() * 1000)


def to_retry(batch: Sequence[Message], result: QueueResult, default_s: int) -> Mapping[str, int]:
    """Which messages of a batch come again, by id, and after how many seconds. Pure.

    As at the edge: an explicit acknowledgement or retry of one message counts before what is said of the whole batch,
    and a handler that throws has retried all that it did not acknowledge.
    """
    every: dict[str, Any] = {}
    if result.outcome != "ok" or result.retry_all:
        delay = default_s if result.retry_delay_s is None else result.retry_delay_s
        every = dict.fromkeys((each.id for each in batch if each.id not in result.acknowledged), delay)
    each = {id: default_s if delay is None else delay for id, delay in result.retried.items()}
    return {**every, **each}
