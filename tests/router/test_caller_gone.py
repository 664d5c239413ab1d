"""A caller that goes away, by a real client that closes its connection: the task is done to its end all the same, and
the journal says that nobody waited for it."""

from __future__ import annotations

import json
import socket
import struct
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.held import EVENTS, Held
from tests.support.workers import AUTHORIZED, TOKEN, direct


class Router:
    """A router on a socket of its own; `held` makes answers of its autopilot."""

    def __init__(self, url: str, workers_url: str) -> None:
        self.url, self._workers_url = url, workers_url

    def held(self, **more: Any) -> Held:
        return Held(self._workers_url, **more)

    def entry(self, request_id: str) -> dict[str, Any]:
        """Of the journal; waits for it."""

        def look() -> list[dict[str, Any]]:
            answer = httpx.get(f"{self.url}/autopilot/journal?requestId={request_id}", headers=AUTHORIZED)
            entries: list[dict[str, Any]] = answer.json()["entries"]
            return entries

        (entry,) = eventually(look, "the call is journalled")
        return entry


@pytest.fixture(scope="module")
def router() -> Iterator[Router]:
    with direct() as running:
        yield Router(running.own["journalled"], running.url)


class Caller:
    """One request on a connection of its own."""

    def __init__(self, router: Router, task: str, meta: dict[str, Any], *headers: str) -> None:
        self.request_id = uuid.uuid4().hex
        body = json.dumps({"task": task, "meta": meta})
        head = [
            "POST /autopilot/plan HTTP/1.1",
            "host: journalled.example.net",
            f"authorization: Bearer {TOKEN}",
            f"x-request-id: {self.request_id}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            *headers,
        ]
        address = httpx.URL(router.url)
        self._socket = socket.create_connection((address.host, address.port), timeout=20)
        self._socket.sendall("\r\n".join([*head, "", body]).encode())

    def read_until(self, text: str) -> None:
        got = b""
        while text.encode() not in got:
            part = self._socket.recv(4096)
            assert part, got
            got += part

    def leave(self) -> None:
        """With a reset, which is seen at once; after a FIN alone a client may still read."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


def wait_until_called(held: Held) -> None:
    """Until the autopilot has the task."""
    eventually(held.is_called, "the autopilot is called")


@pytest.mark.parametrize("task", ["echo", "ask_partner"], ids=["service binding", "https"])
def test_its_task_is_done_to_the_end(router: Router, task: str) -> None:
    held = router.held(type="text/plain")
    caller = Caller(router, task, held.meta)
    wait_until_called(held)

    caller.leave()
    held.release()
    held.release()

    assert held.ended() == "whole"
    entry = router.entry(caller.request_id)
    assert (entry["task"], entry["outcome"], entry["detail"], entry["status"]) == (task, "caller-gone", "done", 200)


def test_an_answer_that_it_read_as_it_came_is_read_to_the_end(router: Router) -> None:
    held = router.held()
    caller = Caller(router, "echo", held.meta)
    caller.read_until(EVENTS[0].strip())

    caller.leave()
    held.release()
    held.release()

    assert held.ended() == "whole"
    entry = router.entry(caller.request_id)
    assert (entry["outcome"], entry["detail"], entry["status"]) == ("caller-gone", "done", 200)


@pytest.mark.parametrize(("status", "outcome"), [(500, "unknown"), (207, "partly")])
def test_what_a_person_must_hear_of_keeps_its_word(router: Router, status: int, outcome: str) -> None:
    held = router.held(type="text/plain", status=status, parts=EVENTS[:2])
    caller = Caller(router, "echo", held.meta)
    wait_until_called(held)

    caller.leave()
    held.release()

    entry = router.entry(caller.request_id)
    assert (entry["outcome"], entry["detail"], entry["status"]) == (outcome, "caller-gone", status)


def test_one_that_must_not_be_done_twice_is_recorded_for_its_repeat(router: Router) -> None:
    held = router.held(type="text/plain", parts=EVENTS[:2])
    key = f"key-{held.key}"
    caller = Caller(router, "pay", held.meta, f"idempotency-key: {key}")
    wait_until_called(held)

    caller.leave()
    held.release()

    assert router.entry(caller.request_id)["outcome"] == "caller-gone"
    again = Caller(router, "pay", held.meta, f"idempotency-key: {key}", "connection: close")
    again.read_until("idempotency-replayed: true")
    again.leave()


class TestStreamInTheJournal:
    """Its entry is written when the answer has ended."""

    def test_a_whole_one_is_done(self, router: Router) -> None:
        held = router.held(parts=EVENTS[:2])
        caller = Caller(router, "echo_stream", held.meta)
        caller.read_until(EVENTS[0].strip())

        held.release()

        caller.read_until(EVENTS[1].strip())
        entry = router.entry(caller.request_id)
        assert (entry["outcome"], entry["detail"], entry["status"]) == ("done", None, 200)
        caller.leave()

    @pytest.mark.parametrize("type", ["text/event-stream", "text/plain"])
    def test_one_that_broke_off_is_unknown(self, router: Router, type: str) -> None:
        held = router.held(parts=EVENTS[:1], then="cut", type=type)
        caller = Caller(router, "echo_stream", held.meta)
        caller.read_until(EVENTS[0].strip())

        held.release()

        entry = router.entry(caller.request_id)
        assert (entry["outcome"], entry["detail"], entry["status"]) == ("unknown", "broken-off", 200)
        caller.leave()
