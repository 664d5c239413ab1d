"""A queue as what holds data: how many messages wait in it, and who uses it.

A message can only be read by taking it, so there is no backup of a queue; what it tells of is in the orchestrator's
records (docs/decisions/0058-queues-stay.md). Touches the network, by the Account that it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.cloudflare import contents
from orchestrator.cloudflare.account import Account
from orchestrator.named_store import StoredQueue


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What nobody has acknowledged yet, as Cloudflare counts: approximately."""

    messages: int
    bytes: int


def all_queues(account: Account) -> list[StoredQueue]:
    """The account's, each with who uses it."""
    told = account.queues()
    return [
        StoredQueue(name=each["queue_name"], id=each["queue_id"], used_by=tuple(_users(each, told))) for each in told
    ]


def count_messages(account: Account, queue_id: str) -> Backlog:
    told = contents.queue_metrics(account, queue_id)
    return Backlog(messages=int(told["backlog_count"]), bytes=int(told["backlog_bytes"]))


def _users(queue: Mapping[str, Any], queues: list[dict[str, Any]]) -> Iterator[str]:
    for producer in queue.get("producers") or ():
        yield f"Worker {producer['script']}" if producer.get("script") else f"a producer ({producer['type']})"
    for consumer in queue.get("consumers") or ():
        yield f"its consumer {consumer.get('script') or consumer['type']}"
    for other in queues:
        if any(each.get("dead_letter_queue") == queue["queue_name"] for each in other.get("consumers") or ()):
            yield f"the dead letters of queue {other['queue_name']}"
