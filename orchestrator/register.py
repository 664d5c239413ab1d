"""Registrations at run time, through the deployed routing Worker: `/autopilot/registry` with the stack's token.

Touches the network through the transport that it is given. The router checks what is registered (the rules are in
`router/src/registration.ts`); its problem documents become errors here that say everything that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from orchestrator.errors import OrchestratorError, UserError
from orchestrator.remote import RouterConnection

_PATH = "/autopilot/registry"


class Registry(RouterConnection):
    """The registrations of the routing Worker at `url`.

    Each method raises UserError where the router refuses (4xx), and OrchestratorError where it fails or does not
    answer.
    """

    def all(self) -> list[dict[str, Any]]:
        """Every registration, in name order: what was registered, with `infrastructure`, `missing` and `etag`."""
        registrations: list[dict[str, Any]] = self._call("GET", _PATH, "the registrations were not read")[
            "registrations"
        ]
        return registrations

    def put(self, registration: Mapping[str, Any], *, if_match: str | None = None) -> dict[str, Any]:
        """Create or update one; `if_match` is the `etag` that it must have. Returns it as it is now."""
        doing = f"{registration.get('name', 'the autopilot')} was not registered"
        return self._call("POST", _PATH, doing, content=json.dumps(registration), if_match=if_match)

    def remove(self, name: str, *, if_match: str | None = None) -> None:
        """Remove one."""
        self._call("DELETE", f"{_PATH}/{quote(name, safe='')}", f"{name} was not removed", if_match=if_match)

    def _call(
        self, method: str, path: str, doing: str, *, content: str | None = None, if_match: str | None = None
    ) -> dict[str, Any]:
        headers = {"content-type": "application/json"} if content is not None else {}
        if if_match is not None:
            headers["if-match"] = if_match
        try:
            response = self._client.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise OrchestratorError(
                f"{doing}: the routing Worker at {self._url} did not answer: {error or type(error).__name__}",
                "check ORCHESTRATOR_URL; doing it again is safe",
            ) from error
        document = _object(response)
        if response.is_success:
            return document
        kind = UserError if response.is_client_error else OrchestratorError
        detail = document.get("detail") or f"the routing Worker answered {response.status_code}"
        raise kind(f"{doing}: {_reasons(document.get('errors')) or detail}", str(document.get("hint", "")))


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _reasons(errors: Sequence[Mapping[str, str]] | None) -> str:
    """One line for each field that is wrong."""
    return "".join(f"\n  {error['pointer'] or 'the registration'} {error['message']}" for error in errors or ())
