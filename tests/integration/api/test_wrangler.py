"""The same API through wrangler, Cloudflare's own command line: one flow for each product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.wrangler import Wrangler

SCRIPT = """export default {
  async fetch(request, env) {
    return Response.json({ greeting: env.GREETING, secret: env.TOKEN ?? null, kv: await env.KV.get("a") });
  },
  async scheduled() {},
};
"""


@pytest.fixture
def wrangler(tmp_path: Path, cloudflare_api: LocalCloudflare) -> Wrangler:
    return Wrangler(tmp_path / "project", cloudflare_api)


def namespace_id(api: LocalCloudflare, title: str) -> str:
    listed: list[dict[str, Any]] = api.call("GET", "/storage/kv/namespaces").json()["result"]
    return str(next(namespace["id"] for namespace in listed if namespace["title"] == title))


def test_who_is_logged_in(wrangler: Wrangler, cloudflare_api: LocalCloudflare) -> None:
    output = wrangler("whoami")
    assert cloudflare_api.account_id in output
    assert "Local Cloudflare" in output


def test_kv(wrangler: Wrangler, cloudflare_api: LocalCloudflare) -> None:
    wrangler("kv", "namespace", "create", "LOGS")
    id = namespace_id(cloudflare_api, "LOGS")
    assert json.loads(wrangler("kv", "namespace", "list")) == [
        {"id": id, "title": "LOGS", "supports_url_encoding": True}
    ]
    here = ("--namespace-id", id, "--remote")
    wrangler("kv", "key", "put", "a/b", "value", "--metadata", '{"from":"test"}', *here)
    assert wrangler("kv", "key", "get", "a/b", "--text", *here).strip() == "value"
    assert json.loads(wrangler("kv", "key", "list", *here)) == [{"name": "a/b", "metadata": {"from": "test"}}]
    wrangler("kv", "key", "delete", "a/b", *here)
    wrangler("kv", "namespace", "delete", "--namespace-id", id, "--skip-confirmation")
    assert cloudflare_api.call("GET", "/storage/kv/namespaces").json()["result"] == []


def test_r2(wrangler: Wrangler, cloudflare_api: LocalCloudflare) -> None:
    wrangler("r2", "bucket", "create", "efh-pages")
    assert "efh-pages" in wrangler("r2", "bucket", "list")
    (wrangler.folder / "page.html").write_text("<h1>Hello</h1>")
    wrangler("r2", "object", "put", "efh-pages/a/page.html", "--file", "page.html", "--remote")
    wrangler("r2", "object", "get", "efh-pages/a/page.html", "--file", "copy.html", "--remote")
    assert (wrangler.folder / "copy.html").read_text() == "<h1>Hello</h1>"
    assert "is not empty" in wrangler("r2", "bucket", "delete", "efh-pages", fails=True)
    wrangler("r2", "object", "delete", "efh-pages/a/page.html", "--remote")
    wrangler("r2", "bucket", "delete", "efh-pages")
    assert cloudflare_api.call("GET", "/r2/buckets").json()["result"] == {"buckets": []}


def test_d1(wrangler: Wrangler, cloudflare_api: LocalCloudflare) -> None:
    wrangler("d1", "create", "journal")
    execute = ("d1", "execute", "journal", "--remote", "--yes", "--json", "--command")
    wrangler(*execute, "CREATE TABLE run (task TEXT); INSERT INTO run VALUES ('generate_page')")
    (answer,) = json.loads(wrangler(*execute, "SELECT task FROM run"))
    assert answer["results"] == [{"task": "generate_page"}]
    assert "no such table" in wrangler(*execute, "SELECT * FROM absent", fails=True)


def test_a_worker_is_deployed_updated_and_deleted(wrangler: Wrangler, cloudflare_api: LocalCloudflare) -> None:
    wrangler("kv", "namespace", "create", "LOGS")
    id = namespace_id(cloudflare_api, "LOGS")
    cloudflare_api.call("PUT", f"/storage/kv/namespaces/{id}/values/a", content=b"from kv")
    config: dict[str, Any] = {
        "name": "hello",
        "main": "index.js",
        "compatibility_date": "2026-01-01",
        "workers_dev": True,
        "vars": {"GREETING": "hi"},
        "kv_namespaces": [{"binding": "KV", "id": id}],
        "assets": {"directory": "public", "run_worker_first": ["/"]},
        "triggers": {"crons": ["*/15 * * * *"]},
    }
    (wrangler.folder / "index.js").write_text(SCRIPT)
    (wrangler.folder / "public").mkdir()
    (wrangler.folder / "public" / "about.html").write_text("<p>about</p>")
    (wrangler.folder / "wrangler.json").write_text(json.dumps(config))

    assert "schedule: */15 * * * *" in wrangler("deploy")
    assert cloudflare_api.fetch("hello").json() == {"greeting": "hi", "secret": None, "kv": "from kv"}
    assert cloudflare_api.fetch("hello", "/about").text == "<p>about</p>"

    wrangler("secret", "put", "TOKEN", stdin="s3cret")
    config["vars"]["GREETING"] = "good day"
    (wrangler.folder / "wrangler.json").write_text(json.dumps(config))
    wrangler("deploy")
    assert cloudflare_api.fetch("hello").json() == {"greeting": "good day", "secret": "s3cret", "kv": "from kv"}

    config["triggers"]["crons"] = []
    (wrangler.folder / "wrangler.json").write_text(json.dumps(config))
    wrangler("triggers", "deploy")
    assert cloudflare_api.call("GET", "/workers/scripts/hello/schedules").json()["result"] == {"schedules": []}

    wrangler("delete", "--force")
    assert cloudflare_api.call("GET", "/workers/scripts").json()["result"] == []


def test_a_database_travels_in_time(wrangler: Wrangler, cloudflare_api: LocalCloudflare) -> None:
    wrangler("d1", "create", "shop")
    execute = ("d1", "execute", "shop", "--remote", "--yes", "--json", "--command")
    wrangler(*execute, "CREATE TABLE a (b)")
    told = wrangler("d1", "time-travel", "info", "shop", "--json")
    bookmark = json.loads(told[told.index("{") :])["bookmark"]
    wrangler(*execute, "DROP TABLE a")

    done = wrangler("d1", "time-travel", "restore", "shop", "--bookmark", bookmark, "--json")

    assert json.loads(done[done.index("{") :])["previous_bookmark"] > bookmark
    assert json.loads(wrangler(*execute, "SELECT count(*) AS n FROM a"))[0]["results"] == [{"n": 0}]


def test_a_database_is_exported_in_part_and_imported_from_a_file(
    wrangler: Wrangler, cloudflare_api: LocalCloudflare
) -> None:
    for name in ("shop", "copy"):
        wrangler("d1", "create", name)
    sql = "CREATE TABLE a (b); CREATE TABLE c (d); INSERT INTO a VALUES (1), ('it''s;'); INSERT INTO c VALUES (2)"
    wrangler("d1", "execute", "shop", "--remote", "--yes", "--command", sql)
    file = wrangler.folder / "part.sql"

    wrangler("d1", "export", "shop", "--remote", "--table", "a", "--output", str(file))
    wrangler("d1", "execute", "copy", "--remote", "--yes", "--file", str(file))
    rows = wrangler("d1", "execute", "copy", "--remote", "--json", "--command", "SELECT b FROM a ORDER BY rowid")
    wrangler("d1", "export", "shop", "--remote", "--no-data", "--output", str(file))

    assert json.loads(rows[rows.index("[") :])[0]["results"] == [{"b": 1}, {"b": "it's;"}]
    assert file.read_text(encoding="utf-8").splitlines()[1:] == ["CREATE TABLE a (b);", "CREATE TABLE c (d);"]
