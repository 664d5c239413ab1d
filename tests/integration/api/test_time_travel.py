"""Time Travel by the official SDK: a database as it was, by bookmark and by time, whoever wrote to it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloudflare import BadRequestError, Cloudflare

from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload

WRITER = """export default { async fetch(request, env) {
  await env.DB.prepare("INSERT INTO a VALUES ('by a Worker')").run();
  return Response.json((await env.DB.prepare("SELECT b FROM a").all()).results);
} };"""


class Shop:
    """A database with one table, and its past."""

    def __init__(self, sdk: Cloudflare, server: LocalCloudflare) -> None:
        self._sdk = sdk
        self._account: Any = {"account_id": server.account_id}
        self.id = str(sdk.d1.database.create(name="shop", **self._account).uuid)
        self.run("CREATE TABLE a (b)")

    def run(self, sql: str) -> list[Any]:
        [done] = self._sdk.d1.database.query(self.id, sql=sql, **self._account)
        rows: Any = done.results or []
        return [each["b"] for each in rows]

    def bookmark(self, at: datetime | None = None) -> str:
        when: dict[str, Any] = {"timestamp": at} if at else {}
        return str(self._sdk.d1.database.time_travel.get_bookmark(self.id, **self._account, **when).bookmark)

    def restore(self, **to: Any) -> Any:
        return self._sdk.d1.database.time_travel.restore(self.id, **self._account, **to)


@pytest.fixture
def shop(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> Shop:
    return Shop(sdk, cloudflare_api)


def test_a_database_goes_back_and_forth(shop: Shop) -> None:
    shop.run("CREATE VIRTUAL TABLE words USING fts5(t)")
    shop.run("INSERT INTO words VALUES ('kept')")
    before = shop.bookmark()
    assert shop.bookmark() == before
    shop.run("INSERT INTO a VALUES ('new')")
    shop.run("DROP TABLE words")

    done = shop.restore(bookmark=before)

    assert shop.run("SELECT b FROM a") == []
    assert shop.run("SELECT t AS b FROM words WHERE words MATCH 'kept'") == ["kept"]
    assert before < done.previous_bookmark < done.bookmark == shop.bookmark()
    shop.restore(bookmark=done.previous_bookmark)
    assert shop.run("SELECT b FROM a") == ["new"]
    shop.run("INSERT INTO a VALUES ('newer')")
    assert shop.run("SELECT b FROM a") == ["new", "newer"]


def test_a_worker_sees_the_other_content_and_what_it_wrote_comes_back(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, shop: Shop
) -> None:
    bindings = [{"type": "d1", "name": "DB", "id": shop.id}]
    upload(sdk, cloudflare_api.account_id, "writer", WRITER, bindings=bindings, reachable=True)
    assert cloudflare_api.fetch("writer").json() == [{"b": "by a Worker"}]
    written = shop.bookmark()
    shop.run("DELETE FROM a")

    shop.restore(bookmark=written)

    assert cloudflare_api.fetch("writer").json() == [{"b": "by a Worker"}] * 2


def test_a_time_is_that_of_the_last_state_before_it(shop: Shop) -> None:
    shop.run("INSERT INTO a VALUES (1)")
    first = shop.bookmark()
    moment = datetime.now(UTC)
    eventually(lambda: datetime.now(UTC) > moment + timedelta(milliseconds=2), "the clock goes on")
    shop.run("INSERT INTO a VALUES (2)")
    second = shop.bookmark()

    assert shop.bookmark(moment) == first
    assert shop.bookmark(datetime.now(UTC) + timedelta(days=1)) == second
    shop.restore(timestamp=moment)
    assert shop.run("SELECT b FROM a") == [1]


def test_the_past_outlives_a_restart_and_not_the_database(
    sdk: Cloudflare, cloudflare_api: LocalCloudflare, shop: Shop
) -> None:
    before = shop.bookmark()
    shop.run("INSERT INTO a VALUES (1)")
    cloudflare_api.kill()
    cloudflare_api.restart()

    shop.restore(bookmark=before)

    assert shop.run("SELECT b FROM a") == []
    sdk.d1.database.delete(shop.id, account_id=cloudflare_api.account_id)
    assert not list((cloudflare_api.data / "time_travel").glob(f"{shop.id}*"))


def test_what_cannot_be_gone_back_to_is_refused(shop: Shop) -> None:
    for to in (
        {},
        {"bookmark": "../../x"},
        {"bookmark": "00000000-00000000-00000000-" + "0" * 32},
        {"timestamp": "now"},
    ):
        with pytest.raises(BadRequestError):
            shop.restore(**to)
    with pytest.raises(BadRequestError, match="no state of the database at or before"):
        shop.bookmark(datetime.fromtimestamp(time.time() - 86400, UTC))
