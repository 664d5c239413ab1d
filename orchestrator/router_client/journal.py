"""The journal of the deployed routing Worker: what became of tasks, and figures of each autopilot.

Touches the network through the transport that it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.router_client.connection import RouterConnection

_MOST_OF_A_PAGE = 500


class Journal(RouterConnection):
    """The journal of the routing Worker at `url`. Each method raises like `RouterConnection`."""

    def entries(self, parameters: Mapping[str, str], count: int) -> Iterator[dict[str, Any]]:
        """At most `count` entries, newest first. `parameters` are those of `/autopilot/journal`: since, until,
        autopilot, outcome, task, kind, caller, requestId."""
        cursor: str | None = None
        while count > 0:
            given = {**parameters, "limit": str(min(count, _MOST_OF_A_PAGE)), **({"cursor": cursor} if cursor else {})}
            page = self._call("GET", "/autopilot/journal", "the journal was not read", parameters=given)
            yield from page["entries"]
            count -= len(page["entries"])
            cursor = page["next"]
            if cursor is None:
                return

    def stats(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The answer of `/autopilot/stats`; its parameters are since and until."""
        return self._call("GET", "/autopilot/stats", "the figures were not read", parameters=parameters)
