"""`/autopilot/plan` in Python: the same decision, the same forwarded request and the same problem documents as the
routing Worker's (`router/src/plan/plan.ts`), for scripts and for when no Worker is deployed.

Touches the network through the transport that it is given; clock and random numbers enter by the constructor. One
colour: synchronous. An autopilot with a Worker of ours is called at its URL of `worker_urls`, in place of a service
binding, which only Workers have. What is known only to the deployed Worker (health, registrations) plays no part here.
A task with `once: true` is refused: the record that keeps it from being done twice is the routing Worker's, and a
second one beside it would not know of the first.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import httpx

from orchestrator.dispatch import failure
from orchestrator.dispatch.circuit import Circuit
from orchestrator.dispatch.failure import Failure
from orchestrator.dispatch.forward import Answer, NotForwarded, OnPart, forward
from orchestrator.dispatch.meta_check import check_meta
from orchestrator.dispatch.pinned_transport import PinnedTransport
from orchestrator.dispatch.request import MAX_BODY_BYTES, JsonText, body_text, check_key, check_plan
from orchestrator.dispatch.retry import MAX_TRIES, of_both, retry_delay
from orchestrator.dispatch.signature import secret_of, signature_headers
from orchestrator.dispatch.trace import next_traceparent
from orchestrator.routing.decision import Decision, Refusal, RoutingState, decide
from orchestrator.routing.problem import Problem, content_too_large, invalid_request, not_configured
from orchestrator.routing.table import Route, RoutingTable
from orchestrator.urls import check_endpoint

__all__ = ["Answer", "Dispatcher", "Problem"]


class Dispatcher:
    """Decides on tasks and forwards them. Close it, or use it in a `with` statement.

    `catalog`: the schema of what each capability takes. `worker_urls`: the URL of each Worker by its name in the
    manifest. `webhook_secrets`: the stack's, one, or two while one is being replaced. `allow_loopback`: the local
    stack's plain HTTP to this machine. `rng` gives numbers in [0, 1), `clock` seconds since 1970; `sleep` waits for
    seconds before a second try.
    """

    def __init__(
        self,
        table: RoutingTable,
        *,
        catalog: Mapping[str, Mapping[str, Any]] | None = None,
        worker_urls: Mapping[str, str] | None = None,
        webhook_secrets: Sequence[str] = (),
        transport: httpx.BaseTransport | None = None,
        allow_loopback: bool = False,
        rng: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._catalog = catalog or {}
        self._worker_urls = worker_urls or {}
        self._secrets = tuple(webhook_secrets)
        self._allow_loopback = allow_loopback
        self._rng = rng
        self._clock = clock
        self._sleep = sleep
        self._circuits: dict[str, Circuit] = {}
        self._client = httpx.Client(transport=transport or PinnedTransport(allow_loopback=allow_loopback))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def explain(self, task: str, meta: Mapping[str, Any] | JsonText | None = None) -> Decision | Refusal:
        """The decision and its reasons; nothing is sent. A `meta` is held against the catalogue, too."""
        now = self._clock()
        paused = {name for name, circuit in self._circuits.items() if circuit.is_paused(now)}
        decided = decide(self._table, task, RoutingState(paused=paused), self._rng())
        schema = None if meta is None else self._catalog.get(self._table.rule_of(task).capability)
        if schema is None:
            return decided
        return check_meta(decided, schema, json.loads(meta) if isinstance(meta, JsonText) else meta)

    def plan(
        self,
        task: str,
        meta: Mapping[str, Any] | JsonText | None = None,
        idempotency_key: str | None = None,
        *,
        request_id: str | None = None,
        traceparent: str | None = None,
        on_part: OnPart | None = None,
    ) -> Answer | Problem:
        """Forward `task`: the autopilot's answer, whatever its status, or the problem that there is none.

        `traceparent` is the trace to continue. `on_part` takes each part of an answer that is passed on as it comes;
        the problem that it broke off may follow. Raises TypeError or ValueError for a `meta` that JSON, or a
        key that a header cannot hold.
        """
        headers = {"x-request-id": request_id or str(uuid.uuid4()), "traceparent": next_traceparent(traceparent)}
        if idempotency_key is not None:
            headers["idempotency-key"] = check_key(idempotency_key)
        outcome = self._plan(task, {} if meta is None else meta, headers, on_part)
        if isinstance(outcome, Answer):
            return outcome
        return replace(outcome, members={**outcome.members, "requestId": headers["x-request-id"]})

    def _plan(
        self, task: str, meta: Mapping[str, Any] | JsonText, headers: Mapping[str, str], on_part: OnPart | None
    ) -> Answer | Problem:
        if errors := check_plan({"task": task, "meta": meta}):
            return invalid_request(errors)
        decision = self.explain(task, meta)
        if isinstance(decision, Refusal):
            return decision.problem
        if decision.rule.once:
            return _unguarded(decision.task)
        members = {
            "task": task,
            "capability": decision.capability,
            "autopilot": decision.route.name,
            "caller": "",  # nobody presented a token here
            "requestId": headers["x-request-id"],
        }
        # UTF-8 has no place for half a surrogate pair: it is written as JSON's own escape, as JavaScript does.
        body = body_text(members, meta).encode(errors="backslashreplace")
        if len(body) > MAX_BODY_BYTES:
            return content_too_large(MAX_BODY_BYTES)
        if not self._secrets:
            return not_configured("WEBHOOK_SECRET", "is not set, so no task can be signed")
        try:
            signed = signature_headers(
                [secret_of(root, decision.route.name) for root in self._secrets],
                message_id=f"msg_{uuid.uuid4().hex}",
                timestamp=int(self._clock()),
                body=body,
            )
        except ValueError as error:
            return not_configured("WEBHOOK_SECRET", f"is {error}")
        try:
            url = self._url(decision.route)
        except NotForwarded as error:
            return failure.forward_problem(decision, error.reason)
        outcome = self._send_and_retry(url, decision, body, {**headers, **signed}, on_part)
        return outcome if isinstance(outcome, Answer) else failure.forward_problem(decision, outcome)

    def _send_and_retry(
        self, url: str, decision: Decision, body: bytes, headers: Mapping[str, str], on_part: OnPart | None
    ) -> Answer | Failure:
        """The outcome of up to two tries, for which one deadline holds; of one where a part was taken already."""
        is_begun = False

        def take(part: bytes) -> None:
            nonlocal is_begun
            is_begun = True
            if on_part:
                on_part(part)

        deadline = time.monotonic() + decision.rule.timeout_ms / 1000

        def send() -> Answer | Failure:
            circuit = self._circuits.setdefault(decision.route.name, Circuit())
            return circuit.guard(
                lambda: forward(
                    self._client, url, decision, body, headers, deadline=deadline, on_part=take if on_part else None
                ),
                self._clock,
            )

        outcome = send()
        for _ in range(MAX_TRIES - 1):
            delay = retry_delay(outcome, decision.rule, self._rng(), self._clock())
            if is_begun or delay is None or time.monotonic() + delay >= deadline:
                break
            self._sleep(delay)
            outcome = of_both(outcome, send())
        return outcome

    def _url(self, route: Route) -> str:
        """Where `route` answers: its Worker's URL, else its endpoint; checked again. Raises NotForwarded."""
        worker_url = self._worker_urls.get(route.worker) if route.worker else None
        url = worker_url or route.endpoint
        if url is None:
            raise NotForwarded(failure.unaddressed_failure(route.worker))
        refusal = check_endpoint(
            url,
            allowed_hosts=() if worker_url else self._table.allowed_hosts,
            allow_loopback_http=self._allow_loopback,
        )
        if refusal:
            raise NotForwarded(failure.endpoint_failure(refusal.message))
        return url


def _unguarded(task: str) -> Problem:
    return Problem(
        status=403,
        title="Only through the routing Worker",
        detail=f"{task} must never be done twice, and only the routing Worker keeps a record of Idempotency-Keys.",
        members={
            "outcome": "not-sent",
            "retrySafe": True,
            "hint": "Give --url, or set ORCHESTRATOR_URL and ORCHESTRATOR_TOKEN; in Python use RemoteDispatcher.",
        },
    )
