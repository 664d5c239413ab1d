"""`/autopilot/plan` behind one interface, so that one suite runs against the routing Worker and against Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import httpx

from orchestrator.dispatch.dispatcher import Dispatcher
from orchestrator.dispatch.pinned_transport import PinnedTransport
from orchestrator.dispatch.request import JsonText
from orchestrator.routing.problem import CONTENT_TYPE, Problem
from tests.support.workers import CHECKED, OLD_SECRET, PARTNER, SECRET, TABLE, TOKEN


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a caller of either gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class WorkerPlanner:
    """The deployed routing Worker. `setup` names its configuration in `workers.py`."""

    name = "worker"

    def __init__(self, client: Callable[[str], httpx.Client]) -> None:
        self._client = client

    def plan(
        self,
        task: object,
        meta: object = None,
        *,
        setup: str = "router",
        idempotency_key: str | None = None,
        request_id: str | None = None,
        traceparent: str | None = None,
    ) -> Planned:
        given = {"idempotency-key": idempotency_key, "x-request-id": request_id, "traceparent": traceparent}
        headers = {name: value for name, value in given.items() if value is not None}
        headers |= {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        sent = meta if isinstance(meta, JsonText) else json.dumps({} if meta is None else meta)
        body = f'{{"task": {json.dumps(task)}, "meta": {sent}}}'
        response = self._client(setup).post("/autopilot/plan", content=body, headers=headers)
        return Planned(status=response.status_code, headers=response.headers, body=response.content)


class PythonPlanner:
    """`orchestrator.dispatch.dispatcher.Dispatcher`, in the same configurations."""

    name = "python"
    _secrets: Mapping[str, Sequence[str]] = {
        "rotating": (OLD_SECRET, SECRET),
        "unsigned": (),
        "missigned": ("hunter2",),
        "one-byte-signed": ("whsec_AA==",),
        "half-signed": (SECRET, "whsec_AA=="),
    }

    def __init__(self, workerd_url: str) -> None:
        self._port = httpx.URL(workerd_url).port
        self._stack = ExitStack()
        self._dispatchers: dict[str, Dispatcher] = {}  # each keeps its knowledge of failures, as an isolate does

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def plan(self, task: Any, meta: Any = None, *, setup: str = "router", **options: Any) -> Planned:
        if setup not in self._dispatchers:
            self._dispatchers[setup] = self._stack.enter_context(self._dispatcher(setup))
        outcome = self._dispatchers[setup].plan(task, meta, **options)
        if isinstance(outcome, Problem):
            headers = {"content-type": CONTENT_TYPE, **{name.lower(): v for name, v in outcome.headers.items()}}
            body = json.dumps(outcome.to_object()).encode()
            return Planned(status=outcome.status, headers=headers, body=body)
        return Planned(status=outcome.status, headers=outcome.headers, body=outcome.body)

    def _dispatcher(self, setup: str) -> Dispatcher:
        return Dispatcher(
            TABLE,
            catalog={CHECKED.name: CHECKED.meta},
            worker_urls={"efh-echo": f"http://efh-echo.localhost:{self._port}/"},
            webhook_secrets=self._secrets.get(setup, (SECRET,)),
            transport=None if setup == "local" else Internet(self._port),
            allow_loopback=True,
        )


class Internet(httpx.BaseTransport):
    """The internet of these tests: the partner's host is a Worker in workerd; the rest is as on any machine."""

    def __init__(self, port: int | None) -> None:
        self._port = port
        self._real = PinnedTransport(allow_loopback=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == PARTNER:
            request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()


Planner = WorkerPlanner | PythonPlanner
FAILED = "Failed to forward task"


def refused(planned: Planned, status: int, title: str) -> dict[str, Any]:
    """Checks that this is a problem document, and returns it."""
    document: dict[str, Any] = planned.json()
    assert planned.headers["content-type"] == "application/problem+json"
    assert (planned.status, document["status"], document["title"]) == (status, status, title)
    assert document["requestId"]
    return document


def not_forwarded(planned: Planned, outcome: str, *, retry_safe: bool, status: int = 502) -> dict[str, Any]:
    document = refused(planned, status, FAILED)
    assert (document["outcome"], document["retrySafe"]) == (outcome, retry_safe)
    assert document["hint"].endswith(".")
    assert "hunter2" not in planned.body.decode()
    return document


def nested(levels: int) -> list[Any]:
    """Lists in lists, so many deep."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value
