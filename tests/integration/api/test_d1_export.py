"""The export and the import of a database as SQL, by the official SDK, and by plain HTTP where it has no words.

Files are downloaded and uploaded without a token, as the real ones are.
"""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest
from cloudflare import BadRequestError, Cloudflare, NotFoundError

from tests.support.local_cloudflare import LocalCloudflare


def test_an_export_is_polled_and_then_downloaded(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    id = sdk.d1.database.create(account_id=account, name="shop").uuid
    assert id
    sdk.d1.database.query(id, account_id=account, sql="CREATE TABLE a (b TEXT, c BLOB); CREATE INDEX i ON a (b)")
    sdk.d1.database.query(id, account_id=account, sql="INSERT INTO a VALUES ('it''s', X'00FF'), (NULL, NULL)")

    begun = sdk.d1.database.export(id, account_id=account, output_format="polling")
    done = sdk.d1.database.export(
        id, account_id=account, output_format="polling", current_bookmark=begun.at_bookmark or ""
    )

    assert (begun.result, done.status) == (None, "complete")
    assert done.result
    assert done.result.signed_url
    assert httpx.get(done.result.signed_url).text.splitlines() == [
        "PRAGMA defer_foreign_keys=TRUE;",
        "CREATE TABLE a (b TEXT, c BLOB);",
        """INSERT INTO "a" ("b","c") VALUES('it''s',X'00ff');""",
        """INSERT INTO "a" ("b","c") VALUES(NULL,NULL);""",
        "CREATE INDEX i ON a (b);",
    ]
    assert httpx.get(f"{done.result.signed_url}0").status_code == 404


def test_an_export_of_nothing_and_in_another_form_is_refused(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    id = sdk.d1.database.create(account_id=account, name="shop").uuid
    assert id
    with pytest.raises(NotFoundError):
        sdk.d1.database.export("missing", account_id=account, output_format="polling")
    with pytest.raises(BadRequestError):
        sdk.d1.database.export(id, account_id=account, output_format="file")  # type: ignore[arg-type]


@pytest.fixture
def shop(cloudflare_api: LocalCloudflare) -> str:
    """The path of a database with two tables."""
    made = cloudflare_api.call("POST", "/d1/database", json={"name": "shop"}).json()["result"]
    path = f"/d1/database/{made['uuid']}"
    query(
        cloudflare_api,
        path,
        "CREATE TABLE a (b); CREATE TABLE c (d); INSERT INTO a VALUES (1); INSERT INTO c VALUES (2)",
    )
    return path


def query(server: LocalCloudflare, path: str, sql: str) -> Any:
    return server.call("POST", f"{path}/query", json={"sql": sql}).json()


def exported(server: LocalCloudflare, path: str, **options: object) -> str:
    body: dict[str, Any] = {"output_format": "polling", "dump_options": options}
    begun = server.call("POST", f"{path}/export", json=body).json()["result"]
    body["current_bookmark"] = begun["at_bookmark"]
    done = server.call("POST", f"{path}/export", json=body).json()["result"]
    return httpx.get(done["result"]["signed_url"]).text if done["success"] else str(done["error"])


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ({"tables": ["a"]}, ["CREATE TABLE a (b);", """INSERT INTO "a" ("b") VALUES(1);"""]),
        ({"no_data": True}, ["CREATE TABLE a (b);", "CREATE TABLE c (d);"]),
        ({"no_schema": True, "tables": ["c"]}, ["""INSERT INTO "c" ("d") VALUES(2);"""]),
    ],
)
def test_a_part_can_be_exported(
    cloudflare_api: LocalCloudflare, shop: str, options: dict[str, object], lines: list[str]
) -> None:
    assert exported(cloudflare_api, shop, **options).splitlines() == ["PRAGMA defer_foreign_keys=TRUE;", *lines]


def test_an_export_loses_what_the_real_one_loses(cloudflare_api: LocalCloudflare, shop: str) -> None:
    query(cloudflare_api, shop, "DELETE FROM a; INSERT INTO a VALUES (9223372036854775807), (2.0)")

    lines = exported(cloudflare_api, shop, no_schema=True, tables=["a"]).splitlines()

    assert lines[1:] == [
        """INSERT INTO "a" ("b") VALUES(9223372036854776000);""",
        """INSERT INTO "a" ("b") VALUES(2);""",
    ]


def test_a_search_index_cannot_be_exported(cloudflare_api: LocalCloudflare, shop: str) -> None:
    query(cloudflare_api, shop, "CREATE VIRTUAL TABLE words USING fts5(a)")

    assert exported(cloudflare_api, shop) == "D1 Export error: cannot export databases with Virtual Tables (fts5)"
    assert "CREATE TABLE a" in exported(cloudflare_api, shop, tables=["a"])


def test_an_export_blocks_queries_until_it_is_polled(cloudflare_api: LocalCloudflare, shop: str) -> None:
    body = {"output_format": "polling"}
    begun = cloudflare_api.call("POST", f"{shop}/export", json=body).json()["result"]

    refused = query(cloudflare_api, shop, "SELECT 1")
    cloudflare_api.call("POST", f"{shop}/export", json={**body, "current_bookmark": begun["at_bookmark"]})

    assert refused["errors"] == [{"code": 7500, "message": "Currently processing a long-running export."}]
    assert query(cloudflare_api, shop, "SELECT 1")["success"]


def imported(server: LocalCloudflare, path: str, sql: str) -> Any:
    etag = hashlib.md5(sql.encode(), usedforsecurity=False).hexdigest()
    begun = server.call("POST", f"{path}/import", json={"action": "init", "etag": etag}).json()["result"]
    uploaded = httpx.put(begun["upload_url"], content=sql.encode())
    assert uploaded.headers["etag"] == f'"{etag}"'
    body = {"action": "ingest", "etag": etag, "filename": begun["filename"]}
    running = server.call("POST", f"{path}/import", json=body).json()["result"]
    body = {"action": "poll", "current_bookmark": running["at_bookmark"]}
    return server.call("POST", f"{path}/import", json=body).json()["result"]


def test_sql_is_imported_whole_or_not_at_all(cloudflare_api: LocalCloudflare, shop: str) -> None:
    done = imported(cloudflare_api, shop, "CREATE TABLE e (f);\nINSERT INTO e VALUES ('a;'), (2);")
    failed = imported(cloudflare_api, shop, "INSERT INTO e VALUES (3);\nINSERT INTO nowhere VALUES (4);")

    assert (done["status"], done["result"]["num_queries"], done["result"]["meta"]["changes"]) == ("complete", 2, 2)
    assert (failed["success"], failed["error"]) == (False, "no such table: nowhere: SQLITE_ERROR")
    assert query(cloudflare_api, shop, "SELECT count(*) AS n FROM e")["result"][0]["results"] == [{"n": 2}]


def test_a_statement_of_more_than_100_000_bytes_cannot_be_imported(cloudflare_api: LocalCloudflare, shop: str) -> None:
    failed = imported(cloudflare_api, shop, f"SELECT '{'x' * 100_000}';")

    assert (failed["status"], failed["error"]) == ("error", "statement too long: SQLITE_TOOBIG")


def test_a_file_that_is_not_the_one_that_was_told_is_refused(cloudflare_api: LocalCloudflare, shop: str) -> None:
    begun = cloudflare_api.call("POST", f"{shop}/import", json={"action": "init", "etag": "0" * 32}).json()["result"]

    assert httpx.put(begun["upload_url"], content=b"SELECT 1").status_code == 400


REFUSALS = [
    ("SELECT zeroblob(2300000)", "string or blob too big: SQLITE_TOOBIG"),
    (f"SELECT '{'x' * 100_000}'", "statement too long: SQLITE_TOOBIG"),
    (f"SELECT {','.join('1' * 101)}", "too many columns in result set: SQLITE_ERROR"),
    ("SELECT ?101", "variable number must be between ?1 and ?100 at offset 7: SQLITE_ERROR"),
    ("PRAGMA writable_schema = ON", "not authorized: SQLITE_AUTH"),
]


@pytest.mark.parametrize(("sql", "words"), REFUSALS, ids=[words for _, words in REFUSALS])
def test_a_limit_is_told_in_the_words_of_sqlite(
    cloudflare_api: LocalCloudflare, shop: str, sql: str, words: str
) -> None:
    assert query(cloudflare_api, shop, sql)["errors"] == [{"code": 7500, "message": words}]


def test_a_rule_that_is_held_at_the_end_alone_is_told_in_the_words_of_sqlite(
    cloudflare_api: LocalCloudflare, shop: str
) -> None:
    query(cloudflare_api, shop, "CREATE TABLE p (id INTEGER PRIMARY KEY, up REFERENCES p(id))")
    batch = [{"sql": "PRAGMA defer_foreign_keys = ON"}, {"sql": "INSERT INTO p VALUES (1, 2)"}]

    answer = cloudflare_api.call("POST", f"{shop}/query", json={"batch": batch}).json()

    words = "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    assert answer["errors"] == [{"code": 7500, "message": words}]


def test_a_text_with_nul_is_kept(cloudflare_api: LocalCloudflare, shop: str) -> None:
    cloudflare_api.call("POST", f"{shop}/query", json={"sql": "INSERT INTO c VALUES (?)", "params": ["a\0b"]})

    rows = query(cloudflare_api, shop, "SELECT d, hex(d) AS h FROM c WHERE d <> 2")["result"][0]["results"]
    assert rows == [{"d": "a\0b", "h": "610062"}]
