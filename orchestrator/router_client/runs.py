"""The runs of tasks that are never done twice or that nobody waits for: `/autopilot/runs` of the routing Worker.

Touches the network through the transport that it is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import quote

from orchestrator.router_client.connection import RouterConnection

_PATH = "/autopilot/runs"
_MOST_OF_A_PAGE = 500


class Runs(RouterConnection):
    """The runs of the routing Worker at `url`. Each method raises like `RouterConnection`."""

    def all(self, parameters: Mapping[str, str], count: int) -> Iterator[dict[str, Any]]:
        """At most `count` runs, the newest first. `parameters`: status, task, since."""
        cursor: str | None = None
        while count > 0:
            given = {**parameters, "limit": str(min(count, _MOST_OF_A_PAGE)), **({"cursor": cursor} if cursor else {})}
            page = self._call("GET", _PATH, "the runs were not read", parameters=given)
            yield from page["runs"]
            count -= len(page["runs"])
            cursor = page["next"]
            if cursor is None:
                return

    def one(self, run: str) -> dict[str, Any]:
        """The run with that id."""
        return self._call("GET", f"{_PATH}/{quote(run, safe='')}", f"the run {run} was not read")

    def approve(self, run: str, note: str | None, *, approved: bool) -> dict[str, Any]:
        """Approve a run that waits for it, or refuse to; the run as it is then."""
        body = json.dumps({"approved": approved, **({} if note is None else {"note": note})})
        path = f"{_PATH}/{quote(run, safe='')}/approve"
        return self._call("POST", path, f"the run {run} was not approved", content=body)

    def retry(self, run: str) -> dict[str, Any]:
        """Have a run tried again that was given up; the run as it is then."""
        return self._call("POST", f"{_PATH}/{quote(run, safe='')}/retry", f"the run {run} is not tried again")

    def cancel(self, run: str) -> dict[str, Any]:
        """Cancel a run that has not begun; the run as it is then."""
        return self._call("DELETE", f"{_PATH}/{quote(run, safe='')}", f"the run {run} was not cancelled")

    def resolve(self, run: str, resolution: Literal["done", "not-done"], note: str | None) -> dict[str, Any]:
        """Say how a run ended of which nobody knew; the run as it is then."""
        body = json.dumps({"resolution": resolution, **({} if note is None else {"note": note})})
        return self._call(
            "POST", f"{_PATH}/{quote(run, safe='')}/resolve", f"the run {run} was not resolved", content=body
        )
