"""What the deployed routing Worker says is used of the free plan."""

from __future__ import annotations

from typing import Any

from orchestrator.router_client.connection import RouterConnection


class Usage(RouterConnection):
    """The call of /autopilot/usage."""

    def read(self) -> dict[str, Any]:
        """`source` cloudflare or own, `at`, `reason` where it is our own, and `resources` with what is used of each."""
        return self._call("GET", "/autopilot/usage", "what is used was not read")
