"""Answers that are passed on as they come: of tasks that say `stream`, and server-sent events. One suite for the
routing Worker and for Python; the autopilot holds each part back until it is released."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from orchestrator.dispatch.dispatcher import Answer, Dispatcher
from orchestrator.routing.problem import Problem
from tests.support.held import EVENTS, Held
from tests.support.planners import PythonPlanner
from tests.support.workerd import EACH_ITS_OWN
from tests.support.workers import AUTHORIZED

OnPart = Callable[[bytes], object]
TOO_MANY = 10 * 1024 * 1024 + 1


class Broken(Exception):
    """The answer says in its last part that it broke off, or Python says so after it."""


class Streamed:
    """An answer's `status`, `headers` and `parts`, each taken when it came."""

    def __init__(self) -> None:
        self.status, self.headers, self.parts = 0, httpx.Headers(), list[bytes]()

    @property
    def text(self) -> str:
        return b"".join(self.parts).decode()


class WorkerStreams:
    """The routing Worker, read part by part."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=20, limits=EACH_ITS_OWN)

    def plan(self, task: str, meta: dict[str, Any], on_part: OnPart = lambda _: None) -> Streamed:
        got = Streamed()
        headers = {**AUTHORIZED, "host": "router.example.net", "content-type": "application/json"}
        headers["accept-encoding"] = "identity"  # miniflare would compress it, and hold parts back for that
        sent = json.dumps({"task": task, "meta": meta})
        with self._http.stream("POST", "/autopilot/plan", content=sent, headers=headers) as response:
            got.status, got.headers = response.status_code, response.headers
            for part in response.iter_raw():
                got.parts.append(part)
                on_part(part)
        last = got.parts[-1].decode().removeprefix("\n\nevent: error\ndata: ") if got.parts else ""
        if "urn:problem:" in last:
            document = json.loads(last)
            assert (document["title"], document["outcome"]) == ("Failed to forward task", "unknown")
            assert document["requestId"] == got.headers["x-request-id"]
            raise Broken(got.text)
        return got

    def close(self) -> None:
        self._http.close()


class PythonStreams:
    """Python's dispatcher."""

    def __init__(self, url: str) -> None:
        self._dispatcher: Dispatcher = PythonPlanner(url)._dispatcher("router")

    def plan(self, task: str, meta: dict[str, Any], on_part: OnPart = lambda _: None) -> Streamed:
        got = Streamed()

        def take(part: bytes) -> None:
            got.parts.append(part)
            on_part(part)

        outcome = self._dispatcher.plan(task, meta, on_part=take)
        if isinstance(outcome, Problem) and got.parts:
            assert (outcome.title, outcome.members["outcome"]) == ("Failed to forward task", "unknown")
            raise Broken(got.text)
        assert isinstance(outcome, Answer)
        assert not (outcome.is_passed_on and outcome.body)
        got.status, got.headers = outcome.status, httpx.Headers(dict(outcome.headers))
        got.parts += [] if outcome.is_passed_on else [outcome.body]
        return got

    def close(self) -> None:
        self._dispatcher.close()


Streams = WorkerStreams | PythonStreams


@pytest.fixture(params=[WorkerStreams, PythonStreams], ids=["worker", "python"])
def streams(request: pytest.FixtureRequest, workerd_url: str) -> Iterator[Streams]:
    made = request.param(workerd_url)
    yield made
    made.close()


@pytest.fixture
def held(workerd_url: str) -> Callable[..., Held]:
    return lambda **more: Held(workerd_url, **more)


@pytest.mark.parametrize(
    ("task", "type"),
    [
        ("echo", "text/event-stream"),
        ("ask_partner", "Text/Event-Stream; charset=utf-8"),
        ("echo_stream", "application/x-ndjson"),
        ("partner_stream", "application/json"),
    ],
)
def test_each_part_is_there_before_the_next_one_is_sent(
    streams: Streams, held: Callable[..., Held], task: str, type: str
) -> None:
    """An answer that was read whole first would never come: a part is released when the one before it was taken."""
    parts = held(type=type)

    got = streams.plan(task, parts.meta, parts.release)

    assert got.parts == [each.encode() for each in EVENTS]
    assert (got.status, got.headers["content-type"], got.headers["retry-after"]) == (200, type, "7")
    assert got.headers["x-autopilot"] == ("echo" if task.startswith("echo") else "partner")
    assert got.headers["x-request-id"]


def test_without_a_length_that_would_have_to_be_known(streams: Streams, held: Callable[..., Held]) -> None:
    parts = held()

    assert "content-length" not in streams.plan("echo", parts.meta, parts.release).headers


@pytest.mark.parametrize("type", ["text/plain", "text/event-streams", "application/json; x=text/event-stream"])
def test_any_other_answer_is_read_whole(streams: Streams, held: Callable[..., Held], type: str) -> None:
    parts = held(type=type, parts=EVENTS[:1])

    got = streams.plan("echo", parts.meta)

    assert got.text == EVENTS[0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_is_read_whole_and_may_be_tried_again(
    streams: Streams, held: Callable[..., Held], status: int
) -> None:
    meta = {"do": "busy", "status": status, "key": uuid.uuid4().hex, "times": 1}

    got = streams.plan("echo_stream", meta)

    assert (got.status, json.loads(got.text)["calls"]) == (200, 2)


@pytest.mark.parametrize("status", [200, 201, 207])
def test_its_status_is_the_autopilots(streams: Streams, held: Callable[..., Held], status: int) -> None:
    assert streams.plan("echo_stream", held(status=status, parts=EVENTS[:1]).meta).status == status


@pytest.mark.parametrize("status", [200, 204])
def test_without_a_body_it_is_empty(streams: Streams, status: int) -> None:
    got = streams.plan("echo_stream", {"do": "empty", "status": status})

    assert (got.status, got.text) == (status, "")


@pytest.mark.parametrize("type", ["text/event-stream", "application/x-ndjson", "text/plain; x=y", "image/png"])
class TestBreak:
    """After the status a break is told by the last event, or the last line."""

    def test_the_autopilot_breaks_off(self, workerd_url: str, held: Callable[..., Held], type: str) -> None:
        """Over its service binding; over HTTP the runtime ends it as if it were whole (`test_dispatcher.py`)."""
        streams = WorkerStreams(workerd_url)
        parts = held(then="cut", type=type)

        with pytest.raises(Broken, match="one") as broken:
            streams.plan("echo_stream", parts.meta, parts.release)

        assert "hunter2" not in str(broken.value)
        streams.close()

    def test_it_is_not_tried_again(self, workerd_url: str, held: Callable[..., Held], type: str) -> None:
        """Though the task is idempotent: the caller has a part of it."""
        streams = WorkerStreams(workerd_url)
        parts = held(then="cut", parts=EVENTS[:1], times=1, type=type)

        with pytest.raises(Broken):
            streams.plan("echo_stream", parts.meta, parts.release)
        streams.close()

    def test_it_does_not_end_in_time(self, streams: Streams, held: Callable[..., Held], type: str) -> None:
        with pytest.raises(Broken):
            streams.plan("echo_stream_soon", held(parts=EVENTS[:1], then="stall", type=type).meta)

    def test_it_is_too_long(self, streams: Streams, type: str) -> None:
        with pytest.raises(Broken):
            streams.plan("echo_stream", {"do": "bytes", "bytes": TOO_MANY, "type": type})

    def test_it_is_as_long_as_it_may_be(self, streams: Streams, type: str) -> None:
        got = streams.plan("echo_stream", {"do": "bytes", "bytes": TOO_MANY - 1, "type": type})

        assert sum(map(len, got.parts)) == TOO_MANY - 1


def test_what_takes_no_parts_gets_it_whole(workerd_url: str, held: Callable[..., Held]) -> None:
    with PythonPlanner(workerd_url)._dispatcher("router") as dispatcher:
        answer = dispatcher.plan("echo_stream", held(parts=EVENTS[:1]).meta)

    assert isinstance(answer, Answer)
    assert (answer.body.decode(), answer.is_passed_on) == (EVENTS[0], False)
