"""Queues and their consumers, compared.

A queue holds nothing that is not in the orchestrator's records too, so a lost one is recreated like anything else. What
the provider's refresh does not see (a queue's name; a consumer's Worker and dead letter queue) is seen here.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import Consumer, Queue
from orchestrator.drift.findings import Difference, Finding
from orchestrator.drift.live import Live, LiveQueue
from orchestrator.drift.storage import GONE, UNMANAGED
from orchestrator.kinds import Kind
from orchestrator.stack.state import State, StateResource

SETTINGS = {"delivery_delay": 0, "delivery_paused": False}
"""Of a queue, as the program declares them."""


def compare_queues(desired: Desired, state: State, live: Live) -> Iterator[Finding]:
    """What differs, and the queues that nobody declared."""
    known, consumers = state.of_kind(Kind.QUEUE), state.of_kind(Kind.CONSUMER)
    by_id = {queue.id: queue for queue in live.queues}
    by_name = {queue.name: queue for queue in live.queues}
    settled: set[str] = set()
    for queue in desired.queues:
        made = known.get(queue.key)
        found = by_id.get(_id(made) or "") or by_name.get(queue.name)
        if found is None:
            yield Finding(change="missing", kind=Kind.QUEUE, key=queue.key, name=queue.name)
            continue
        settled.add(found.id)
        if differences := tuple(_queue_differences(queue, made, found)):
            yield Finding(change="changed", kind=Kind.QUEUE, key=queue.key, name=queue.name, differences=differences)
        if queue.consumer:
            yield from _consumer(queue, queue.consumer, consumers.get(queue.key), found, desired)
    declared = {queue.key for queue in desired.queues}
    for key, made in known.items():
        if key not in declared:
            left = by_id.get(_id(made) or "")
            settled.add(_id(made) or "")
            gone = () if left else (GONE,)
            yield Finding(
                change="left-behind", kind=Kind.QUEUE, key=key, name=left.name if left else key, differences=gone
            )
    for queue_id, other in by_id.items():
        if queue_id not in settled:
            yield Finding(change="undeclared", kind=Kind.QUEUE, key=other.name, name=other.name)


def _id(made: StateResource | None) -> str | None:
    return str(made.outputs.get("queueId")) if made else None


def _queue_differences(queue: Queue, made: StateResource | None, live: LiveQueue) -> Iterator[Difference]:
    if made is None:
        yield UNMANAGED
    elif _id(made) != live.id:
        yield Difference(path="id", desired=_id(made), live=live.id)
    if live.name != queue.name:
        yield Difference(path="name", desired=queue.name, live=live.name)
    yield from _settings(SETTINGS, live.settings)


def _consumer(
    queue: Queue, consumer: Consumer, made: StateResource | None, live: LiveQueue, desired: Desired
) -> Iterator[Finding]:
    worker = next(each.name for each in desired.workers if each.key == consumer.worker)
    if live.consumer is None:
        yield Finding(change="missing", kind=Kind.CONSUMER, key=queue.key, name=worker)
        return
    dead = next(each.name for each in desired.queues if each.key == consumer.dead_letters)
    wanted = {"type": "worker", "script_name": worker, "dead_letter_queue": dead}
    told = live.consumer
    found = {
        "type": told.get("type"),
        "script_name": told.get("script") or told.get("script_name") or told.get("service"),
        "dead_letter_queue": told.get("dead_letter_queue") or None,
    }
    differences = [] if made else [UNMANAGED]
    if made and made.outputs.get("consumerId") != told.get("consumer_id"):
        id = str(told.get("consumer_id"))
        differences.append(Difference(path="id", desired=str(made.outputs.get("consumerId")), live=id))
    differences += [
        Difference(path=path, desired=value, live=found[path]) for path, value in wanted.items() if found[path] != value
    ]
    differences += _settings(
        {
            "batch_size": consumer.batch_size,
            "max_concurrency": consumer.max_concurrency,
            "max_retries": consumer.max_retries,
            "max_wait_time_ms": consumer.max_wait_ms,
            "retry_delay": consumer.retry_delay,
        },
        told.get("settings") or {},
    )
    if differences:
        yield Finding(change="changed", kind=Kind.CONSUMER, key=queue.key, name=worker, differences=tuple(differences))


def _settings(wanted: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Difference]:
    """Only what is told: an API that leaves something out says nothing of it."""
    for name, value in wanted.items():
        if name in told and told[name] != value:
            yield Difference(path=f"settings.{name}", desired=_word(value), live=_word(told[name]))


def _word(value: object) -> str | None:
    if isinstance(value, bool):
        return "on" if value else "off"
    return None if value is None else str(value)
