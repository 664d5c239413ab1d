"""Registrations at run time, through the deployed routing Worker: `/autopilot/registry` with the stack's token.

Touches the network through the transport that it is given. The router checks what is registered (the rules are in
`router/src/registry/registration.ts`); its problem documents become errors that say everything that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from orchestrator.router_client.connection import RouterConnection

_PATH = "/autopilot/registry"


class Registry(RouterConnection):
    """The registrations of the routing Worker at `url`. Each method raises like `RouterConnection`."""

    def all(self) -> list[dict[str, Any]]:
        """Every registration, in name order: what was registered, with `infrastructure`, `missing` and `etag`."""
        registrations: list[dict[str, Any]] = self._call("GET", _PATH, "the registrations were not read")[
            "registrations"
        ]
        return registrations

    def put(self, registration: Mapping[str, Any], *, if_match: str | None = None) -> dict[str, Any]:
        """Create or update one; `if_match` is the `etag` that it must have. Returns it as it is now."""
        doing = f"{registration.get('name', 'the autopilot')} was not registered"
        return self._call("POST", _PATH, doing, content=json.dumps(registration), headers=_precondition(if_match))

    def remove(self, name: str, *, if_match: str | None = None) -> None:
        """Remove one."""
        self._call(
            "DELETE", f"{_PATH}/{quote(name, safe='')}", f"{name} was not removed", headers=_precondition(if_match)
        )


def _precondition(if_match: str | None) -> dict[str, str]:
    return {} if if_match is None else {"if-match": if_match}
