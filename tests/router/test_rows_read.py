"""What a call reads of D1, of which the free plan has 5,000,000 rows a day: as D1 itself counts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orchestrator.bundle.modules import bundle, router_data
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN, workerd
from tests.support.workers import AUTHORIZED, SECRET, TABLE, TOKEN

MANY = 2_000
RUNS = """
  INSERT INTO runs (caller, key, id, fingerprint, task, capability, autopilot, request_id, claim, status, attempts,
    created_at, started_at, expires_at, finished_at)
  SELECT 'shop', value, 'run_' || value, '', 'pay', 'pay.run', 'payer', '', '', iif(value < 3, 'unknown', 'done'), 1,
    value, value, value, value
  FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?) SELECT value FROM n)
"""


@pytest.fixture(scope="module")
def router() -> Iterator[httpx.Client]:
    """A router whose reads are counted, with 2,000 runs, of which two are unknown."""
    sources = {"router": "bench/workers/counted_router.ts", "records": "tests/support/records_worker.ts"}
    data = router_data(TABLE, root=ROOT)
    made = bundle(sources=sources, contents={}, data=data, root=ROOT, build=Path(".build/rows-read"))
    storage = {"d1Databases": {"DB": "records"}, "kvNamespaces": {"REGISTRY": "copy"}}
    common = {"modules": True, "compatibilityDate": "2026-07-01", **storage}
    bindings = {"API_TOKEN": TOKEN, "WEBHOOK_SECRET": SECRET, "STAGE": "prod"}
    workers = [
        {**common, "name": "router", "scriptPath": made["router"].path, "bindings": bindings},
        {**common, "name": "records", "scriptPath": made["records"].path, "routes": ["records.localhost/*"]},
    ]
    with (
        workerd(workers) as url,
        httpx.Client(base_url=url, headers=AUTHORIZED, timeout=30, limits=EACH_ITS_OWN) as client,
    ):
        client.get("/autopilot/runs").raise_for_status()  # makes the schema
        filled = client.post("/sql", json={"sql": RUNS, "values": [MANY]}, headers={"host": "records.localhost"})
        filled.raise_for_status()
        yield client


def rows_read(router: httpx.Client, path: str) -> tuple[int, int]:
    """How many runs were answered, and how many rows were looked at for it."""
    router.get("/_counts")
    runs = router.get(path).json()["runs"]
    return len(runs), router.get("/_counts").json()["rowsRead"]


def test_what_is_unknown_is_found_without_the_rest(router: httpx.Client) -> None:
    found, rows = rows_read(router, "/autopilot/runs?status=unknown")

    assert found == 2
    assert rows < 10


def test_a_page_reads_little_more_than_it_shows(router: httpx.Client) -> None:
    found, rows = rows_read(router, "/autopilot/runs?limit=50")

    assert found == 50
    assert rows < 150
