"""Queues and consumers that the account has already: under which ids they are taken over."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from orchestrator.adopt.existing import find, is_harmless
from orchestrator.adopt.wanted import Wanted
from orchestrator.cloudflare.account import Account
from orchestrator.kinds import Kind

ACCOUNT = "0" * 32


def queue(name: str, id: str, *consumers: str) -> dict[str, Any]:
    return {"queue_name": name, "queue_id": id, "consumers": [{"consumer_id": each} for each in consumers]}


def account(*queues: dict[str, Any], waiting: int = 0) -> Account:
    def answer(request: httpx.Request) -> httpx.Response:
        result: Any = []
        if request.url.path.endswith("/queues/q1/metrics"):
            result = {"backlog_count": waiting, "backlog_bytes": 9 * waiting, "oldest_message_timestamp_ms": 0}
        if request.url.path.endswith("/queues"):
            result = list(queues)
        return httpx.Response(200, json={"success": True, "errors": [], "messages": [], "result": result})

    return Account(account_id=ACCOUNT, token="token", transport=httpx.MockTransport(answer))


def wanted(kind: Kind, key: str, name: str, queue_id: str = "") -> Wanted:
    return Wanted(kind=kind, key=key, name=name, account_id=ACCOUNT, queue_id=queue_id)


QUEUE = wanted(Kind.QUEUE, "efh-tasks", "pr-7-efh-tasks")
CONSUMER = wanted(Kind.CONSUMER, "efh-tasks", "pr-7-router")


def ids(opened: Account, *lacking: Wanted) -> list[str]:
    with opened:
        found, theirs = find(opened, lacking, "mark")
    assert theirs == ()
    return [each.wanted.import_id(each.id) for each in found]


def test_a_queue_is_taken_over_with_its_consumer() -> None:
    opened = account(queue("other", "q0", "c0"), queue("pr-7-efh-tasks", "q1", "c1"))

    assert ids(opened, QUEUE, CONSUMER) == [f"{ACCOUNT}/q1", f"{ACCOUNT}/q1/c1"]


def test_a_consumer_of_a_queue_that_is_the_stacks_already() -> None:
    opened = account(queue("pr-7-efh-tasks", "q1", "c1"))

    assert ids(opened, wanted(Kind.CONSUMER, "efh-tasks", "pr-7-router", "q1")) == [f"{ACCOUNT}/q1/c1"]


def test_what_is_not_there_is_made() -> None:
    assert ids(account(queue("efh-tasks", "q9")), QUEUE, CONSUMER) == []
    assert ids(account(queue("pr-7-efh-tasks", "q1")), QUEUE, CONSUMER) == [f"{ACCOUNT}/q1"]


@pytest.mark.parametrize(("waiting", "harmless"), [(0, True), (1, False)])
def test_an_update_that_failed_takes_over_by_itself_only_a_queue_in_which_nothing_waits(
    waiting: int, harmless: bool
) -> None:
    with account(queue("pr-7-efh-tasks", "q1", "c1"), waiting=waiting) as opened:
        found, _ = find(opened, (QUEUE, CONSUMER), "mark")

        assert [is_harmless(opened, each) for each in found] == [harmless, harmless]
