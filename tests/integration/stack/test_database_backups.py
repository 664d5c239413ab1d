"""A backup of a database: what it is while somebody writes, what it refuses, and whose its files are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.data import backup
from orchestrator.data.d1 import contents as d1
from orchestrator.data.store import Store
from orchestrator.errors import UserError
from orchestrator.http_calls import trusted
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.restores import account_of, database, save, say_nothing


@pytest.fixture
def account(cloudflare_api: LocalCloudflare) -> Iterator[Account]:
    with account_of(cloudflare_api) as account:
        yield account


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
        save(other, counted, tmp_path / "saved")

    assert d1.is_unchanged(account, counted, tmp_path / "saved", say_nothing)


def test_a_database_that_does_not_hold_still_gets_no_backup(
    account: Account, cloudflare_api: LocalCloudflare, counted: Store, tmp_path: Path
) -> None:
    words = "was not the same when it was read again, 3 times in a row: the table a"
    with meddled(cloudflare_api, 100) as other, pytest.raises(UserError, match=words):
        save(other, counted, tmp_path / "saved")

    assert not (tmp_path / "saved" / "backup.json").exists()


def test_other_contents_of_the_same_size_are_seen(account: Account, tmp_path: Path) -> None:
    source = database(account, "source", [["CREATE TABLE a (b)", "INSERT INTO a VALUES ('x'), (1)"]])
    save(account, source, tmp_path / "saved")

    account.call("POST", f"/d1/database/{source.id}/query", json={"sql": "UPDATE a SET b = 'y' WHERE b = 'x'"})

    assert not d1.is_unchanged(account, source, tmp_path / "saved", say_nothing)


def test_a_database_is_empty_when_its_last_table_is_gone(account: Account) -> None:
    source = database(account, "source", [["CREATE TABLE a (b INTEGER PRIMARY KEY AUTOINCREMENT)"]])
    assert not d1.is_empty(account, source)

    account.call("POST", f"/d1/database/{source.id}/query", json={"sql": "DROP TABLE a"})

    assert d1.is_empty(account, source)


def test_a_half_restored_database_is_not_saved_and_the_named_ways_help(account: Account, tmp_path: Path) -> None:
    target = database(account, "target", [["CREATE TABLE orchestrator_restore (step)"]])

    with pytest.raises(UserError, match="a restore into it is not done yet") as refused:
        save(account, target, tmp_path / "saved")
    sql = refused.value.hint.split("`")[3]
    account.call("POST", f"/d1/database/{target.id}/query", json={"sql": sql})

    assert save(account, target, tmp_path / "saved").items == 0
