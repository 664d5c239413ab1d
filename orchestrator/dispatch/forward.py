"""A task on its way to its autopilot: one signed POST, and the answer back.

The twin of `router/src/forward/forward.ts`.

Touches the network through the client that it is given. The answer is read whole, up to a limit and a deadline, before
any of it is passed on: only then is its status true. Where the task says `stream`, or the answer is one of server-sent
events, and somebody takes it so, it is passed on as it comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from orchestrator.dispatch import failure
from orchestrator.dispatch.failure import Failure
from orchestrator.routing.decision import Decision

MAX_ANSWER_BYTES = 10 * 1024 * 1024
#: Takes a part of an answer that is passed on as it comes.
OnPart = Callable[[bytes], object]
_HEADERS = {
    "content-type": "application/json",
    "accept": "*/*",
    "accept-encoding": "identity",  # the limit counts what was sent, so nothing may unfold here
    "user-agent": "autopilot-orchestrator",
    "x-autopilot-hop": "1",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: `headers` in lower case, `autopilot` the name of the one that answered. The body of one that
    `is_passed_on` is empty: its parts were taken as they came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    autopilot: str | None
    is_passed_on: bool = False


class NotForwarded(Exception):
    """The task was not completed, for `reason`."""

    def __init__(self, reason: Failure) -> None:
        super().__init__(reason.why)
        self.reason = reason


def forward(
    client: httpx.Client,
    url: str,
    decision: Decision,
    body: bytes,
    headers: Mapping[str, str],
    *,
    deadline: float,
    on_part: OnPart | None = None,
) -> Answer:
    """One try: send `body` to `url` with `headers` beside the fixed ones, and have the answer by `deadline`, a time of
    `time.monotonic`. `on_part` takes the parts of one that is passed on as it comes. Raises NotForwarded."""
    timeout_ms = decision.rule.timeout_ms
    left = max(0.001, deadline - time.monotonic())  # seconds
    try:
        # The client's time-out is for one wait on the network; the deadline is for all of them.
        with client.stream("POST", url, content=body, headers={**_HEADERS, **headers}, timeout=left) as response:
            taken = on_part if on_part and _is_passed_on(response, decision) else None
            content = _read(response, deadline, timeout_ms, taken)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        timed_out = isinstance(error, httpx.TimeoutException)
        raise NotForwarded(failure.unreachable_failure(timed_out=timed_out)) from error
    except httpx.TimeoutException as error:
        raise NotForwarded(failure.timeout_failure(timeout_ms)) from error
    except httpx.HTTPError as error:
        raise NotForwarded(failure.broken_failure()) from error
    edge = failure.edge_failure(response.status_code, content) if decision.transport == "https" else None
    if edge:
        raise NotForwarded(edge)
    passed = {"x-request-id": headers["x-request-id"], "x-autopilot": decision.route.name}
    passed |= {name: response.headers[name] for name in ("content-type", "retry-after") if name in response.headers}
    encoding = response.headers.get("content-encoding", "").strip()
    if encoding and encoding.lower() not in {*client.headers["accept-encoding"].split(", "), "identity"}:
        passed["content-encoding"] = encoding  # what httpx can, it has undone
    return Answer(
        status=response.status_code,
        headers=passed,
        body=content,
        autopilot=decision.route.name,
        is_passed_on=taken is not None,
    )


def is_event_stream(response: httpx.Response) -> bool:
    """Whether it is one of server-sent events."""
    return str(response.headers.get("content-type", "")).split(";")[0].strip().lower() == "text/event-stream"


def _is_passed_on(response: httpx.Response, decision: Decision) -> bool:
    """A refusal never is: it is short, and says what became of the task."""
    return 200 <= response.status_code < 300 and (decision.rule.stream or is_event_stream(response))


def _read(response: httpx.Response, deadline: float, timeout_ms: int, on_part: OnPart | None) -> bytes:
    """The body; empty where `on_part` takes its parts."""
    if not 200 <= response.status_code <= 599:
        raise NotForwarded(failure.odd_status_failure(response.status_code))
    if 300 <= response.status_code < 400:
        raise NotForwarded(failure.redirect_failure(response.status_code))
    content = bytearray()
    take = on_part or content.extend
    length = 0
    for chunk in response.iter_bytes():
        length += len(chunk)
        if length > MAX_ANSWER_BYTES:
            raise NotForwarded(failure.oversize_failure(MAX_ANSWER_BYTES))
        if time.monotonic() > deadline:
            raise NotForwarded(failure.timeout_failure(timeout_ms))
        take(chunk)
    return bytes(content)
