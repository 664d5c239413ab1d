"""D1 over the REST API, with the official SDK as the client."""

from __future__ import annotations

import cloudflare
import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare


@pytest.fixture
def database(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> str:
    created = sdk.d1.database.create(account_id=cloudflare_api.account_id, name="efh-journal")
    assert created.uuid
    return created.uuid


def test_a_database_is_created_changed_and_deleted(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, database: str
) -> None:
    account = cloudflare_api.account_id
    found = sdk.d1.database.get(database, account_id=account)
    assert found.read_replication
    assert (found.name, found.version, found.read_replication.mode) == ("efh-journal", "production", "disabled")

    updated = sdk.d1.database.update(database, account_id=account, read_replication={"mode": "auto"})
    assert updated.read_replication
    assert updated.read_replication.mode == "auto"
    edited = sdk.d1.database.edit(database, account_id=account, read_replication={"mode": "disabled"})
    assert edited == found

    sdk.d1.database.delete(database, account_id=account)
    with pytest.raises(cloudflare.NotFoundError) as error:
        sdk.d1.database.get(database, account_id=account)
    assert error.value.errors[0].code == 7404


def test_a_database_goes_whatever_its_tables_are_called(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, database: str
) -> None:
    """D1 lets nobody drop what is named like a part of a search index, while that is there."""
    account = cloudflare_api.account_id
    sdk.d1.database.query(
        database,
        account_id=account,
        sql="CREATE TABLE posts_content (id INTEGER PRIMARY KEY, t); CREATE VIEW seen AS SELECT * FROM posts_content; "
        "CREATE VIRTUAL TABLE posts USING fts5(t, content='posts_content', content_rowid='id'); "
        "CREATE VIRTUAL TABLE found USING fts5(t); CREATE VIRTUAL TABLE words USING fts5vocab('found', 'row');",
    )
    with pytest.raises(cloudflare.BadRequestError, match="posts_content may not be dropped"):
        sdk.d1.database.query(database, account_id=account, sql="DROP TABLE posts_content")

    sdk.d1.database.delete(database, account_id=account)
    assert [each.name for each in sdk.d1.database.list(account_id=account)] == []


def test_a_database_is_found_by_id_and_by_name(cloudflare_api: LocalCloudflare, database: str) -> None:
    by_id = cloudflare_api.call("GET", f"/d1/database/{database}").json()
    assert cloudflare_api.call("GET", "/d1/database/efh-journal").json() == by_id


def test_databases_are_listed_by_page_and_name(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    for number in range(5):
        sdk.d1.database.create(account_id=account, name=f"db-{number}")
    listed = [database.name for database in sdk.d1.database.list(account_id=account, per_page=2)]
    assert sorted(name or "" for name in listed) == [f"db-{number}" for number in range(5)]
    assert [database.name for database in sdk.d1.database.list(account_id=account, name="db-3")] == ["db-3"]


def test_statements_are_run_with_parameters(sdk: Cloudflare, cloudflare_api: LocalCloudflare, database: str) -> None:
    account = cloudflare_api.account_id
    sdk.d1.database.query(
        database, account_id=account, sql="CREATE TABLE run (id INTEGER PRIMARY KEY, task TEXT, took REAL)"
    )
    inserted = sdk.d1.database.query(
        database, account_id=account, sql="INSERT INTO run (task, took) VALUES (?, ?)", params=["generate_page", "1.5"]
    )
    (result,) = inserted.result
    assert result.success
    assert result.meta
    assert (result.meta.changes, result.meta.last_row_id) == (1, 1)

    (rows,) = sdk.d1.database.query(database, account_id=account, sql="SELECT id, task, took FROM run").result
    assert rows.results == [{"id": 1, "task": "generate_page", "took": 1.5}]
    (raw,) = sdk.d1.database.raw(database, account_id=account, sql="SELECT id, task FROM run").result
    assert raw.results
    assert (raw.results.columns, raw.results.rows) == (["id", "task"], [[1, "generate_page"]])
    assert sdk.d1.database.get(database, account_id=account).num_tables == 1


def test_a_batch_is_made_whole_or_not_at_all(cloudflare_api: LocalCloudflare, database: str) -> None:
    path = f"/d1/database/{database}/query"
    cloudflare_api.call("POST", path, json={"sql": "CREATE TABLE t (a INTEGER UNIQUE)"})
    batch = {"batch": [{"sql": "INSERT INTO t VALUES (?)", "params": [1]}, {"sql": "INSERT INTO t VALUES (1)"}]}
    refused = cloudflare_api.call("POST", path, json=batch)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 7500)
    rows = cloudflare_api.call("POST", path, json={"sql": "SELECT count(*) AS n FROM t"}).json()
    assert rows["result"][0]["results"] == [{"n": 0}]


def test_sqlite_says_what_is_wrong_with_a_statement(cloudflare_api: LocalCloudflare, database: str) -> None:
    answer = cloudflare_api.call("POST", f"/d1/database/{database}/query", json={"sql": "SELECT * FROM absent"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["code"] == 7500
    assert "no such table: absent" in error["message"]


REFUSALS = [
    ("POST", "", {"name": "efh-journal"}, 400, 7502),
    ("POST", "", {"name": "no spaces"}, 400, 7400),
    ("POST", "", {"name": "a", "read_replication": {"mode": "on"}}, 400, 7400),
    ("GET", "/absent", None, 404, 7404),
    ("PUT", "/absent", {}, 404, 7404),
    ("POST", "/absent/query", {"sql": "SELECT 1"}, 404, 7404),
    ("POST", "/efh-journal/query", {"params": []}, 400, 7400),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), REFUSALS)
def test_what_the_real_service_refuses_is_refused(
    cloudflare_api: LocalCloudflare, database: str, method: str, path: str, body: object, status: int, code: int
) -> None:
    answer = cloudflare_api.call(method, f"/d1/database{path}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
