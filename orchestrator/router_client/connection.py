"""Calls of the deployed routing Worker with the stack's token: what all have in common, and tasks.

Touches the network through the transport that it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from orchestrator.call_log import log_answer
from orchestrator.dispatch.forward import Answer, OnPart, is_event_stream
from orchestrator.dispatch.pinned_transport import PinnedTransport, is_loopback
from orchestrator.dispatch.request import JsonText, body_text, check_key
from orchestrator.errors import OrchestratorError, SettingsError, UnknownOutcome, UserError
from orchestrator.http_calls import bearer, failure_words
from orchestrator.nearest import nearest_names

# The router itself waits for an autopilot for up to 300 s, the longest `timeout` of a task.
_TIMEOUT_S = 310
# What router/src/forward/passed-on.ts tells in a streamed answer that failed: a last event, or a last line.
_FAREWELL = re.compile(
    rb'(?:event: error\ndata: |\n)(\{"type":"urn:problem:autopilot-orchestrator:failed-to-forward-task".*\})\s*\Z'
)
_MOST_LAST = 8192  # bytes
_NAMED = {"autopilot", "caller", "task"}  # filters that take a name


def router_client(
    url: str, token: str, transport: httpx.BaseTransport | None = None, *, timeout: float = _TIMEOUT_S
) -> httpx.Client:
    """A client for the routing Worker at `url`, whose calls carry `token` and wait `timeout` seconds for an answer.

    Raises SettingsError for a URL that would carry the token unencrypted over a network.
    """
    try:
        base = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"the orchestrator's URL {url!r} is not a URL", "set ORCHESTRATOR_URL") from error
    if base.userinfo:
        raise SettingsError("the orchestrator's URL has a user name or password in it", "set ORCHESTRATOR_URL without")
    local = is_loopback(base.host)
    if base.scheme != "https" and not (base.scheme == "http" and local):
        raise SettingsError(f"the orchestrator's URL {url!r} must begin with https://", "set ORCHESTRATOR_URL")
    return httpx.Client(
        base_url=base,
        headers=bearer(token, name="ORCHESTRATOR_TOKEN"),
        transport=transport or (PinnedTransport(allow_loopback=True) if local else None),
        timeout=httpx.Timeout(timeout, connect=10),
        event_hooks={"response": [log_answer]},
    )


class RouterConnection:
    """The routing Worker at `url`, called with `token`. Close it, or use it in a `with` statement.

    Raises SettingsError like `router_client`. A call raises UserError where the router refuses (4xx), and
    OrchestratorError where it fails or does not answer.
    """

    def __init__(
        self, url: str, token: str, *, transport: httpx.BaseTransport | None = None, timeout: float = _TIMEOUT_S
    ) -> None:
        self._url = url
        self._client = router_client(url, token, transport, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check_names(self, filters: Mapping[str, str], is_seen: Callable[[str, str], bool]) -> None:
        """Refuse a name among `filters` that nobody has: to be asked where nothing was found by them.

        A name is known where the orchestrator lists it, or where `is_seen(filter, name)` says that records have it: of
        what has left autopilots.yaml since they were written. Raises UserError, which names those that there are.
        """
        if not _NAMED & filters.keys():
            return
        listed = self._call("GET", "/autopilot/list", "the names that there are were not read")
        if listed["registrations"] == "unreadable":  # then not all are known
            return
        known = {
            "autopilot": [each["name"] for each in listed["autopilots"]],
            "task": [*(each["name"] for each in listed["tasks"]), *listed["capabilities"]],
            "caller": listed.get("callers", []),  # an orchestrator of before November 2026 does not tell
        }
        for kind in sorted(_NAMED & filters.keys()):
            name = filters[kind]
            if known[kind] and name not in known[kind] and not is_seen(kind, name):
                near = nearest_names(name, known[kind], 1)
                raise UserError(
                    f"there is no {kind} {name!r}: {self._url} has none of that name, and no record does",
                    f"{f'did you mean {near[0]}? ' if near else ''}There are: {', '.join(dict.fromkeys(known[kind]))}",
                )

    def _call(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        content: str | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The document that is answered. `doing` begins the error's message: what was not done."""
        given = {**({"content-type": "application/json"} if content is not None else {}), **(headers or {})}
        try:
            response = self._client.request(method, path, content=content, headers=given, params=parameters)
        except httpx.HTTPError as error:
            raise OrchestratorError(
                f"{doing}: the routing Worker at {self._url} did not answer: {failure_words(error)}",
                "check ORCHESTRATOR_URL; a retry is safe",
            ) from error
        document = _object(response)
        if response.is_success:
            if document is None and response.content:
                raise OrchestratorError(f"{doing}: {self._url} did not answer with JSON", "check ORCHESTRATOR_URL")
            return document or {}
        kind = UserError if response.is_client_error else OrchestratorError
        problem = document or {}
        detail = problem.get("detail") or f"the routing Worker answered {response.status_code}"
        raise kind(f"{doing}: {_reasons(problem.get('errors')) or detail}", str(problem.get("hint", "")))


def _object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _reasons(errors: Sequence[Mapping[str, str]] | None) -> str:
    """One line for each thing that is wrong: with a member of the body, or a parameter."""
    places = [error.get("parameter") or error.get("pointer") or "the body" for error in errors or ()]
    return "".join(f"\n  {place} {error['message']}" for place, error in zip(places, errors or (), strict=True))


class RemoteDispatcher(RouterConnection):
    """Tasks through the routing Worker."""

    def explain(self, task: str, meta: Mapping[str, Any] | JsonText | None = None) -> Answer:
        """The router's decision and its reasons; nothing is forwarded. A `meta` is held against the catalogue, too."""
        asked = {"task": task, "explain": True}
        return self._post(asked, meta, {})

    def plan(
        self,
        task: str,
        meta: Mapping[str, Any] | JsonText | None = None,
        idempotency_key: str | None = None,
        *,
        on_part: OnPart | None = None,
    ) -> Answer:
        """The router's answer, whatever its status: an autopilot's, or a problem document. `on_part` takes each part of
        one that is passed on as it comes."""
        headers = {} if idempotency_key is None else {"idempotency-key": check_key(idempotency_key)}
        return self._post({"task": task}, {} if meta is None else meta, headers, on_part)

    def _post(
        self,
        body: Mapping[str, Any],
        meta: Mapping[str, Any] | JsonText | None,
        headers: Mapping[str, str],
        on_part: OnPart | None = None,
    ) -> Answer:
        content = (json.dumps(body) if meta is None else body_text(body, meta)).encode(errors="backslashreplace")
        given = {"content-type": "application/json", **headers}
        try:
            with self._client.stream("POST", "/autopilot/plan", content=content, headers=given) as response:
                taken = on_part if on_part and _is_passed_on(response) else None
                if taken:
                    last = b""
                    for part in response.iter_bytes():
                        taken(part)
                        last = (last + part)[-_MOST_LAST:]
                    _check_whole(last)
                else:
                    response.read()
        except httpx.HTTPError as error:
            words = f"the routing Worker at {self._url} did not answer: {failure_words(error)}"
            if body.get("explain") or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                raise OrchestratorError(
                    words, "check ORCHESTRATOR_URL; nothing was sent, so a retry is safe"
                ) from error
            raise UnknownOutcome(
                words,
                "the task may have been forwarded: check before you send it again; a `once` task may be repeated with "
                "the same key",
            ) from error
        names = ("content-type", "x-request-id", "x-run-id", "retry-after")
        passed = {name: response.headers[name] for name in names if name in response.headers}
        return Answer(
            status=response.status_code,
            headers=passed,
            body=b"" if taken else response.content,
            autopilot=response.headers.get("x-autopilot"),
            is_passed_on=taken is not None,
        )


def _check_whole(last: bytes) -> None:
    """Raises UnknownOutcome where the router says, in the last of a streamed answer, that the rest never came."""
    found = _FAREWELL.search(last)
    if found:
        problem = json.loads(found[1])
        raise UnknownOutcome(problem["detail"], problem["hint"])


def _is_passed_on(response: httpx.Response) -> bool:
    """Whether the router passes it on as it comes: server-sent events, or an answer whose length is not known yet."""
    is_unmeasured = not {"content-length", "content-encoding"} & response.headers.keys()
    return response.is_success and (is_event_stream(response) or is_unmeasured)
