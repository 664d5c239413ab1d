"""What a backup gives back is what was there: generated databases, with faults at the calls, broken off and killed.

tests/support/seeds.py says how to run a thousand. The same databases go through the whole restore on this machine
alone, in milliseconds each, in tests/unit/data/test_d1.py.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.data.d1 import contents as d1
from orchestrator.data.restore import Restored, put_back
from orchestrator.errors import CloudflareError
from orchestrator.http_calls import trusted
from tests.support.eventually import eventually
from tests.support.generated_databases import GeneratedDatabase
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.restores import FAULTS, NOW, SEEDS, account_of, database, restored, save, say_nothing
from tests.support.stored_databases import contents_of
from tests.unit.data.test_d1_hostile import HOSTILE


@pytest.fixture
def account(cloudflare_api: LocalCloudflare) -> Iterator[Account]:
    with account_of(cloudflare_api) as account:
        yield account


@pytest.mark.parametrize("seed", SEEDS)
def test_a_database(account: Account, cloudflare_api: LocalCloudflare, tmp_path: Path, seed: int) -> None:
    source, target = database(account, "source", GeneratedDatabase(seed).calls), database(account, "target")
    before = contents_of(cloudflare_api, source.id)
    random = Random(seed)  # noqa: S311

    cloudflare_api.local("PUT", "/faults", {"faults": [{**random.choice(FAULTS), "path": "*/d1/*"}]})
    taken = save(account, source, tmp_path / "saved")
    cloudflare_api.local("PUT", "/faults", {"faults": [{**random.choice(FAULTS), "path": "*/d1/*"}]})
    done = restored(account, target, tmp_path / "saved")
    cloudflare_api.local("DELETE", "/faults")

    assert done == Restored(written=sum(table.rows for table in taken.tables.values()))
    assert contents_of(cloudflare_api, target.id) == before
    assert contents_of(cloudflare_api, source.id) == before


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_schema(account: Account, cloudflare_api: LocalCloudflare, tmp_path: Path, what: str) -> None:
    """Those of the unit tests, in D1's own SQLite."""
    source, target = database(account, "source", [[sql] for sql in HOSTILE[what]]), database(account, "target")

    taken = save(account, source, tmp_path / "saved")
    done = restored(account, target, tmp_path / "saved")

    assert done.written == sum(table.rows for table in taken.tables.values())
    assert contents_of(cloudflare_api, target.id) == contents_of(cloudflare_api, source.id)


class BreakingOff(httpx.BaseTransport):
    """Ends a run at its first call that writes and was not refused yet, before or after it was carried out.

    Each is refused twice: before, and in the next run after. From then on the run gets no answer, as if it were killed.
    """

    def __init__(self) -> None:
        self.is_broken = False
        self.times = 0
        self._refused: Counter[bytes] = Counter()
        self._transport = httpx.HTTPTransport(verify=trusted())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        writes = any(word in request.read() for word in (b"CREATE", b"INSERT", b"DROP"))
        before = self._refused[request.content] if writes else 2
        if not self.is_broken and before == 2:
            return self._transport.handle_request(request)
        if not self.is_broken:
            self.is_broken = True
            self.times += 1
            self._refused[request.content] += 1
            if before:
                self._transport.handle_request(request).read()
        return httpx.Response(403, json={"success": False, "errors": [{"code": 10000, "message": "broken off"}]})

    def close(self) -> None:
        self._transport.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_database_whose_restore_is_broken_off_at_every_call(
    account: Account, cloudflare_api: LocalCloudflare, tmp_path: Path, seed: int
) -> None:
    """Before each call that writes, and after it was carried out; the next run continues."""
    source, target = database(account, "source", GeneratedDatabase(seed).calls), database(account, "target")
    saved = save(account, source, tmp_path / "saved")
    before = contents_of(cloudflare_api, source.id)
    breaking = BreakingOff()

    with Account(**cloudflare_api.settings_of_account, transport=breaking) as breaks:
        while True:
            breaking.is_broken = False
            try:
                put_back(breaks, saved, target, tmp_path / "saved", say_nothing, merge=breaking.times > 0, now=NOW)
            except CloudflareError:
                continue
            break

    assert breaking.times >= 4 or not saved.tables  # its first mark, and the end of its marks
    assert contents_of(cloudflare_api, target.id) == before


RESTORE = """
import sys
from pathlib import Path
from orchestrator.cloudflare.account import Account
from orchestrator.data import backup
from orchestrator.data.restore import put_back
from orchestrator.data.store import Store

account_id, token, url, id, folder = sys.argv[1:]
with Account(account_id=account_id, token=token, base_url=url) as account:
    target = Store(kind="d1", name="target", id=id)
    put_back(account, backup.read(Path(folder)), target, Path(folder), lambda _text: None, merge=True, now=0)
"""


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_a_database_whose_restore_is_killed(
    account: Account, cloudflare_api: LocalCloudflare, tmp_path: Path, seed: int
) -> None:
    """By SIGKILL, with a call under way, which is carried out while the next run continues already."""
    source, target = database(account, "source", GeneratedDatabase(seed).calls), database(account, "target")
    save(account, source, tmp_path / "saved")
    known = (account.account_id, cloudflare_api.token, cloudflare_api.url, target.id, str(tmp_path / "saved"))

    for nth in (3, 4, 5, 7):
        fault = {"effect": "delay", "seconds": 1, "nth": nth, "path": "*/raw"}
        cloudflare_api.local("PUT", "/faults", {"faults": [fault]})
        with subprocess.Popen([sys.executable, "-c", RESTORE, *known], cwd=ROOT) as child:
            eventually(
                lambda: child.poll() is not None or cloudflare_api.local("GET", "/faults")["faults"][0]["struck"],
                "the call did not come",
            )
            child.kill()
    cloudflare_api.local("DELETE", "/faults")
    subprocess.run([sys.executable, "-c", RESTORE, *known], cwd=ROOT, check=True)

    assert d1.is_unchanged(account, target, tmp_path / "saved", say_nothing)


COUNTED = "WITH RECURSIVE n(i) AS (SELECT -1300 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)"
LARGE = "replace(hex(zeroblob(150000)), '00', 'añ☃')"  # 900,000 bytes
PAGED = [
    (
        "CREATE TABLE t (a TEXT COLLATE NOCASE, b INT, c, PRIMARY KEY (a DESC, b)) WITHOUT ROWID",
        f"{COUNTED} INSERT INTO t SELECT CASE i % 3 WHEN 0 THEN 'É' WHEN 1 THEN 'b' ELSE 'A' END, i, i * 0.1 FROM n",
    ),
    ("CREATE TABLE t (a REAL PRIMARY KEY, b) WITHOUT ROWID", f"{COUNTED} INSERT INTO t SELECT i / 7.0, i FROM n"),
    ("CREATE TABLE t (a BLOB PRIMARY KEY) WITHOUT ROWID", f"{COUNTED} INSERT INTO t SELECT CAST(i AS BLOB) FROM n"),
    ("CREATE TABLE t (id INTEGER PRIMARY KEY, a)", f"{COUNTED} INSERT INTO t SELECT i * 7000000000000000, i FROM n"),
    ("CREATE TABLE t (rowid TEXT, a)", f"{COUNTED} INSERT INTO t (_rowid_, a) SELECT i, i FROM n"),
    ("CREATE VIRTUAL TABLE t USING fts5(a)", f"{COUNTED} INSERT INTO t (rowid, a) SELECT i, 'word ' || i FROM n"),
    (
        "CREATE TABLE t (a TEXT, b, c BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID",
        f"INSERT INTO t VALUES ('x', 1, {LARGE}), ('x', 2, CAST({LARGE} AS BLOB)), ('y', 0.5, 1), ('', X'', {LARGE})",
    ),
]


@pytest.mark.parametrize("calls", PAGED, ids=[create for create, _ in PAGED])
def test_a_table_of_many_pages(account: Account, tmp_path: Path, calls: tuple[str, str]) -> None:
    source, target = database(account, "source", [[sql] for sql in calls]), database(account, "target")

    taken = save(account, source, tmp_path / "saved")
    done = restored(account, target, tmp_path / "saved")

    assert done.written == taken.tables["t"].rows in (2601, 4)
    assert d1.is_unchanged(account, target, tmp_path / "saved", say_nothing)
