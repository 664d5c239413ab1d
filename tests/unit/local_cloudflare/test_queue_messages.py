"""The messages of queues in their file, and what comes again of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.queues.broker import to_retry
from local_cloudflare.api.queues.incoming import batch_of, incoming_of, message_of
from local_cloudflare.api.queues.messages import Incoming, Message, Messages
from local_cloudflare.runtime.models import QueueResult

Q = "queue-id"


@pytest.fixture
def messages(tmp_path: Path) -> Iterator[Messages]:
    with Messages(tmp_path / "queues.sqlite") as opened:
        yield opened


def put(messages: Messages, *delays_s: int | None, now: int = 1_000, delay_s: int = 0) -> None:
    incoming = [Incoming(body=b"x", content_type="text", delay_s=each) for each in delays_s]
    messages.put(Q, incoming, now=now, delay_s=delay_s)


def test_what_is_held_is_nobody_elses_until_it_is_given_back(messages: Messages) -> None:
    put(messages, None, None)

    held = messages.hold(Q, 10, 1_000)
    assert (len(held), messages.hold(Q, 10, 1_000), messages.due(Q, 1_000).count) == (2, [], 0)
    messages.give_back([held[0].serial], 5_000, failed=True)
    messages.acknowledge([held[1].serial])

    due = messages.due(Q, 4_999)
    assert (due.count, due.next_at) == (0, 5_000)
    (again,) = messages.hold(Q, 10, 5_000)
    assert (again.id, again.failures) == (held[0].id, 1)


def test_a_message_waits_its_own_delay_or_that_of_the_queue(messages: Messages) -> None:
    put(messages, None, 0, 9, delay_s=3)

    assert [messages.due(Q, now).count for now in (1_000, 4_000, 10_000)] == [1, 2, 3]


def test_after_a_kill_all_is_there_and_nothing_is_held(tmp_path: Path) -> None:
    path = tmp_path / "queues.sqlite"
    first = Messages(path)
    put(first, None, None)
    first.hold(Q, 1, 1_000)  # and then nothing more is heard of that process

    with Messages(path) as second:
        assert len(second.hold(Q, 10, 1_000)) == 2


def test_a_dead_letter_keeps_its_id_and_begins_anew(messages: Messages) -> None:
    put(messages, None)
    (held,) = messages.hold(Q, 1, 1_000)

    messages.move([held.serial], "dead", 2_000)

    assert messages.backlog(Q, 2_000).count == 0
    (dead,) = messages.hold("dead", 1, 2_000)
    assert (dead.id, dead.failures, dead.sent_at) == (held.id, 0, 1_000)


def test_what_nobody_took_in_time_is_gone(messages: Messages) -> None:
    put(messages, None, now=1_000)
    put(messages, None, now=9_000)

    assert messages.expire(Q, 5_000) == 1
    backlog = messages.backlog(Q, 9_000)
    assert (backlog.count, backlog.bytes, backlog.oldest_at) == (1, 1, 9_000)


def batch(*ids: str) -> list[Message]:
    return [
        Message(serial=number, id=id, content_type="text", body=b"", sent_at=0, failures=0)
        for number, id in enumerate(ids)
    ]


@pytest.mark.parametrize(
    ("result", "again"),
    [
        (QueueResult(outcome="ok"), {}),
        (QueueResult(outcome="exception"), {"a": 7, "b": 7}),
        (QueueResult(outcome="exception", acknowledged=frozenset("a")), {"b": 7}),
        (QueueResult(outcome="ok", retried={"b": None}), {"b": 7}),
        (QueueResult(outcome="ok", retried={"b": 3}), {"b": 3}),
        (QueueResult(outcome="ok", retry_all=True, retry_delay_s=2), {"a": 2, "b": 2}),
        (QueueResult(outcome="ok", retry_all=True, acknowledged=frozenset("a"), retried={"b": 0}), {"b": 0}),
    ],
)
def test_what_comes_again_of_a_batch(result: QueueResult, again: dict[str, int]) -> None:
    assert to_retry(batch("a", "b"), result, 7) == again


def test_a_binding_sends_one_message_or_a_batch() -> None:
    (one,) = message_of({"x-msg-fmt": "json", "x-msg-delay-secs": "5"}, b"{}")
    many = batch_of(
        {"x-msg-delay-secs": "2"},
        b'{"messages": [{"body": "YQ==", "contentType": "text", "delaySecs": 0}, {"body": "Yg=="}]}',
    )

    assert (one.body, one.content_type, one.delay_s) == (b"{}", "json", 5)
    assert [(each.body, each.content_type, each.delay_s) for each in many] == [(b"a", "text", 0), (b"b", "v8", 2)]


@pytest.mark.parametrize(
    "document",
    [
        {"body": 1},
        {"body": "x", "content_type": "bytes"},
        {"content_type": "json"},
        {"body": "x", "delay_seconds": 43_201},
        {"body": "x", "delay_seconds": "soon"},
        {"body": "x" * 128_001},
    ],
)
def test_a_message_that_cannot_be_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ApiError):
        incoming_of(document)
