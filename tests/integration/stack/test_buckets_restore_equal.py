"""A bucket that was backed up and restored is what it was: buckets made up at random, with faults and kills meanwhile.

tests/support/seeds.py says how to make up a thousand of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.r2_access import open_s3
from orchestrator.cloudflare.s3 import S3
from orchestrator.data import backup
from orchestrator.data.r2 import contents as r2
from orchestrator.data.store import Store
from orchestrator.errors import OrchestratorError
from tests.support import buckets
from tests.support.killed import Work, account_of, killed_at
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.seeds import seeds

SOURCE, TARGET = (Store(kind="r2", name=name, id=name) for name in ("old-files", "new-files"))
FAULTS: tuple[dict[str, Any], ...] = (
    {"effect": "status", "status": 502, "when": "after"},
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 429, "retryAfter": 0},
    {"effect": "reset", "when": "after"},
    {"effect": "reset"},
)
_RUNS = 40


@pytest.fixture
def server(cloudflare_api: LocalCloudflare, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloudflare]:
    monkeypatch.setenv("R2_ENDPOINT_URL", cloudflare_api.s3_url)
    for store in (SOURCE, TARGET):
        cloudflare_api.call("POST", "/r2/buckets", json={"name": store.name}).raise_for_status()
    yield cloudflare_api
    cloudflare_api.local("DELETE", "/faults")


def quiet(_text: str) -> None:
    pass


def save(account: Account, folder: Path) -> None:
    if not (folder / backup.ABOUT).exists():
        backup.take(account, SOURCE, folder, quiet, now="2026-11-26T00:00:00Z")


def put_back(account: Account, folder: Path) -> tuple[int, tuple[str, ...]]:
    return r2.put_back(account, TARGET, folder, quiet, part=buckets.LARGE)


def until_done(work: Callable[[], object]) -> None:
    """As a person would: the same command again where it failed."""
    for _ in range(_RUNS):
        try:
            work()
        except OrchestratorError:
            continue
        return
    raise AssertionError(f"not done after {_RUNS} runs")


def bucket(account: Account, store: Store) -> closing[S3]:
    s3 = open_s3(account, store.name, store.jurisdiction)
    assert s3 is not None
    return closing(s3)


@pytest.mark.parametrize("seed", seeds(6))
def test_a_bucket_comes_back_as_it_was(server: LocalCloudflare, tmp_path: Path, seed: int) -> None:
    """Two of three with a fault at every so many calls, the third with kills until it gets through."""
    chance = random.Random(seed)  # noqa: S311
    objects = buckets.made_up(seed, large=seed % 10 == 3)
    folder, about = tmp_path / "saved", server.settings_of_account

    def do(account: Account, work: Work) -> None:
        if seed % 3:
            fault = {**chance.choice(FAULTS), "every": chance.randint(2, 9)}
            server.local("PUT", "/faults", {"faults": [fault]})
            until_done(lambda: work(account, folder))
            server.local("DELETE", "/faults")
        else:
            while killed_at(chance.randint(1, 16), chance.random() < 0.5, work, about, folder):
                pass

    with account_of(about) as account, bucket(account, SOURCE) as old, bucket(account, TARGET) as new:
        buckets.fill(old, objects)
        do(account, save)
        assert backup.read(folder).items == len(objects)
        assert r2.differences(account, SOURCE, folder) == []
        do(account, put_back)
        assert put_back(account, folder) == (0, ())
        assert buckets.found(server, new, TARGET.name) == buckets.expected(objects)
        assert buckets.found(server, old, SOURCE.name) == buckets.expected(objects)
