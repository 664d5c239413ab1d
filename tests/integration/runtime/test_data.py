"""KV, R2 and D1 in the runtime: the REST side and a Worker's bindings see the same, and it stays."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloudflare.runtime.errors import DataError, QueryError
from local_cloudflare.runtime.models import KvValue
from local_cloudflare.runtime.sql import statements
from tests.support.live_runtime import LiveRuntime, live_runtime

WORKER = """export default { async fetch(request, env) {
  const [, store, action, key] = new URL(request.url).pathname.split("/").map(decodeURIComponent);
  if (store === "kv" && action === "put") return Response.json(await env.KV.put(key, "from worker", { metadata: { by: "worker" } }) ?? null);
  if (store === "kv") return Response.json(await env.KV.getWithMetadata(key));
  const bucket = env[store];
  if (bucket && action === "put") return Response.json(await bucket.put(key, "from worker", { httpMetadata: request.headers }));
  if (bucket) {
    const object = await bucket.get(key);
    return object ? Response.json({ ...object, text: await object.text() }) : Response.json(null);
  }
  const { sql, params } = await request.json();
  return Response.json((await env.DB.prepare(sql).bind(...params).all()).results);
} };"""  # noqa: E501
BINDINGS = (
    {"type": "kv_namespace", "name": "KV", "namespace_id": "0123456789abcdef"},
    {"type": "r2_bucket", "name": "files", "bucket_name": "files"},
    {"type": "r2_bucket", "name": "files-eu", "bucket_name": "files", "jurisdiction": "eu"},
    {"type": "d1", "name": "DB", "id": "5b2f5b1e-0000-4000-8000-000000000000"},
)
KV, DATABASE = BINDINGS[0]["namespace_id"], BINDINGS[3]["id"]
KEYS = ["plain", "a/b/c", "ä ö+%20?&#=", ".hidden", "x" * 512]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRuntime]:
    with live_runtime(tmp_path_factory.mktemp("runtime")) as live:
        live.upload("data", WORKER, bindings=BINDINGS)
        yield live


@pytest.mark.parametrize("key", KEYS)
def test_a_kv_value_written_on_one_side_is_read_on_the_other(live: LiveRuntime, key: str) -> None:
    live.run(live.runtime.kv.put(KV, key, b"from outside", metadata={"by": "ä"}, expiration_ttl=3600))
    seen = live.call("data", f"/kv/get/{_quoted(key)}").json()
    assert (seen["value"], seen["metadata"]) == ("from outside", {"by": "ä"})
    live.call("data", f"/kv/put/{_quoted(key)}")
    assert live.run(live.runtime.kv.get(KV, key)) == KvValue(value=b"from worker", metadata={"by": "worker"})
    live.run(live.runtime.kv.delete(KV, key))
    assert live.call("data", f"/kv/get/{_quoted(key)}").json()["value"] is None
    assert live.run(live.runtime.kv.get(KV, key)) is None


def test_kv_keys_come_in_order_page_by_page(live: LiveRuntime) -> None:
    for number in range(5):
        live.run(live.runtime.kv.put("pages", f"key-{number}", b"", metadata=number))
    first = live.run(live.runtime.kv.list("pages", prefix="key-", limit=3))
    second = live.run(live.runtime.kv.list("pages", prefix="key-", limit=3, cursor=first.cursor))
    assert [(key.name, key.metadata) for key in first.keys + second.keys] == [(f"key-{n}", n) for n in range(5)]
    assert second.cursor is None


def test_kv_values_are_bytes_and_expire_when_told(live: LiveRuntime) -> None:
    value = bytes(range(256)) * 1000
    live.run(live.runtime.kv.put("bytes", "key", value, expiration=4_000_000_000))
    assert live.run(live.runtime.kv.get("bytes", "key")) == KvValue(value=value, expiration=4_000_000_000)


@pytest.mark.parametrize(
    ("key", "options", "message"),
    [
        ("", {}, 'Illegal key name ""'),
        ("..", {}, 'Illegal key name ".."'),
        ("ä" * 257, {}, "UTF-8 encoded length of 514 exceeds key length limit of 512"),
        ("key", {"expiration_ttl": 59}, "Expiration TTL must be at least 60"),
        ("key", {"metadata": "x" * 1024}, "Metadata length of 1026 exceeds limit of 1024"),
    ],
)
def test_kv_refuses_what_the_store_refuses(live: LiveRuntime, key: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        live.run(live.runtime.kv.put(KV, key, b"", **options))


def test_a_purged_namespace_is_empty_and_its_neighbour_is_not(live: LiveRuntime) -> None:
    for namespace in ("gone", "stays"):
        live.run(live.runtime.kv.put(namespace, "key", b"value"))
    live.run(live.runtime.kv.purge("gone"))
    assert live.run(live.runtime.kv.list("gone")).keys == ()
    assert live.run(live.runtime.kv.get("stays", "key")) == KvValue(value=b"value")


@pytest.mark.parametrize("key", KEYS)
def test_an_object_written_on_one_side_is_read_on_the_other(live: LiveRuntime, key: str) -> None:
    http = {"contentType": "text/plain", "cacheExpiry": "2030-01-02T03:04:05.000Z"}
    written = live.run(
        live.runtime.r2.put("files", key, b"from outside", http_metadata=http, custom_metadata={"by": "ä"})
    )
    assert (written.size, written.etag) == (12, hashlib.md5(b"from outside").hexdigest())  # noqa: S324
    seen = live.call("data", f"/files/get/{_quoted(key)}").json()
    assert (seen["text"], seen["etag"], seen["version"]) == ("from outside", written.etag, written.version)
    assert (seen["httpMetadata"], seen["customMetadata"]) == (http, {"by": "ä"})
    live.call("data", f"/files/put/{_quoted(key)}", "PUT", headers={"content-type": "text/html"})
    found = live.run(live.runtime.r2.head("files", key))
    assert found is not None
    assert (found.key, found.size, found.http_metadata) == (key, 11, {"contentType": "text/html"})
    live.run(live.runtime.r2.delete("files", [key, "never there"]))
    assert live.call("data", f"/files/get/{_quoted(key)}").json() is None
    assert live.run(live.runtime.r2.head("files", key)) is None


def test_a_large_object_is_streamed_in_and_out(live: LiveRuntime) -> None:
    part = os.urandom(1 << 20)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield part

    async def read() -> tuple[int, str]:
        found = await live.runtime.r2.get("files", "large")
        assert found is not None
        digest = hashlib.md5()  # noqa: S324
        async for chunk in found.chunks:
            digest.update(chunk)
        return found.object.size, digest.hexdigest()

    written = live.run(live.runtime.r2.put("files", "large", parts()))
    assert live.run(read()) == (20 << 20, written.etag)


def test_a_bucket_of_another_jurisdiction_is_another_bucket(live: LiveRuntime) -> None:
    live.call("data", "/files-eu/put/here", "PUT")
    assert live.run(live.runtime.r2.head("files", "here")) is None
    assert live.run(live.runtime.r2.head("files", "here", jurisdiction="eu")) is not None


def test_objects_come_in_order_page_by_page_and_by_folder(live: LiveRuntime) -> None:
    for key in ("a/1", "a/2", "b/1", "c"):
        live.run(live.runtime.r2.put("listed", key, b""))
    first = live.run(live.runtime.r2.list("listed", limit=3))
    second = live.run(live.runtime.r2.list("listed", limit=3, cursor=first.cursor))
    assert [item.key for item in first.objects + second.objects] == ["a/1", "a/2", "b/1", "c"]
    assert second.cursor is None
    folders = live.run(live.runtime.r2.list("listed", delimiter="/"))
    assert (folders.delimited_prefixes, [item.key for item in folders.objects]) == (("a/", "b/"), ["c"])
    after = live.run(live.runtime.r2.list("listed", prefix="a/", start_after="a/1"))
    assert [item.key for item in after.objects] == ["a/2"]


def test_a_purged_bucket_is_empty(live: LiveRuntime) -> None:
    live.run(live.runtime.r2.put("purged", "key", b""))
    assert not live.run(live.runtime.r2.is_empty("purged"))
    live.run(live.runtime.r2.purge("purged"))
    assert live.run(live.runtime.r2.is_empty("purged"))


def test_a_key_that_is_too_long_for_a_bucket(live: LiveRuntime) -> None:
    with pytest.raises(DataError, match="object name is not valid"):
        live.run(live.runtime.r2.put("files", "x" * 1025, b""))


def test_a_row_written_on_one_side_is_read_on_the_other(live: LiveRuntime) -> None:
    live.run(live.runtime.d1.query(DATABASE, "CREATE TABLE IF NOT EXISTS rows (a, b, c)"))
    live.run(live.runtime.d1.query(DATABASE, "INSERT INTO rows VALUES (?1, ?2, ?3)", [1, "ä;'", None]))
    sql = {"sql": "INSERT INTO rows VALUES (?, x'00ff', 1.5) RETURNING a", "params": [2]}
    assert live.call("data", "/", "POST", json=sql).json() == [{"a": 2}]
    [result] = live.run(live.runtime.d1.query(DATABASE, "SELECT * FROM rows ORDER BY a"))
    assert result.columns == ("a", "b", "c")
    assert result.rows == ((1, "ä;'", None), (2, [0, 255], 1.5))
    assert result.records()[0] == {"a": 1, "b": "ä;'", "c": None}


def test_several_statements_are_all_done_or_none(live: LiveRuntime) -> None:
    results = live.run(
        live.runtime.d1.query("several", "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2); SELECT * FROM t; -- end")
    )
    assert [(result.meta["changes"], result.rows) for result in results] == [(0, ()), (2, ()), (0, ((1,), (2,)))]
    with pytest.raises(QueryError, match="no such table: nowhere"):
        live.run(live.runtime.d1.query("several", "INSERT INTO t VALUES (3); INSERT INTO nowhere VALUES (1)"))
    batch = [("INSERT INTO t VALUES (?)", [4]), ("SELECT max(a) AS most FROM t", [])]
    assert live.run(live.runtime.d1.batch("several", batch))[1].records() == [{"most": 4}]


@pytest.mark.parametrize(
    ("sql", "params", "message"),
    [
        ("SELEC 1", [], 'near "SELEC": syntax error at offset 0: SQLITE_ERROR'),
        ("SELECT * FROM nowhere", [], "no such table: nowhere: SQLITE_ERROR"),
        ("SELECT ?", [], "Wrong number of parameter bindings for SQL query."),
        ("SELECT ?; SELECT ?", [1], "Wrong number of parameter bindings for SQL query."),
        ("", [], "No SQL statements detected."),
    ],
)
def test_a_statement_that_fails_gives_sqlites_message(
    live: LiveRuntime, sql: str, params: list[int], message: str
) -> None:
    with pytest.raises(QueryError) as raised:
        live.run(live.runtime.d1.query("errors", sql, params))
    assert str(raised.value) == message


def test_a_databases_size_and_tables_are_counted_until_it_is_purged(live: LiveRuntime) -> None:
    sql = """CREATE TABLE parents (id INTEGER PRIMARY KEY AUTOINCREMENT);
      CREATE TABLE children (parent REFERENCES parents (id));
      CREATE VIEW both AS SELECT * FROM parents, children;
      INSERT INTO parents VALUES (1); INSERT INTO children VALUES (1)"""
    live.run(live.runtime.d1.query("counted", sql))
    assert live.run(live.runtime.d1.num_tables("counted")) == 2
    assert live.run(live.runtime.d1.size("counted")) % 4096 == 0
    live.run(live.runtime.d1.purge("counted"))
    assert live.run(live.runtime.d1.num_tables("counted")) == 0


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;\n", ["SELECT 1;", "SELECT 2;"]),
        ("SELECT ';'; SELECT \"a;b\" /* ; */", ["SELECT ';';", 'SELECT "a;b" /* ; */']),
        ("SELECT 1; -- the end;\n", ["SELECT 1;"]),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END; SELECT 1",
         ["CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END;", "SELECT 1"]),
        (" ;; ", [" ;; "]),
    ],
)  # fmt: skip
def test_where_a_statement_ends(sql: str, parts: list[str]) -> None:
    assert statements(sql) == parts


def test_data_is_kept_when_workers_change_and_when_the_runtime_is_started_again(tmp_path: Path) -> None:
    with live_runtime(tmp_path) as live:
        live.upload("data", WORKER, bindings=BINDINGS)
        live.call("data", "/kv/put/key")
        live.call("data", "/files/put/key", "PUT")
        live.run(live.runtime.d1.query(DATABASE, "CREATE TABLE t AS SELECT 1 AS a"))
        live.upload("data", WORKER, bindings=BINDINGS)
        assert live.call("data", "/kv/get/key").json()["value"] == "from worker"
    with live_runtime(tmp_path) as live:
        live.upload("data", WORKER, bindings=BINDINGS)
        assert live.call("data", "/kv/get/key").json()["value"] == "from worker"
        assert live.call("data", "/files/get/key").json()["text"] == "from worker"
        assert live.call("data", "/", "POST", json={"sql": "SELECT * FROM t", "params": []}).json() == [{"a": 1}]


def _quoted(key: str) -> str:
    return "".join(f"%{byte:02X}" for byte in key.encode())
