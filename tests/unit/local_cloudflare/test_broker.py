"""The broker gives back what it could not deliver, whatever the reason: else nobody would ever get it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.queues import broker
from local_cloudflare.api.queues.broker import Broker
from local_cloudflare.api.queues.messages import Incoming, Messages
from local_cloudflare.api.store import Store
from local_cloudflare.runtime.bridge import Runtime
from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.models import QueuedMessage, QueueResult

QUEUE = {
    "queue_id": "q",
    "queue_name": "tasks",
    "created_on": "",
    "modified_on": "",
    "settings": {"delivery_paused": False, "message_retention_period": 60},
    "consumers": [
        {
            "consumer_id": "c",
            "type": "worker",
            "script": "taker",
            "dead_letter_queue": "",
            "settings": {
                "max_concurrency": 1,
                "batch_size": 1,
                "max_wait_time_ms": 0,
                "max_retries": 1,
                "retry_delay": 0,
            },
            "created_on": "",
        }
    ],
}


class Taker:
    """A runtime that fails once: by raising, or (None) by never answering."""

    def __init__(self, fault: Exception | None) -> None:
        self._fault = fault
        self.attempts: list[int] = []
        self.taken = asyncio.Event()

    async def queue(self, _name: str, _queue: str, messages: Sequence[QueuedMessage]) -> QueueResult:
        self.attempts += [each.attempts for each in messages]
        if len(self.attempts) > 1:
            self.taken.set()
        elif self._fault:
            raise self._fault
        else:
            await asyncio.Event().wait()
        return QueueResult(
            outcome="ok",
            acknowledged=frozenset(each.id for each in messages),
            retried={},
            retry_all=False,
            retry_delay_s=None,
        )


async def deliver(folder: Path, fault: Exception | None) -> list[int]:
    taker = Taker(fault)
    store, messages = Store(folder / "account.sqlite"), Messages(folder / "queues.sqlite")
    cloud = Cloud(account_id="a", data=folder, store=store, messages=messages, runtime=cast(Runtime, taker))
    store.put("queue", "q", QUEUE, name="tasks")
    messages.put("q", [Incoming(body=b"1", content_type="text")], now=int(time.time() * 1000), delay_s=0)
    running = asyncio.create_task(Broker(cloud).run())
    try:
        await taker.taken.wait()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return taker.attempts


@pytest.mark.parametrize(
    "fault", [RuntimeFault("died"), ValueError("no answer that can be read"), None], ids=["died", "fault", "hangs"]
)
def test_it_comes_again_and_that_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    monkeypatch.setattr(broker, "_AGAIN_MS", 0)
    monkeypatch.setattr(broker, "_LONGEST_S", 0.01 if fault is None else 900)

    assert asyncio.run(deliver(tmp_path, fault)) == [1, 1]
