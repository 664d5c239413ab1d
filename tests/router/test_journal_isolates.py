"""The journal's bound holds from any number of isolates: several routers in workerd on one real D1."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support import workers
from tests.support.eventually import eventually
from tests.support.journals import Journal
from tests.support.workerd import EACH_ITS_OWN

ISOLATES = 8
TASKS = 40  # of each isolate
LEFT = 100  # entries that the day has left
FULL = 30_000


@pytest.fixture(scope="module")
def isolates() -> Iterator[list[httpx.Client]]:
    with workers.isolates(ISOLATES) as url:
        clients = [
            httpx.Client(
                base_url=url,
                headers={"host": f"isolate-{n}.example.net", **workers.AUTHORIZED},
                timeout=60,
                limits=EACH_ITS_OWN,
            )
            for n in range(ISOLATES)
        ]
        yield clients
        for client in clients:
            client.close()


def test_a_day_that_is_filled_by_many_isolates_at_once_has_exactly_its_entries(isolates: list[httpx.Client]) -> None:
    def sql(statement: str, *values: object) -> list[dict[str, int]]:
        sent = {"sql": statement, "values": values}
        answer = isolates[0].post("/sql", json=sent, headers={"host": "records.example.net"})
        rows: list[dict[str, int]] = answer.raise_for_status().json()
        return rows

    isolates[0].get("/autopilot/journal").raise_for_status()
    columns = "at, id, serial, request_id, kind, caller, outcome"
    newest = time.time_ns() // 1_000_000
    sql(f"INSERT INTO journal ({columns}) VALUES (?, 1, ?, 'r', 'plan', 'c', 'done')", newest, FULL - LEFT)  # noqa: S608

    def send(client: httpx.Client) -> None:
        for number in range(TASKS):
            body = {"task": "echo"} if number % 4 else {"task": ["wrong"]}
            client.post("/autopilot/plan", content=json.dumps(body), headers={"content-type": "application/json"})

    with ThreadPoolExecutor(ISOLATES) as pool:
        list(pool.map(send, isolates))
    for client in isolates:  # an entry of each isolate that is written whatever the day has: after all the others
        client.post("/__scheduled").raise_for_status()
    eventually(
        lambda: sql("SELECT count(*) AS n FROM journal WHERE kind = 'scheduled'")[0]["n"] == ISOLATES, "all is written"
    )

    assert sql("SELECT count(*) AS n FROM journal WHERE kind = 'plan'") == [{"n": 1 + LEFT}]
    assert sql("SELECT max(serial) AS n FROM journal") == [{"n": FULL}]


def test_an_isolate_whose_clock_is_behind_counts_on_all_the_same(empty_journal: Journal) -> None:
    ahead = time.time_ns() // 1_000_000 + 20_000
    empty_journal.fill([{"at": ahead, "id": 7, "serial": FULL - 2}])

    for _ in range(5):
        empty_journal.plan("echo")
    empty_journal.post({}, "/__scheduled")
    eventually(lambda: empty_journal.get(kind="scheduled").json()["entries"], "all is written")

    assert len(empty_journal.get(kind="plan").json()["entries"]) == 3
