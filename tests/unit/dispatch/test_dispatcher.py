"""The Python dispatch where no network is needed: each way of not arriving, and where it connects.

What is sent and what comes back is in tests/twins/test_forwarding.py, against real Workers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest

from orchestrator.dispatch.dispatcher import Answer, Dispatcher, Problem
from orchestrator.dispatch.pinned_transport import PinnedTransport
from orchestrator.errors import OrchestratorError, SettingsError
from orchestrator.router_client.connection import RemoteDispatcher
from orchestrator.routing.table import Route, RoutingTable, TaskRule

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
TABLE = RoutingTable(
    autopilots=(
        Route(name="a", capabilities=("shared",), endpoint="https://a.example.com/"),
        Route(name="b", capabilities=("shared",), endpoint="https://b.example.com/"),
        Route(name="ours", capabilities=("ours",), worker="efh-ours", binding="EFH_OURS"),
        Route(
            name="both",
            capabilities=("both",),
            worker="efh-both",
            binding="EFH_BOTH",
            endpoint="https://both.example.com/",
        ),
        Route(name="partner", capabilities=("partner",), endpoint="https://partner.example.com/run"),
    ),
    tasks={
        "ask": TaskRule(capability="partner"),
        "ask_again": TaskRule(capability="partner", idempotent=True),
    },
)
IPV6 = (
    "::1",
    "::",
    "fc00::1",
    "fe80::1%eth0",
    "fec0::1",  # site-local
    "ff02::1",
    "3fff::1",  # documentation
    "::ffff:127.0.0.1",  # mapped
    "::127.0.0.1",  # compatible
    "::ffff:0:127.0.0.1",  # translated
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::1",  # 6to4
    "2001:0:7f00:1::1",  # Teredo
    "::ffff:a9fe:a9fe",  # mapped, spelt as IPv6
    "0000:0000:0000:0000:0000:FFFF:0A00:0001",
    "64:ff9b::10.0.0.1",
    "2002:c0a8:101::1",
    "2002:a9fe:a9fe::",
    "fe80::5efe:10.0.0.1",  # ISATAP
    "100::1",  # discard
    "2001:2::1",  # benchmarking
    "2001:10::1",  # ORCHID
    "2001:db8::1",  # documentation
    "5f00::1",  # segment routing
    "fd00:ec2::254",  # a cloud's metadata
)
Handler = Callable[[httpx.Request], httpx.Response]


def dispatcher(handler: Handler, **options: object) -> Dispatcher:
    options = {"sleep": lambda _: None, **options}
    return Dispatcher(TABLE, webhook_secrets=[SECRET], transport=httpx.MockTransport(handler), **options)  # type: ignore[arg-type]


def answering(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"url": str(request.url), "body": json.loads(request.content)})


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "status", "outcome"),
        [
            (httpx.ConnectError("refused"), 502, "not-sent"),
            (httpx.ConnectTimeout("slow"), 504, "not-sent"),
            (httpx.ReadTimeout("slow"), 504, "unknown"),
            (httpx.WriteTimeout("slow"), 504, "unknown"),
            (httpx.ReadError("reset"), 502, "unknown"),
            (httpx.WriteError("reset"), 502, "unknown"),
            (httpx.RemoteProtocolError("garbage"), 502, "unknown"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    @pytest.mark.parametrize("task", ["ask", "ask_again"])
    def test_a_broken_connection_says_what_became_of_the_task(
        self, error: Exception, status: int, outcome: str, task: str
    ) -> None:
        def broken(request: httpx.Request) -> httpx.Response:
            raise error

        problem = dispatcher(broken).plan(task)

        assert isinstance(problem, Problem)
        assert (problem.status, problem.title) == (status, "Failed to forward task")
        assert problem.members["outcome"] == outcome
        assert problem.members["retrySafe"] is (outcome == "not-sent" or task == "ask_again")

    def test_a_body_that_ends_too_early_is_no_answer(self) -> None:
        def cut(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=Cut())

        problem = dispatcher(cut).plan("ask")

        assert isinstance(problem, Problem)
        assert problem.members["outcome"] == "unknown"

    @pytest.mark.parametrize(
        ("task", "error", "tries"),
        [
            ("ask", httpx.ConnectError("refused"), 2),
            ("ask", httpx.ConnectTimeout("slow"), 2),
            ("ask", httpx.ReadError("reset"), 1),
            ("ask_again", httpx.ReadError("reset"), 2),
            ("ask_again", httpx.ReadTimeout("slow"), 1),
        ],
        ids=["nothing sent", "nothing sent in time", "unknown", "unknown, idempotent", "the deadline is over"],
    )
    def test_it_is_tried_again_only_where_that_is_safe(self, task: str, error: Exception, tries: int) -> None:
        seen: list[str] = []
        slept: list[float] = []

        def broken(request: httpx.Request) -> httpx.Response:
            seen.append(request.headers["webhook-id"])
            raise error

        dispatcher(broken, rng=lambda: 0.25, sleep=slept.append).plan(task)

        assert (len(seen), len(set(seen))) == (tries, 1)  # the same message
        assert slept == [0.25] * (tries - 1)

    def test_an_answer_that_was_begun_is_not_tried_again(self) -> None:
        """Its parts are taken as they come; that it broke off is the problem that follows."""

        class Breaking(httpx.SyncByteStream):
            def __iter__(self) -> Iterator[bytes]:
                yield b"data: one\n\n"
                raise httpx.ReadError("broken")

        calls, parts = [], list[bytes]()

        def answer(request: httpx.Request) -> httpx.Response:
            calls.append(request)
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Breaking())

        with dispatcher(answer) as dispatch:
            outcome = dispatch.plan("ask_again", on_part=parts.append)

        assert isinstance(outcome, Problem)
        assert (outcome.members["outcome"], len(calls), parts) == ("unknown", 1, [b"data: one\n\n"])

    def test_what_the_first_try_may_have_done_is_not_undone_by_the_second(self) -> None:
        errors = iter([httpx.ReadError("reset"), httpx.ConnectError("refused")])

        def broken(request: httpx.Request) -> httpx.Response:
            raise next(errors)

        problem = dispatcher(broken, sleep=lambda _: None).plan("ask_again")

        assert isinstance(problem, Problem)
        assert problem.members["outcome"] == "unknown"


class Cut(httpx.SyncByteStream):
    """A body whose connection is reset after the first byte."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield b"{"
        raise httpx.ReadError("reset")


class TestAddress:
    def test_a_worker_is_called_at_its_url(self) -> None:
        with dispatcher(answering, worker_urls={"efh-ours": "https://efh-ours.example.workers.dev/"}) as each:
            answer = each.plan("ours")

        assert isinstance(answer, Answer)
        assert json.loads(answer.body)["url"] == "https://efh-ours.example.workers.dev/"

    def test_its_url_is_preferred_to_its_endpoint(self) -> None:
        answer = dispatcher(answering, worker_urls={"efh-both": "https://w.example.com/"}).plan("both")

        assert isinstance(answer, Answer)
        assert json.loads(answer.body)["url"] == "https://w.example.com/"

    def test_without_a_url_its_endpoint_is_taken(self) -> None:
        answer = dispatcher(answering).plan("both")

        assert isinstance(answer, Answer)
        assert json.loads(answer.body)["url"] == "https://both.example.com/"

    @pytest.mark.parametrize(
        "url", ["http://efh-ours.example.com/", "http://efh-ours.localhost:8787/", "https://10.0.0.1/"]
    )
    def test_a_url_that_breaks_the_rules_is_not_called(self, url: str) -> None:
        problem = dispatcher(answering, worker_urls={"efh-ours": url}).plan("ours")

        assert isinstance(problem, Problem)
        assert problem.members["outcome"] == "not-sent"

    def test_plain_http_to_this_machine_is_for_the_local_stack(self) -> None:
        urls = {"efh-ours": "http://efh-ours.localhost:8787/"}

        answer = dispatcher(answering, worker_urls=urls, allow_loopback=True).plan("ours")

        assert isinstance(answer, Answer)


class TestChoice:
    @pytest.mark.parametrize(("number", "autopilot"), [(0.0, "a"), (0.49, "a"), (0.5, "b"), (0.99, "b")])
    def test_among_equals_the_random_number_chooses(self, number: float, autopilot: str) -> None:
        answer = dispatcher(answering, rng=lambda: number).plan("shared")

        assert isinstance(answer, Answer)
        assert answer.autopilot == autopilot

    def test_the_signature_has_the_clocks_time(self) -> None:
        seen = []

        def record(request: httpx.Request) -> httpx.Response:
            seen.append(request.headers["webhook-timestamp"])
            return httpx.Response(204)

        dispatcher(record, clock=lambda: 1_800_000_000.9).plan("ask")

        assert seen == ["1800000000"]

    @pytest.mark.parametrize("key", ["", "two\nlines", "schlüssel"])
    def test_a_key_that_no_header_can_hold_is_an_error(self, key: str) -> None:
        with pytest.raises(ValueError, match="idempotency key"):
            dispatcher(answering).plan("ask", idempotency_key=key)


class TestPinnedTransport:
    """A name is resolved once; all its addresses must be public, and the connection goes to one of them."""

    def send(
        self, url: str, addresses: Sequence[str], *, allow_loopback: bool = False, refusing: Sequence[str] = ()
    ) -> httpx.Request:
        """Send to `url`, whose host has these addresses; returns the request that was really made."""
        sent = []

        def record(request: httpx.Request) -> httpx.Response:
            if request.url.host in refusing:
                raise httpx.ConnectError("refused")
            sent.append(request)
            return httpx.Response(204)

        transport = PinnedTransport(
            allow_loopback=allow_loopback,
            resolver=lambda _host, _port: addresses,
            inner=httpx.MockTransport(record),
        )
        with httpx.Client(transport=transport) as client:
            client.post(url, content=b"body")
        return sent[0]

    def test_it_connects_to_the_address_and_keeps_the_name(self) -> None:
        request = self.send("https://api.example.com/run?x=1", ["93.184.215.14"])

        assert str(request.url) == "https://93.184.215.14/run?x=1"
        assert request.headers["host"] == "api.example.com"
        assert request.extensions["sni_hostname"] == "api.example.com"
        assert request.read() == b"body"

    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            *IPV6,
        ],
    )
    @pytest.mark.parametrize("others", [[], ["93.184.215.14"]], ids=["alone", "among public ones"])
    def test_an_address_that_is_not_public_is_refused(self, address: str, others: list[str]) -> None:
        with pytest.raises(httpx.ConnectError, match="not public"):
            self.send("https://api.example.com/", [*others, address])

    @pytest.mark.parametrize(
        "address", ["2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e", "2002:5db8:d70e::"]
    )
    def test_one_that_is_public_in_any_form_is_called(self, address: str) -> None:
        assert self.send("https://api.example.com/", [address]).url.host == address

    def test_where_one_refuses_the_next_is_tried(self) -> None:
        request = self.send(
            "https://api.example.com/", ["93.184.215.14", "2606:2800:21f::1"], refusing=["93.184.215.14"]
        )

        assert request.url.host == "2606:2800:21f::1"

    def test_a_name_without_an_address_is_refused(self) -> None:
        with pytest.raises(httpx.ConnectError, match="no address"):
            self.send("https://api.example.com/", [])

    def test_a_name_that_does_not_resolve_is_refused(self) -> None:
        def fails(host: str, port: int) -> Sequence[str]:
            raise OSError("Name or service not known")

        with (
            httpx.Client(transport=PinnedTransport(resolver=fails)) as client,
            pytest.raises(httpx.ConnectError, match="does not resolve"),
        ):
            client.get("https://api.example.com/")

    @pytest.mark.parametrize("host", ["localhost", "efh-agent.localhost", "127.0.0.1"])
    def test_localhost_is_this_machine_whatever_the_resolver_says(self, host: str) -> None:
        request = self.send(f"http://{host}:8787/", ["93.184.215.14"], allow_loopback=True)

        assert str(request.url) == "http://127.0.0.1:8787/"
        assert request.headers["host"] == f"{host}:8787"

    def test_localhost_is_only_for_the_local_stack(self) -> None:
        with pytest.raises(httpx.ConnectError, match="this machine"):
            self.send("https://localhost/", ["93.184.215.14"])


class TestRemote:
    def test_the_task_goes_to_the_router_with_the_token(self) -> None:
        def router(request: httpx.Request) -> httpx.Response:
            assert str(request.url) == "https://router.example.com/autopilot/plan"
            assert request.headers["authorization"] == "Bearer t0ken"
            assert request.headers["idempotency-key"] == "k-1"
            assert json.loads(request.content) == {"task": "ask", "meta": {"a": 1}}
            return httpx.Response(201, json={"done": True}, headers={"x-autopilot": "partner"})

        with RemoteDispatcher("https://router.example.com", "t0ken", transport=httpx.MockTransport(router)) as remote:
            answer = remote.plan("ask", {"a": 1}, "k-1")

        assert (answer.status, answer.autopilot, json.loads(answer.body)) == (201, "partner", {"done": True})

    def test_no_answer_is_an_error_that_says_to_look_first(self) -> None:
        def silent(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("slow")

        with (
            RemoteDispatcher("https://router.example.com", "t0ken", transport=httpx.MockTransport(silent)) as remote,
            pytest.raises(OrchestratorError, match="check before you send it again"),
        ):
            remote.plan("ask")

    @pytest.mark.parametrize("url", ["http://router.example.com", "ftp://router.example.com", "router", "http://[", ""])
    def test_the_token_is_not_sent_unencrypted(self, url: str) -> None:
        with pytest.raises(SettingsError):
            RemoteDispatcher(url, "t0ken")
