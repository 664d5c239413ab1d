"""What reaches an autopilot and what comes back: one suite for the routing Worker and for Python.

The autopilot is a Worker in workerd (`autopilot_worker.ts`), reached by service binding and, as the partner, as a host
of the internet; it checks signatures with the stock Standard Webhooks library.
"""

from __future__ import annotations

import json
import re
import uuid

import pytest
from standardwebhooks.webhooks import Webhook

from orchestrator.dispatch.request import JsonText
from orchestrator.dispatch.signature import secret_of
from tests.support.planners import Planner, PythonPlanner, nested, not_forwarded, refused
from tests.support.workers import OLD_SECRET, PARTNER, SECRET

TRACE = "0af7651916cd43dd8448eb211c80319c"


class TestRequest:
    @pytest.mark.parametrize("task", ["echo", "ask_partner"], ids=["service binding", "https"])
    def test_the_body_says_what_is_to_be_done_by_whom_and_for_whom(self, planner: Planner, task: str) -> None:
        meta = {"title": "Grüße 😀", "n": [1, 2.5, None, True], "deep": {"a": {}}}

        received = planner.plan(task, meta).json()

        assert received["method"] == "POST"
        body = json.loads(received["body"])
        autopilot = {"echo": "echo", "ask_partner": "partner"}[task]
        assert body == {
            "task": task,
            "capability": f"{autopilot}.run",
            "meta": meta,
            "autopilot": autopilot,
            "caller": "" if isinstance(planner, PythonPlanner) else "default",
            "requestId": received["headers"]["x-request-id"],
        }

    def test_a_capability_is_its_own_task(self, planner: Planner) -> None:
        body = json.loads(planner.plan("echo.other").json()["body"])

        assert (body["task"], body["capability"], body["meta"]) == ("echo.other", "echo.other", {})

    @pytest.mark.parametrize(
        "text",
        [
            '{"id": 154284075601887489, "x": 1e400, "y": 1.0, "z": -0, "e": 1E+2, "many": [1.10, 123456789012345678]}',
            '{ "2" : 1 ,"1":\t2,"meta": {"meta": "}"}, "t": "\\u00fc \\" ] \\\\" }',
            "{}",
        ],
    )
    def test_meta_arrives_as_the_text_that_was_sent(self, planner: Planner, text: str) -> None:
        body = planner.plan("echo", JsonText(text)).json()["body"]

        assert f'"meta":{text}}}' in body

    def test_a_hundred_levels_are_not_too_deep(self, planner: Planner) -> None:
        assert planner.plan("echo", {"a": nested(99), "text": "[" * 200}).status == 200

    def test_half_a_surrogate_pair_arrives_as_it_was_sent(self, planner: Planner) -> None:
        body = json.loads(planner.plan("echo", {"cut": "\ud83d"}).json()["body"])

        assert body["meta"] == {"cut": "\ud83d"}

    def test_a_worker_is_called_at_its_root(self, planner: Planner) -> None:
        """By its name in the manifest; in Python at its URL."""
        url = planner.plan("echo").json()["url"]

        assert re.fullmatch(r"https://efh-echo/|http://efh-echo\.localhost:\d+/", url)

    def test_an_endpoint_is_called_as_declared(self, planner: Planner) -> None:
        url = planner.plan("ask_partner").json()["url"]

        assert re.sub("^http:", "https:", re.sub(r":\d+/", "/", url)) == f"https://{PARTNER}/hook?from=efh"

    def test_only_an_allow_list_of_headers_passes(self, planner: Planner) -> None:
        headers = planner.plan("echo", idempotency_key="k-1").json()["headers"]

        ours = {"content-type", "x-request-id", "traceparent", "x-autopilot-hop", "idempotency-key"}
        ours |= {"webhook-id", "webhook-timestamp", "webhook-signature"}
        passed = {"accept", "accept-language", "user-agent"}
        transport = {"accept-encoding", "connection", "content-length", "host", "transfer-encoding"}
        assert ours <= set(headers)
        assert set(headers) - ours - passed <= transport | {"cf-connecting-ip"}
        assert headers["content-type"] == "application/json"
        assert headers["idempotency-key"] == "k-1"

    @pytest.mark.parametrize("given", ['"k-1"', '"k\\"1\\\\"', "k-1", 'k"1'])
    def test_an_idempotency_key_in_quotation_marks_is_the_same_one(self, planner: Planner, given: str) -> None:
        """The draft makes it a string of structured fields (RFC 9651); most clients send it bare."""
        bare = {'"k-1"': "k-1", '"k\\"1\\\\"': 'k"1\\'}.get(given, given)

        assert planner.plan("echo", idempotency_key=given).json()["headers"]["idempotency-key"] == bare

    def test_without_an_idempotency_key_there_is_none(self, planner: Planner) -> None:
        assert "idempotency-key" not in planner.plan("echo").json()["headers"]

    def test_the_request_id_goes_along_and_comes_back(self, planner: Planner) -> None:
        answer = planner.plan("echo", request_id="order-66")

        assert answer.json()["headers"]["x-request-id"] == "order-66"
        assert answer.headers["x-request-id"] == "order-66"

    def test_without_a_request_id_there_is_a_new_one(self, planner: Planner) -> None:
        answer = planner.plan("echo")

        assert answer.json()["headers"]["x-request-id"] == answer.headers["x-request-id"]
        assert uuid.UUID(answer.headers["x-request-id"])


class TestTrace:
    def test_one_begins_here(self, planner: Planner) -> None:
        first, second = (planner.plan("echo").json()["headers"]["traceparent"] for _ in range(2))

        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", first)
        assert first.split("-")[1] != second.split("-")[1]

    @pytest.mark.parametrize(
        ("received", "flags"),
        [
            (f"00-{TRACE}-b7ad6b7169203331-01", "01"),
            (f"00-{TRACE}-b7ad6b7169203331-00", "00"),
            (f"00-{TRACE}-b7ad6b7169203331-ff", "01"),
            (f"cc-{TRACE}-b7ad6b7169203331-01", "01"),
            (f"cc-{TRACE}-b7ad6b7169203331-00-what-the-future-brings", "00"),
        ],
    )
    def test_the_callers_is_continued_with_a_span_of_its_own(self, planner: Planner, received: str, flags: str) -> None:
        version, trace, span, sent_flags = (
            planner.plan("echo", traceparent=received).json()["headers"]["traceparent"].split("-")
        )

        assert (version, trace, sent_flags) == ("00", TRACE, flags)
        assert span != "b7ad6b7169203331"

    @pytest.mark.parametrize(
        "received",
        [
            "",
            "hello",
            f"ff-{TRACE}-b7ad6b7169203331-01",
            f"00-{'0' * 32}-b7ad6b7169203331-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE.upper()}-b7ad6b7169203331-01",
            f"00-{TRACE}-b7ad6b7169203331",
            f"00-{TRACE}-b7ad6b7169203331-01-more",
            f"00-{TRACE}-b7ad6b7169203331-01x",
        ],
    )
    def test_a_broken_one_is_not(self, planner: Planner, received: str) -> None:
        sent = planner.plan("echo", traceparent=received).json()["headers"]["traceparent"]

        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", sent)
        assert TRACE not in sent.lower()


class TestSignature:
    """Checked twice by code that was written elsewhere: in JavaScript by the autopilot, in Python here."""

    @pytest.mark.parametrize("task", ["echo", "ask_partner"], ids=["service binding", "https"])
    def test_the_stock_libraries_take_it(self, planner: Planner, task: str) -> None:
        received = planner.plan(task, {"title": "Grüße 😀"}).json()

        assert received["verified"] == [False, True]  # the old secret, the current one
        Webhook(secret_of(SECRET, json.loads(received["body"])["autopilot"])).verify(
            received["body"], received["headers"]
        )

    def test_during_rotation_each_secret_signs(self, planner: Planner) -> None:
        received = planner.plan("echo", setup="rotating").json()

        assert received["verified"] == [True, True]
        Webhook(secret_of(OLD_SECRET, "echo")).verify(received["body"], received["headers"])
        Webhook(secret_of(SECRET, "echo")).verify(received["body"], received["headers"])

    def test_each_message_has_an_id_of_its_own(self, planner: Planner) -> None:
        """Not the request id: that is the caller's, and may come twice."""
        first, second = (planner.plan("echo", request_id="same").json()["headers"]["webhook-id"] for _ in range(2))

        assert first != second
        assert re.fullmatch(r"msg_[0-9a-f]{32}", first)

    @pytest.mark.parametrize(
        ("setup", "detail"),
        [
            ("unsigned", "so no task can be signed"),
            ("missigned", "not a Standard Webhooks secret"),
            ("one-byte-signed", "24 to 64 bytes"),
            ("half-signed", "24 to 64 bytes"),
        ],
    )
    def test_nothing_is_sent_without_one(self, planner: Planner, setup: str, detail: str) -> None:
        planned = planner.plan("echo", setup=setup)

        document = refused(planned, 503, "Not configured")
        assert document["missing"] == ["WEBHOOK_SECRET"]
        assert detail in document["detail"]
        assert "hunter2" not in planned.body.decode()


class TestAnswer:
    @pytest.mark.parametrize("task", ["echo", "ask_partner"], ids=["service binding", "https"])
    def test_status_type_and_body_pass_back(self, planner: Planner, task: str) -> None:
        answer = planner.plan(task, {"do": "page"})

        assert (answer.status, answer.body.decode()) == (200, "<h1>Grüße</h1>")
        assert answer.headers["content-type"] == "text/html"
        assert answer.headers["x-autopilot"] == {"echo": "echo", "ask_partner": "partner"}[task]
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429, 500, 503])
    def test_the_autopilots_own_problem_passes_unchanged(self, planner: Planner, status: int) -> None:
        answer = planner.plan("echo", {"do": "problem", "status": status})

        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {"type": "about:blank", "title": "Out of paper", "status": status, "mine": True}

    @pytest.mark.parametrize("status", [200, 202, 204, 205])
    def test_an_empty_one_stays_empty(self, planner: Planner, status: int) -> None:
        answer = planner.plan("echo", {"do": "empty", "status": status})

        assert (answer.status, answer.body) == (status, b"")

    def test_one_of_just_10_mib_passes(self, planner: Planner) -> None:
        answer = planner.plan("echo", {"do": "bytes", "bytes": 10 * 1024 * 1024})

        assert (answer.status, len(answer.body)) == (200, 10 * 1024 * 1024)

    def test_a_larger_one_does_not(self, planner: Planner) -> None:
        document = not_forwarded(
            planner.plan("echo", {"do": "bytes", "bytes": 10 * 1024 * 1024 + 1}), "unknown", retry_safe=False
        )

        assert "10 MiB" in document["detail"]


class TestCatalogue:
    def test_what_does_not_fit_goes_to_nobody(self, planner: Planner) -> None:
        problem = refused(planner.plan("check", {"to": "nobody", "parts": [{"a/b": 1}, {}]}), 422, "Invalid meta")

        del problem["requestId"]
        assert problem == {
            "type": "urn:problem:autopilot-orchestrator:invalid-meta",
            "title": "Invalid meta",
            "status": 422,
            "detail": "/meta/to must be an e-mail address; /meta/parts/1/a~1b is required.",
            "capability": "echo.checked",
            "errors": [
                {"pointer": "/meta/to", "message": "must be an e-mail address"},
                {"pointer": "/meta/parts/1/a~1b", "message": "is required"},
            ],
            "outcome": "rejected",
            "retrySafe": True,
            "hint": "GET /autopilot/capabilities/echo.checked says what it takes.",
        }

    def test_its_text_is_looked_at_and_sent_on_as_it_is(self, planner: Planner) -> None:
        text = '{"to": "ada@example.com", "n": 1.10}'

        assert f'"meta":{text}}}' in planner.plan("check", JsonText(text)).json()["body"]
