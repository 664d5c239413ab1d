"""The alerts of the deployed routing Worker."""

from __future__ import annotations

from typing import Any

from orchestrator.router_client.connection import RouterConnection


class Alerts(RouterConnection):
    """The calls of /autopilot/alerts."""

    def all(self) -> dict[str, Any]:
        """Each with its state, and when they were evaluated last."""
        return self._call("GET", "/autopilot/alerts", "the alerts were not read")

    def test(self) -> list[dict[str, Any]]:
        """Sends a test to each channel; answers what came of each."""
        answered = self._call("POST", "/autopilot/alerts/test", "no test was sent")
        channels: list[dict[str, Any]] = answered["channels"]
        return channels
