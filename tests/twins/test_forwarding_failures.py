"""What both twins do when an autopilot fails: what is repeated, how it is told, what is refused."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from orchestrator.dispatch.request import JsonText
from tests.support.planners import Planner, WorkerPlanner, nested, not_forwarded, refused
from tests.support.workers import AUTHORIZED

TOO_DEEP = "must not be nested deeper than 100 levels"


@contextmanager
def odd_autopilot(status: int) -> Iterator[str]:
    """An HTTP server on this machine that answers each request with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status, "Odd")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class TestRetry:
    """The autopilot counts what it gets under one key; a second try is the only other thing that it may get."""

    def calls(self, planner: Planner, key: str) -> int:
        calls: int = planner.plan("echo", {"key": key}).json()["calls"]
        return calls - 1  # this one

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    @pytest.mark.parametrize("task", ["echo_again", "ask_partner_again"], ids=["service binding", "https"])
    def test_an_idempotent_task_is_tried_again_where_the_autopilot_is_busy(
        self, planner: Planner, task: str, status: int
    ) -> None:
        answer = planner.plan(task, {"do": "busy", "status": status, "key": uuid.uuid4().hex, "times": 1})

        assert (answer.status, answer.json()["calls"]) == (200, 2)

    def test_the_second_try_is_the_same_message(self, planner: Planner) -> None:
        """So an autopilot that keeps ids knows it again; the signature is still good."""
        key = uuid.uuid4().hex

        received = planner.plan("echo_again", {"do": "busy", "status": 503, "key": key, "times": 1}).json()

        assert received["verified"] == [False, True]

    def test_there_are_at_most_two_tries(self, planner: Planner) -> None:
        key = uuid.uuid4().hex

        answer = planner.plan("echo_again", {"do": "busy", "status": 503, "key": key, "times": 2})

        assert (answer.status, answer.body) == (503, b"busy")
        assert self.calls(planner, key) == 2

    @pytest.mark.parametrize(
        ("task", "behaviour"),
        [
            ("echo", {"do": "busy", "status": 503}),
            ("echo_again", {"do": "problem", "status": 500}),
            ("echo_again", {"do": "problem", "status": 422}),
            ("echo_again", {"do": "redirect", "status": 307}),
            ("echo_again", {"do": "bytes", "bytes": 10 * 1024 * 1024 + 1}),
            ("ask_partner_again", {"do": "plain", "status": 404, "text": "error code: 1042"}),
            ("ask_partner", {"do": "plain", "status": 530, "text": "error code: 1101"}),
        ],
        ids=["not idempotent", "a fault", "a refusal", "a redirect", "too large", "lasting", "unknown"],
    )
    def test_otherwise_there_is_one(self, planner: Planner, task: str, behaviour: dict[str, Any]) -> None:
        key = uuid.uuid4().hex

        planner.plan(task, {**behaviour, "key": key, "times": 1})

        assert self.calls(planner, key) == 1

    @pytest.mark.parametrize("code", [521, 523])
    def test_what_was_certainly_not_sent_is_sent_again(self, planner: Planner, code: int) -> None:
        meta = {"do": "plain", "status": 521, "text": f"error code: {code}", "key": uuid.uuid4().hex, "times": 1}

        assert planner.plan("ask_partner", meta).status == 200

    def test_the_second_try_waits_as_long_as_the_autopilot_says(self, planner: Planner) -> None:
        began = time.monotonic()
        meta = {"do": "busy", "status": 429, "retryAfter": "2", "key": uuid.uuid4().hex, "times": 1}

        answer = planner.plan("echo_again", meta)

        assert answer.status == 200
        assert time.monotonic() - began > 1.9

    @pytest.mark.parametrize("retry_after", ["6", "86400", "Fri, 31 Dec 2100 23:59:59 GMT"])
    def test_there_is_none_that_would_miss_the_deadline(self, planner: Planner, retry_after: str) -> None:
        """The caller is told what the autopilot said."""
        key = uuid.uuid4().hex
        meta = {"do": "busy", "status": 503, "retryAfter": retry_after, "key": key, "times": 1}

        answer = planner.plan("echo_again", meta)

        assert (answer.status, answer.headers["retry-after"]) == (503, retry_after)
        assert self.calls(planner, key) == 1


def test_one_that_fails_five_times_in_a_row_is_left_alone(planner: Planner) -> None:
    """The pauses, which are too long for this suite, are in `tests/unit/dispatch/test_circuit.py`."""
    cut = {"do": "plain", "status": 530, "text": "error code: 1101"}
    for _ in range(4):
        planner.plan("flaky.run", cut)
    assert planner.plan("flaky.run", {}).status == 200  # which begins the row anew
    for _ in range(5):
        not_forwarded(planner.plan("flaky.run", cut), "unknown", retry_safe=False)

    planned = planner.plan("flaky.run", {})

    document = not_forwarded(planned, "not-sent", retry_safe=True)
    assert "is not asked for another" in document["detail"]
    assert 0 < int(planned.headers["retry-after"]) <= 30
    assert planner.plan("echo").status == 200  # the others go on


def test_one_that_answers_500_again_and_again_is_left_alone_too(planner: Planner) -> None:
    fault = {"do": "plain", "status": 500, "text": ""}

    statuses = [planner.plan("faulty.run", fault).status for _ in range(8)]

    assert statuses == [500] * 5 + [502] * 3
    not_forwarded(planner.plan("faulty.run", {}), "not-sent", retry_safe=True)


class TestFailure:
    @pytest.fixture(autouse=True)
    def _well(self, planner: Planner) -> None:
        """The autopilots have answered last, so that no row of failures grows from test to test."""
        assert planner.plan("echo").status == planner.plan("ask_partner").status == 200

    @pytest.mark.parametrize(
        ("status", "outcome", "retry_safe"),
        [
            (301, "unknown", False),
            (302, "unknown", False),
            (303, "unknown", False),
            (307, "rejected", True),
            (308, "rejected", True),
        ],
    )
    @pytest.mark.parametrize("task", ["echo", "ask_partner"], ids=["service binding", "https"])
    def test_a_redirect_is_one(self, planner: Planner, task: str, status: int, outcome: str, retry_safe: bool) -> None:
        planned = planner.plan(task, {"do": "redirect", "status": status})

        document = not_forwarded(planned, outcome, retry_safe=retry_safe)
        assert "evil.example" not in document["detail"]

    @pytest.mark.parametrize(
        ("task", "retry_safe"), [("echo_soon", False), ("echo_soon_again", True)], ids=["task", "idempotent task"]
    )
    @pytest.mark.parametrize("behaviour", ["never", "stall"], ids=["no answer", "half an answer"])
    def test_no_answer_in_time_is_one(self, planner: Planner, behaviour: str, task: str, retry_safe: bool) -> None:
        planned = planner.plan(task, {"do": behaviour})

        document = not_forwarded(planned, "unknown", retry_safe=retry_safe, status=504)
        assert "within 0.3 s" in document["detail"]

    @pytest.mark.parametrize("behaviour", ["cut", "throw"], ids=["in the body", "before the answer"])
    def test_a_worker_that_breaks_is_one(self, client: Callable[[str], httpx.Client], behaviour: str) -> None:
        """Over its service binding; over HTTP the runtime answers in its place (`test_dispatcher.py`)."""
        planned = WorkerPlanner(client).plan("echo", {"do": behaviour})

        document = not_forwarded(planned, "unknown", retry_safe=False)
        assert document["autopilot"] == "echo"

    @pytest.mark.parametrize("status", [199, 600, 999])
    def test_a_status_that_http_has_not_is_one(self, client: Callable[[str], httpx.Client], status: int) -> None:
        """See `test_dispatcher.py` for Python."""
        with odd_autopilot(status) as url:
            registration = {"name": f"odd-{status}", "endpoint": url, "capabilities": [f"odd.{status}"]}
            client("local").post("/autopilot/registry", json=registration, headers=AUTHORIZED).raise_for_status()
            planned = WorkerPlanner(client).plan(f"odd.{status}", setup="local")

        document = not_forwarded(planned, "unknown", retry_safe=False)
        assert f"answered with status {status}" in document["detail"]

    def test_so_it_is_for_what_must_not_be_done_twice(self, client: Callable[[str], httpx.Client]) -> None:
        key = uuid.uuid4().hex
        with odd_autopilot(999) as url:
            registration = {"name": "odd-payer", "endpoint": url, "capabilities": ["odd.pay"]}
            client("local").post("/autopilot/registry", json=registration, headers=AUTHORIZED).raise_for_status()
            first, repeat = (
                WorkerPlanner(client).plan("pay_odd", setup="local", idempotency_key=key) for _ in range(2)
            )

        not_forwarded(first, "unknown", retry_safe=False)
        assert refused(repeat, 409, "Outcome unknown")["run"] == first.json()["run"]

    @pytest.mark.parametrize(
        ("task", "why"),
        [
            ("foreign.run", "its host is not in the list of allowed hosts"),
            ("private.run", "its host must be a name, not an IP address in any spelling"),
        ],
    )
    def test_an_endpoint_that_breaks_the_rules_is_not_called(self, planner: Planner, task: str, why: str) -> None:
        document = not_forwarded(planner.plan(task), "not-sent", retry_safe=True)

        assert why in document["detail"]

    def test_a_worker_that_cannot_be_found_is_not_called(self, planner: Planner) -> None:
        not_forwarded(planner.plan("gone.run"), "not-sent", retry_safe=True)

    def test_a_closed_port_is_one(self, planner: Planner) -> None:
        """In the local stack, where loopback is allowed. A Worker is not told whether anything was sent; Python is."""
        outcome, retry_safe = {"worker": ("unknown", False), "python": ("not-sent", True)}[planner.name]

        not_forwarded(planner.plan("closed.run", setup="local"), outcome, retry_safe=retry_safe)

    @pytest.mark.parametrize(
        ("code", "outcome", "hint"),
        [
            (1042, "not-sent", "`worker:`"),
            (1016, "not-sent", "Check the host"),
            (1027, "not-sent", "paid plan"),
            (525, "not-sent", "certificate"),
            (1101, "unknown", "Look up error 1101"),
        ],
    )
    def test_an_error_of_cloudflares_edge_is_explained(
        self, planner: Planner, code: int, outcome: str, hint: str
    ) -> None:
        planned = planner.plan("ask_partner", {"do": "plain", "status": 404, "text": f"error code: {code}"})

        document = not_forwarded(planned, outcome, retry_safe=outcome != "unknown")
        assert hint in document["hint"]
        assert str(code) in document["detail"]

    def test_an_edge_error_is_only_believed_of_the_edge(self, planner: Planner) -> None:
        """A Worker behind a service binding is not reached through it."""
        answer = planner.plan("echo", {"do": "plain", "status": 404, "text": "error code: 1042"})

        assert (answer.status, answer.body) == (404, b"error code: 1042")


class TestRefusal:
    def test_a_task_that_nobody_can_do(self, planner: Planner) -> None:
        document = refused(planner.plan("ecko"), 404, "No autopilot currently supports ecko")

        assert (document["capability"], document["known"][0]) == ("ecko", "echo")

    @pytest.mark.parametrize(
        ("task", "meta", "errors"),
        [
            ("", {}, [("/task", "must be a string of 1 to 256 characters")]),
            ("x" * 257, [], [("/task", "must be a string of 1 to 256 characters"), ("/meta", "must be an object")]),
            ("echo", JsonText('{"a":' + "[" * 100 + "]" * 100 + "}"), [("/meta", TOO_DEEP)]),
            ("echo", {"a": [[{}] * 2, nested(98), nested(99)]}, [("/meta", TOO_DEEP)]),
            ("\ud800", {}, [("/task", "must be a string of 1 to 256 characters")]),
        ],
    )
    def test_a_request_that_is_wrong(
        self, planner: Planner, task: str, meta: Mapping[str, object], errors: list[tuple[str, str]]
    ) -> None:
        document = refused(planner.plan(task, meta), 422, "Invalid request")

        assert document["errors"] == [{"pointer": pointer, "message": message} for pointer, message in errors]

    def test_a_meta_of_more_than_1_mib(self, planner: Planner) -> None:
        refused(planner.plan("echo", {"x": "x" * 1024 * 1024}), 413, "Content too large")
