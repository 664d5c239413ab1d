"""`backup` and `restore`: what was there comes back, byte for byte, in a namespace, a bucket and a database."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from threading import Thread
from typing import Any

import pytest

from tests.support.data_stack import DataStack
from tests.support.drift_stack import DriftStack
from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside

BYTES = bytes(range(256))
SCHEMA = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, photo BLOB) STRICT;
CREATE TABLE notes (person INTEGER REFERENCES people(id), note TEXT);
CREATE INDEX notes_by_person ON notes (person);
"""
LATER = int(time.time()) + 86_400


@pytest.fixture
def stack(
    data_project: DriftStack,
    cloudflare_api: LocalCloudflare,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> DataStack:
    """On an empty account."""
    return DataStack(data_project, capsys, monkeypatch)


@pytest.fixture
def outside(cloudflare_api: LocalCloudflare) -> Outside:
    return Outside(cloudflare_api)


def namespace(outside: Outside, title: str) -> str:
    return f"/storage/kv/namespaces/{outside.call('POST', '/storage/kv/namespaces', json={'title': title})['id']}"


def pairs(outside: Outside, path: str) -> dict[str, str]:
    """All but the value that is no text."""
    names = [key["name"] for key in outside.call("GET", f"{path}/keys") if key["name"] != "bytes"]
    found: dict[str, str] = {}
    for start in range(0, len(names), 100):
        found |= outside.call("POST", f"{path}/bulk/get", json={"keys": names[start : start + 100]})["values"]
    return found


def test_a_namespace_comes_back_with_metadata_and_expiration(
    stack: DataStack, outside: Outside, cloudflare_api: LocalCloudflare
) -> None:
    old = namespace(outside, "OLD")
    written: list[dict[str, Any]] = [{"key": f"key-{number}", "value": f"value {number} ☃"} for number in range(120)]
    written[0] |= {"metadata": {"by": "Ada"}, "expiration": LATER}
    outside.call("PUT", f"{old}/bulk", json=written)
    cloudflare_api.call("PUT", f"{old}/values/bytes", content=BYTES)
    keys = outside.call("GET", f"{old}/keys")

    taken, _ = stack.run("backup", "OLD", "saved")
    new = namespace(outside, "NEW")
    restored, _ = stack.run("restore", "saved", "--into", "NEW")

    assert (taken["kind"], taken["items"]) == ("kv", 121)
    assert restored == {"kind": "kv", "name": "NEW", "written": 121, "notes": []}
    assert pairs(outside, new) == pairs(outside, old)
    assert cloudflare_api.call("GET", f"{new}/values/bytes").content == BYTES
    assert outside.call("GET", f"{new}/keys") == keys
    _, refused = stack.run("restore", "saved", "--into", "NEW", exit_code=2)
    assert "KV namespace NEW is not empty" in refused
    cloudflare_api.call("PUT", f"{new}/values/key-1", content=b"newer")
    cloudflare_api.call("DELETE", f"{new}/values/key-2")
    assert stack.run("restore", "saved", "--into", "NEW", "--merge")[0]["written"] == 1
    assert pairs(outside, new) == {**pairs(outside, old), "key-1": "newer"}


def test_what_has_expired_since_does_not_come_back(stack: DataStack, outside: Outside) -> None:
    old = namespace(outside, "OLD")
    outside.call("PUT", f"{old}/bulk", json=[{"key": "brief", "value": "x", "expiration": int(time.time()) + 65}])
    stack.run("backup", "OLD", "brief")
    file = stack.root / "brief" / "values.ndjson"
    pair = json.loads(file.read_text())
    file.write_text(json.dumps({**pair, "expiration": 1_000_000_000}) + "\n")
    reseal(stack, "brief")
    namespace(outside, "NEW")

    restored, warned = stack.run("restore", "brief", "--into", "NEW")

    assert restored["written"] == 0
    assert "1 keys have expired since the backup" in warned


def test_a_bucket_comes_back_with_its_metadata(
    stack: DataStack, outside: Outside, cloudflare_api: LocalCloudflare
) -> None:
    eu = {"cf-r2-jurisdiction": "eu"}
    outside.call("POST", "/r2/buckets", json={"name": "old-files"}, headers=eu)
    objects = {"pages/hello/index.html": b"<h1>Hello</h1>", "odd name #1?.bin": BYTES, "packed": b"\x1f\x8b not gzip"}
    types = {"pages/hello/index.html": "text/html", "odd name #1?.bin": "image/png", "packed": "text/plain"}
    for key, value in objects.items():
        encoding = {"content-encoding": "gzip"} if key == "packed" else {}
        headers = {**eu, "content-type": types[key], "cache-control": "max-age=60", **encoding}
        path = f"/r2/buckets/old-files/objects/{key.replace('#', '%23').replace('?', '%3F')}"
        outside.call("PUT", path, content=value, headers=headers)
    listed = outside.call("GET", "/r2/buckets/old-files/objects", headers=eu)

    taken, _ = stack.run("backup", "old-files", "files")
    outside.call("POST", "/r2/buckets", json={"name": "new-files"})
    restored, _ = stack.run("restore", "files", "--into", "new-files")

    assert (taken["items"], taken["bytes"]) == (3, sum(map(len, objects.values())))
    assert restored["written"] == 3
    again = outside.call("GET", "/r2/buckets/new-files/objects")
    timeless = [[{**each, "last_modified": ""} for each in each_list] for each_list in (listed, again)]
    assert timeless[0] == timeless[1]
    assert stack.run("restore", "files", "--into", "new-files", "--merge")[0]["written"] == 0


def test_a_database_comes_back_with_rows_rules_and_indexes(
    stack: DataStack, outside: Outside, cloudflare_api: LocalCloudflare
) -> None:
    old = f"/d1/database/{outside.call('POST', '/d1/database', json={'name': 'old-shop'})['uuid']}"
    outside.call("POST", f"{old}/query", json={"sql": SCHEMA})
    insert = "INSERT INTO people VALUES (?, ?, X'00FF')"
    for number, name in enumerate(["Ada", "O'Hara; DROP TABLE people;\nnot ended", "☃"], 1):
        outside.call("POST", f"{old}/query", json={"sql": insert, "params": [str(number), name]})
    outside.call("POST", f"{old}/query", json={"sql": "INSERT INTO notes VALUES (2, NULL), (2, 'hm')"})

    taken, _ = stack.run("backup", "old-shop", "shop")
    new = f"/d1/database/{outside.call('POST', '/d1/database', json={'name': 'new-shop'})['uuid']}"
    stack.run("restore", "shop", "--into", "new-shop")

    def contents(database: str) -> object:
        sql = "SELECT * FROM people; SELECT * FROM notes; SELECT type, name, sql FROM sqlite_master WHERE sql NOT NULL"
        found = outside.call("POST", f"{database}/raw", json={"sql": sql})
        return [each["results"] for each in found[:2]], names_of(found[2]["results"])

    assert taken["items"] == 2
    assert contents(new) == contents(old)
    _, refused = stack.run("restore", "shop", "--into", "new-shop", exit_code=2)
    assert "D1 database new-shop is not empty" in refused
    outside.call("POST", f"{new}/query", json={"sql": "UPDATE people SET name = 'Grace' WHERE id = 1"})
    outside.call("POST", f"{new}/query", json={"sql": "DELETE FROM people WHERE id = 3; DELETE FROM notes"})
    stack.run("restore", "shop", "--into", "new-shop", "--merge")
    names = outside.call("POST", f"{new}/query", json={"sql": "SELECT name FROM people ORDER BY id"})[0]["results"]
    assert [row["name"] for row in names] == ["Grace", "O'Hara; DROP TABLE people;\nnot ended", "☃"]


def test_an_interrupted_restore_names_the_way_on(
    stack: DataStack, outside: Outside, cloudflare_api: LocalCloudflare
) -> None:
    """Ctrl-C comes while a call is under way."""
    old = f"/d1/database/{outside.call('POST', '/d1/database', json={'name': 'old-shop'})['uuid']}"
    for sql in (SCHEMA, "INSERT INTO notes (note) VALUES ('a'), ('b')"):
        outside.call("POST", f"{old}/query", json={"sql": sql})
    stack.run("backup", "old-shop", "interrupted")
    outside.call("POST", "/d1/database", json={"name": "new-shop"})
    fault = {"effect": "delay", "seconds": 3, "nth": 5, "path": "*/raw"}
    cloudflare_api.local("PUT", "/faults", {"faults": [fault]})

    def interrupt() -> None:
        eventually(lambda: cloudflare_api.local("GET", "/faults")["faults"][0]["struck"], "the call did not come")
        os.kill(os.getpid(), signal.SIGINT)

    person = Thread(target=interrupt)
    person.start()
    _, said = stack.run("restore", "interrupted", "--into", "new-shop", exit_code=130)
    person.join()
    cloudflare_api.local("DELETE", "/faults")

    assert "interrupted: what has come back stays, and the same command with --merge continues" in said
    assert stack.run("restore", "interrupted", "--into", "new-shop", "--merge")[0]["written"] == 2


def names_of(schema: dict[str, list[list[str]]]) -> set[tuple[str, str]]:
    return {(type, name) for type, name, _ in schema["rows"] if not name.startswith("_cf_")}


def test_a_backup_that_is_broken_or_of_something_else_is_refused(stack: DataStack, outside: Outside) -> None:
    old = namespace(outside, "OLD")
    outside.call("PUT", f"{old}/bulk", json=[{"key": "a", "value": "1"}])
    outside.call("POST", "/d1/database", json={"name": "shop"})
    stack.run("backup", "OLD", "good")

    assert "holds a backup already" in stack.run("backup", "OLD", "good", exit_code=2)[1]
    assert (
        "the account has no KV namespace named shop" in stack.run("restore", "good", "--into", "shop", exit_code=2)[1]
    )
    with (stack.root / "good" / "values.ndjson").open("a") as file:
        file.write('{"key": "b", "value": "2"}\n')
    assert "is broken" in stack.run("restore", "good", "--merge", exit_code=2)[1]
    (stack.root / "good" / "backup.json").unlink()
    assert "no whole backup" in stack.run("restore", "good", "--merge", exit_code=2)[1]


def test_a_broken_off_backup_of_a_bucket_goes_on_where_it_stopped(
    stack: DataStack, outside: Outside, cloudflare_api: LocalCloudflare
) -> None:
    outside.call("POST", "/r2/buckets", json={"name": "old-files"})
    for number in range(4):
        outside.call("PUT", f"/r2/buckets/old-files/objects/{number}", content=b"x" * number)
    fault = {"method": "GET", "path": "*/old-files/3", "effect": "reset"}
    cloudflare_api.local("PUT", "/faults", {"faults": [fault]})
    stack.run("backup", "old-files", "partly", exit_code=1)
    cloudflare_api.local("DELETE", "/faults")
    cloudflare_api.local("DELETE", "/calls")

    taken, _ = stack.run("backup", "old-files", "partly")

    assert taken["items"] == 4
    calls = [each["path"].rpartition("/")[2] for each in cloudflare_api.local("GET", "/calls")["calls"]]
    assert [path for path in calls if path.isdigit()] == ["3"]


def reseal(stack: DataStack, folder: str) -> None:
    """Make the folder a whole backup again after its file was written anew."""
    about = stack.root / folder / "backup.json"
    content = (stack.root / folder / "values.ndjson").read_bytes()
    about.write_text(json.dumps({**json.loads(about.read_text()), "sha256": hashlib.sha256(content).hexdigest()}))
