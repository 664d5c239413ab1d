"""After a repair the routing Worker looks at once at how things are: until its next scheduled run, up to 15 minutes
later, it would keep refusing the tasks whose infrastructure was missing.

Touches the network where ORCHESTRATOR_URL and ORCHESTRATOR_TOKEN name the routing Worker.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import httpx

from orchestrator.errors import OrchestratorError
from orchestrator.router_client.connection import RouterConnection


def look_again(environment: Mapping[str, str] = os.environ, transport: httpx.BaseTransport | None = None) -> str | None:
    """A sentence about what came of it; None where the router is not named. Never raises: the repair is done anyway."""
    url, token = environment.get("ORCHESTRATOR_URL"), environment.get("ORCHESTRATOR_TOKEN")
    if not url or not token:
        return None
    try:
        with Schedule(url, token, transport=transport) as router:
            router.run()
    except OrchestratorError as error:
        return f"The routing Worker sees the repair with its next scheduled run: {error.message}"
    return "The routing Worker has looked again."


class Schedule(RouterConnection):
    def run(self) -> None:
        """The scheduled run, now."""
        self._call("POST", "/__scheduled", "the scheduled run was not started")
