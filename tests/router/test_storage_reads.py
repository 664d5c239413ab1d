"""What a task costs of D1's and KV's daily reads: nothing where its autopilot is declared. Counted in the router, up to
the moment of its answer; the journal is written afterwards."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.support.workers import TOKEN

Client = Callable[[str], httpx.Client]
HEADERS = {"authorization": f"Bearer {TOKEN}"}


def touched(client: Client, task: str) -> tuple[int, int]:
    """The answer's status, and how often D1 and KV were asked for anything."""
    response = client("counted").post("/autopilot/plan", json={"task": task}, headers=HEADERS)
    return response.status_code, int(response.headers["x-touched"])


@pytest.mark.parametrize("task", ["echo", "echo.run", "ask_partner"])
def test_a_declared_route_reads_nothing(client: Client, task: str) -> None:
    """Once a minute an isolate looks after the health of the autopilots, beside a task: the first one here."""
    touched(client, "echo")

    assert [touched(client, task) for _ in range(10)] == [(200, 0)] * 10


def test_what_is_not_declared_is_looked_for(client: Client) -> None:
    """So the count is one."""
    status, times = touched(client, "nobody.has")

    assert status == 404
    assert times > 0
