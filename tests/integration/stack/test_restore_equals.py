"""What a backup gives back is what was there: generated databases and namespaces, with faults at the calls.

tests/support/seeds.py says how to run a thousand of each. The same databases go through the whole restore on this
machine alone, in milliseconds each, in tests/unit/data/test_d1.py.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.data import backup, kv
from orchestrator.data.d1 import contents as d1
from orchestrator.data.restore import Restored, put_back
from orchestrator.data.store import Store
from orchestrator.errors import CloudflareError, UserError
from orchestrator.http_calls import trusted
from tests.support.eventually import eventually
from tests.support.generated_databases import GeneratedDatabase
from tests.support.instant_clock import InstantClock
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.seeds import seeds
from tests.support.stored_databases import contents_of
from tests.unit.data.test_d1_hostile import HOSTILE

SEEDS = seeds(2, first=100)
NOW = int(time.time())
FAULTS = [
    {"effect": "status", "status": 502, "when": "after", "every": 2},
    {"effect": "status", "status": 503, "when": "before", "every": 2},
    {"effect": "reset", "when": "after", "every": 3},
    {"effect": "reset", "when": "before", "every": 3},
]


def say_nothing(_text: str) -> None: ...


@pytest.fixture
def account(cloudflare_api: LocalCloudflare) -> Iterator[Account]:
    with Account(**cloudflare_api.settings_of_account, **InstantClock().options) as account:
        yield account


def restored(account: Account, store: Store, folder: Path, *, merge: bool = False) -> Restored:
    return put_back(account, backup.read(folder), store, folder, say_nothing, merge=merge, now=NOW)


def database(account: Account, name: str, calls: list[list[str]] | None = None) -> Store:
    id = account.call("POST", "/d1/database", json={"name": name})["result"]["uuid"]
    for statements in calls or []:
        account.call("POST", f"/d1/database/{id}/query", json={"batch": [{"sql": sql} for sql in statements]})
    return Store(kind="d1", name=name, id=id)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_database(account: Account, cloudflare_api: LocalCloudflare, tmp_path: Path, seed: int) -> None:
    source, target = database(account, "source", GeneratedDatabase(seed).calls), database(account, "target")
    before = contents_of(cloudflare_api, source.id)
    random = Random(seed)  # noqa: S311

    cloudflare_api.local("PUT", "/faults", {"faults": [{**random.choice(FAULTS), "path": "*/d1/*"}]})
    taken = backup.take(account, source, tmp_path / "saved", say_nothing, now="2026-11-26T00:00:00+00:00")
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

    taken = backup.take(account, source, tmp_path / "saved", say_nothing, now="2026-11-26T00:00:00+00:00")
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
    saved = backup.take(account, source, tmp_path / "saved", say_nothing, now="2026-11-26T00:00:00+00:00")
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


@pytest.mark.parametrize("seed", SEEDS)
def test_a_namespace(account: Account, cloudflare_api: LocalCloudflare, tmp_path: Path, seed: int) -> None:
    stores = []
    for title in ("source" + "x" * 224, "target"):
        made = account.call("POST", "/storage/kv/namespaces", json={"title": title})["result"]
        stores.append(Store(kind="kv", name=title, id=made["id"]))
    source, target = stores
    random = Random(seed)  # noqa: S311
    made = {pair["key"]: pair for pair in pairs(random, _keys(seed))}
    account.call("PUT", f"/storage/kv/namespaces/{source.id}/bulk", json=[*made.values()])

    cloudflare_api.local("PUT", "/faults", {"faults": [{**random.choice(FAULTS), "path": "*/kv/*"}]})
    taken = backup.take(account, source, tmp_path / "saved", say_nothing, now="2026-11-26T00:00:00+00:00")
    cloudflare_api.local("PUT", "/faults", {"faults": [{**random.choice(FAULTS), "path": "*/kv/*"}]})
    done = restored(account, target, tmp_path / "saved")
    cloudflare_api.local("DELETE", "/faults")

    assert done.written == taken.items == len(made)
    assert held(cloudflare_api, target.id) == {key: _told(pair) for key, pair in made.items()}


def held(server: LocalCloudflare, namespace: str) -> dict[str, tuple[Any, ...]]:
    """The pairs of a namespace of less than 1,000, each value read by itself."""
    path = f"/storage/kv/namespaces/{namespace}"
    keys = server.call("GET", f"{path}/keys").json()["result"]
    return {
        key["name"]: (
            server.call("GET", f"{path}/values/{quote(key['name'], safe='')}").content,
            key.get("metadata"),
            key.get("expiration"),
        )
        for key in keys
    }


def _told(pair: dict[str, Any]) -> tuple[Any, ...]:
    return base64.b64decode(pair["value"]), pair.get("metadata"), pair.get("expiration")


def _keys(seed: int) -> int:
    """Every tenth namespace is read and written by several calls; the others are small, so that there can be many."""
    return 110 if seed % 10 == 0 else seed % 10 * 2


PIECES = (
    *("a/", "b ", "/", "//", ".", "..", "/../", "☃", "🎉", "é", "e\u0301", "%", "%2F", "?#&", "\\", '"', "+", "="),
    *("\t", "\n", "\r", "\x01", "\x7f", "\u0085", "\u2028", "\ufeff", "\ufffd", "x" * 30),
)


def pairs(random: Random, count: int) -> Iterator[dict[str, Any]]:
    keys = {"".join(random.choice(PIECES) for _ in range(random.randint(1, 9))) + str(n) for n in range(count)}
    keys |= {("☃" * 170)[: 170 * (count > 10)] + "k" * 2}  # 512 bytes
    for key in sorted(keys):
        value = random.choice(
            (b"", b"\xff\x00", "☃ text".encode(), random.randbytes(random.randint(1, 3000)), b"\xef\xbf\xbd")
        )
        pair: dict[str, Any] = {"key": key, "value": base64.b64encode(value).decode(), "base64": True}
        if random.random() < 0.3:
            pair["metadata"] = random.choice(({"by": "Ada ☃"}, [1, None, 2.5], "text", 0, False, {"a": {"b": ""}}))
        if random.random() < 0.2:
            pair["expiration"] = NOW + random.randint(10_000, 10**8)
        yield pair


def test_the_files_are_the_owners_alone_and_git_ignores_them(account: Account, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    backup.take(account, database(account, "source", [["CREATE TABLE a (b)"]]), folder, say_nothing, now="")

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()} == dict.fromkeys(
        ("backup.json", "database.sqlite", ".gitignore"), 0o600
    )
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert json.loads((folder / "backup.json").read_text(encoding="utf-8"))["tables"]["a"]["rows"] == 0


class Meddling(httpx.BaseTransport):
    """Lets somebody else write to the database before each page of rows that is asked for, so many times."""

    def __init__(self, server: LocalCloudflare, times: int) -> None:
        self._server = server
        self._times = times
        self._transport = httpx.HTTPTransport(verify=trusted())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._times and b"ORDER BY" in request.read() and b"LIMIT" in request.content:
            self._times -= 1
            path = request.url.path.partition(self._server.account_id)[2].replace("/raw", "/query")
            self._server.call("POST", path, json={"sql": "UPDATE a SET b = b + 1"})
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


@pytest.fixture
def counted(account: Account) -> Store:
    return database(account, "source", [["CREATE TABLE a (b)", "INSERT INTO a VALUES (1), (2)"]])


def meddled(cloudflare_api: LocalCloudflare, times: int) -> Account:
    return Account(**cloudflare_api.settings_of_account, transport=Meddling(cloudflare_api, times))


@pytest.mark.parametrize("times", [1, 2])
def test_a_database_that_is_written_to_meanwhile_is_read_again(
    account: Account, cloudflare_api: LocalCloudflare, counted: Store, tmp_path: Path, times: int
) -> None:
    with meddled(cloudflare_api, times) as other:
        backup.take(other, counted, tmp_path / "saved", say_nothing, now="")

    assert d1.is_unchanged(account, counted, tmp_path / "saved", say_nothing)


def test_a_database_that_does_not_hold_still_gets_no_backup(
    account: Account, cloudflare_api: LocalCloudflare, counted: Store, tmp_path: Path
) -> None:
    words = "was not the same when it was read again, 3 times in a row: the table a"
    with meddled(cloudflare_api, 100) as other, pytest.raises(UserError, match=words):
        backup.take(other, counted, tmp_path / "saved", say_nothing, now="")

    assert not (tmp_path / "saved" / "backup.json").exists()


def test_other_contents_of_the_same_size_are_seen(account: Account, tmp_path: Path) -> None:
    source = database(account, "source", [["CREATE TABLE a (b)", "INSERT INTO a VALUES ('x'), (1)"]])
    backup.take(account, source, tmp_path / "saved", say_nothing, now="")

    account.call("POST", f"/d1/database/{source.id}/query", json={"sql": "UPDATE a SET b = 'y' WHERE b = 'x'"})

    assert not d1.is_unchanged(account, source, tmp_path / "saved", say_nothing)


@pytest.mark.parametrize(
    "pair",
    [{"value": "y"}, {"value": "x", "metadata": 1}, {"value": "x", "expiration": NOW + 9999}],
    ids=["value", "metadata", "expiration"],  # none with the time: each process of a run must collect the same names
)
def test_another_value_metadata_or_expiration_of_the_same_key_is_seen(
    account: Account, tmp_path: Path, pair: dict[str, Any]
) -> None:
    id = account.call("POST", "/storage/kv/namespaces", json={"title": "source"})["result"]["id"]
    source, path = Store(kind="kv", name="source", id=id), f"/storage/kv/namespaces/{id}/bulk"
    account.call("PUT", path, json=[{"key": "a", "value": "x"}])
    backup.take(account, source, tmp_path / "saved", say_nothing, now="")
    file = tmp_path / "saved" / kv.FILE
    assert kv.is_unchanged(account, source, file, say_nothing, now=NOW)

    account.call("PUT", path, json=[{"key": "a", **pair}])

    assert not kv.is_unchanged(account, source, file, say_nothing, now=NOW)


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
    backup.take(account, source, tmp_path / "saved", say_nothing, now="2026-11-26T00:00:00+00:00")
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


def test_a_database_is_empty_when_its_last_table_is_gone(account: Account) -> None:
    source = database(account, "source", [["CREATE TABLE a (b INTEGER PRIMARY KEY AUTOINCREMENT)"]])
    assert not d1.is_empty(account, source)

    account.call("POST", f"/d1/database/{source.id}/query", json={"sql": "DROP TABLE a"})

    assert d1.is_empty(account, source)


def test_a_half_restored_database_is_not_saved_and_the_named_ways_help(account: Account, tmp_path: Path) -> None:
    target = database(account, "target", [["CREATE TABLE orchestrator_restore (step)"]])

    with pytest.raises(UserError, match="a restore into it is not done yet") as refused:
        backup.take(account, target, tmp_path / "saved", say_nothing, now="")
    sql = refused.value.hint.split("`")[3]
    account.call("POST", f"/d1/database/{target.id}/query", json={"sql": sql})

    assert backup.take(account, target, tmp_path / "saved", say_nothing, now="").items == 0


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

    taken = backup.take(account, source, tmp_path / "saved", say_nothing, now="")
    done = restored(account, target, tmp_path / "saved")

    assert done.written == taken.tables["t"].rows in (2601, 4)
    assert d1.is_unchanged(account, target, tmp_path / "saved", say_nothing)
