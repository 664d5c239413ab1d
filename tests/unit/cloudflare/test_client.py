"""What is tried again, what is waited for, and what is told: httpx's own mock transport in place of the network."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from orchestrator.cloudflare.client import ApiClient, retry_after
from orchestrator.errors import CloudflareError

Step = int | type[httpx.TransportError] | tuple[int, dict[str, str]]


class Server:
    """Answers with the steps in turn, the last one again and again; time passes only in sleeps."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.now = 1000.0
        self.slept: list[float] = []
        self.lines: list[str] = []
        self.client = ApiClient(
            token="t",
            base_url="https://api.example.com",
            transport=httpx.MockTransport(self.answer),
            report=self.lines.append,
            sleep=self.sleep,
            clock=lambda: self.now,
            chance=lambda: 1.0,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def answer(self, _request: httpx.Request) -> httpx.Response:
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, tuple):
            return httpx.Response(step[0], headers=step[1])
        if isinstance(step, int):
            return httpx.Response(step)
        raise step("cut")


CASES: dict[str, tuple[str, bool | None, Sequence[Step], int, Sequence[float]]] = {
    # method, repeatable, what the server does, calls made, seconds slept
    "a success is one call": ("GET", None, [200], 1, []),
    "a refusal is one call": ("GET", None, [404], 1, []),
    "a read is tried again after 5xx, later each time": ("GET", None, [500, 502, 503, 200], 4, [0.5, 1, 2]),
    "a read is tried again without an answer": ("GET", None, [httpx.ReadError, 200], 2, [0.5]),
    "a read that keeps failing ends": ("GET", None, [503], 4, [0.5, 1, 2]),
    "a write is not tried again after 5xx": ("POST", None, [500], 1, []),
    "a write that may be repeated is": ("PUT", True, [500, 200], 2, [0.5]),
    "a write is tried again after 429, when told": ("POST", None, [(429, {"retry-after": "7"}), 200], 2, [7]),
    "429 without a time waits half a minute": ("GET", None, [429, 200], 2, [30]),
    "429 waits no longer than Cloudflare refuses": ("GET", None, [(429, {"retry-after": "9999"}), 200], 2, [330]),
}


@pytest.mark.parametrize(("method", "repeatable", "steps", "calls", "slept"), CASES.values(), ids=CASES)
def test_what_is_tried_again_and_when(
    method: str, repeatable: bool | None, steps: Sequence[Step], calls: int, slept: Sequence[float]
) -> None:
    server = Server(*steps)

    server.client.request(method, "/x", repeatable=repeatable)

    assert (server.client.calls, server.slept) == (calls, slept)


def test_a_pause_that_cloudflare_asks_for_is_told() -> None:
    server = Server((429, {"retry-after": "7"}), 200)

    server.client.request("GET", "/x")

    assert server.lines == ["Cloudflare asks for a pause (too many calls); continuing in 7 s"]


@pytest.mark.parametrize(
    ("method", "hint"), [("GET", "check the network"), ("POST", "it may have been carried out: check before you retry")]
)
def test_no_answer_tells_a_read_from_a_write_that_may_have_happened(method: str, hint: str) -> None:
    server = Server(httpx.ReadError)

    with pytest.raises(CloudflareError, match=f"{method} /x: no answer from api.example.com: ") as failure:
        server.client.request(method, "/x")

    assert hint in failure.value.hint
    assert failure.value.status == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("12", 12.0),
        ("-1", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=10.0) == seconds
