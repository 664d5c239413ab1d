"""Fixtures of tests/router and tests/twins: the Workers in workerd, and both implementations of `/autopilot/plan`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support import later as later_world
from tests.support import payments as payment_workers
from tests.support import watching, workers
from tests.support.api_document import check
from tests.support.journals import Journal
from tests.support.later import Later
from tests.support.payments import Payments
from tests.support.planners import PythonPlanner, WorkerPlanner
from tests.support.watching import World
from tests.support.workerd import EACH_ITS_OWN

Client = Callable[[str], httpx.Client]


def refuse_to_probe(request: httpx.Request) -> None:
    """Fails before a scheduled run of a router that other tests know as not yet probed: it would say what it found to
    all of them that come after."""
    name = request.headers["host"].partition(".")[0]
    is_run = request.method == "POST" and request.url.raw_path == b"/__scheduled" and "authorization" in request.headers
    assert not is_run or name in workers.PROBED, f"a scheduled run of {name}: take one of {sorted(workers.PROBED)}"


@pytest.fixture(scope="session")
def workerd_url() -> Iterator[str]:
    with workers.running() as url:
        yield url


@pytest.fixture(scope="session")
def client(workerd_url: str) -> Iterator[Client]:
    """A client for each Worker, by name, without a token."""
    clients: dict[str, httpx.Client] = {}
    hooks: dict[str, list[Callable[..., None]]] = {"request": [refuse_to_probe], "response": [check]}

    def of(name: str) -> httpx.Client:
        if name not in clients:
            headers = {"host": f"{name}.example.net"}
            clients[name] = httpx.Client(
                base_url=workerd_url, headers=headers, timeout=30, limits=EACH_ITS_OWN, event_hooks=hooks
            )
        return clients[name]

    yield of
    for each in clients.values():
        each.close()


@pytest.fixture(params=["worker", "python"])
def planner(
    request: pytest.FixtureRequest, client: Client, workerd_url: str
) -> Iterator[WorkerPlanner | PythonPlanner]:
    """`/autopilot/plan` of the routing Worker, and of Python."""
    if request.param == "worker":
        yield WorkerPlanner(client)
    else:
        with PythonPlanner(workerd_url) as python:
            yield python


@pytest.fixture(scope="session")
def payments() -> Iterator[Payments]:
    """The Workers for what must not be done twice."""
    with payment_workers.running() as running:
        yield running


@pytest.fixture(scope="session")
def watched_world() -> Iterator[World]:
    """The Workers for the scheduled run. Tests use `world`, in which everything is well at first."""
    with watching.running() as running:
        yield running


@pytest.fixture
def world(watched_world: World) -> World:
    watched_world.answers()
    return watched_world


@pytest.fixture
def journal(client: Client) -> Journal:
    """Of the router `journalled`, with whatever is in it."""
    return Journal(client)


@pytest.fixture
def empty_journal(journal: Journal) -> Iterator[Journal]:
    """And empty again afterwards: a day may be full."""
    journal.clear()
    yield journal
    journal.clear()


@pytest.fixture(scope="session")
def later_workers() -> Iterator[Later]:
    with later_world.running() as later:
        yield later


@pytest.fixture
def later(later_workers: Later) -> Later:
    """Tasks that nobody waits for; no autopilot is paused, and no circuit is open."""
    if later_workers.sql("SELECT 1 FROM sqlite_master WHERE name = 'pauses'"):
        later_workers.sql("DELETE FROM pauses")
    for router in ("router", "elsewhere"):
        later_workers.try_run(later_workers.queued("report", router=router), router=router)
    return later_workers
