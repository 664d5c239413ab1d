"""How many may be registered: exactly so many, whoever registers at once; in workerd with real D1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support import workers
from tests.support.refusals import refused
from tests.support.workerd import EACH_ITS_OWN

PATH = "/autopilot/registry"
MOST = 100


@pytest.fixture(scope="module")
def isolates() -> Iterator[list[httpx.Client]]:
    with workers.isolates(4) as url:
        clients = [
            httpx.Client(
                base_url=url,
                headers={"host": f"isolate-{n}.example.net", **workers.AUTHORIZED},
                timeout=60,
                limits=EACH_ITS_OWN,
            )
            for n in range(4)
        ]
        yield clients
        for client in clients:
            client.close()


def body(name: str) -> dict[str, object]:
    return {"name": name, "endpoint": f"https://{workers.PARTNER}/{name}", "capabilities": [f"{name}.run"]}


def test_there_is_an_end_to_how_many_are_registered(isolates: list[httpx.Client]) -> None:
    first = isolates[0].post(PATH, json=body("first"))
    rows = [f"other-{n}" for n in range(MOST - 11)]
    fill = (
        "INSERT INTO registrations SELECT value, json_set(record, '$.name', value), etag, 1, created_at, updated_at "
        "FROM registrations, json_each(?)"
    )
    sent = {"sql": fill, "values": [json.dumps(rows)]}
    isolates[0].post("/sql", json=sent, headers={"host": "records.example.net"}).raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: isolates[n % 4].post(PATH, json=body(f"new-{n}")), range(24)))

    assert first.status_code == 201
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 14
    assert len(isolates[0].get(PATH).json()["registrations"]) == MOST

    problem = refused(isolates[1].post(PATH, json=body("one-more")), 409, "Too many registrations")
    assert f"DELETE {PATH}/<name>" in problem["hint"]
    assert isolates[1].post(PATH, json=body("first")).status_code == 200  # one that is registered may change
    assert isolates[1].delete(f"{PATH}/first").status_code == 204
    assert isolates[1].post(PATH, json=body("one-more")).status_code == 201
