"""How many may be registered, and how much: exactly so many, whoever registers at once; in workerd with real D1."""

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


def test_there_is_an_end_to_what_is_registered(isolates: list[httpx.Client]) -> None:
    """Whoever asks for what nobody declared has all of it read, so it has to be little to read."""
    isolates[0].get(PATH).raise_for_status()  # the table is there
    empty = {"sql": "DELETE FROM registrations", "values": []}
    isolates[0].post("/sql", json=empty, headers={"host": "records.example.net"}).raise_for_status()
    titles = [str(n).zfill(3) * 170 for n in range(50)]
    large = [{**body(f"large-{n}"), "needs": {"kvNamespaces": titles}} for n in range(11)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: isolates[n % 4].post(PATH, json=large[n]), range(11)))

    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409]
    left = next(answer for answer in answers if answer.status_code == 409)
    assert "and may have 262144" in refused(left, 409, "Too many registrations")["detail"]
    assert isolates[0].post(PATH, json=body("small")).status_code == 201
    grown = {**body("small"), "needs": {"kvNamespaces": titles}}
    etag = isolates[1].get(f"{PATH}/small").headers["etag"]
    refused(isolates[1].post(PATH, json=grown), 409, "Too many registrations")
    refused(isolates[1].post(PATH, json=grown, headers={"if-match": etag}), 409, "Too many registrations")
    refused(isolates[1].post(PATH, json=grown, headers={"if-match": '"other"'}), 412, "Precondition failed")
