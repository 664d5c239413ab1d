"""What the account holds survives a restart, also one after SIGKILL; and nothing is half there."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import cloudflare
import httpx
import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import create_namespace, upload

PAGE = """export default {
  async fetch(request, env) {
    const { name } = await env.DB.prepare("SELECT name FROM who").first();
    const object = await env.R2.get("b");
    return Response.json({ kv: await env.KV.get("a"), r2: await object.text(), d1: name, t: env.T });
  },
};"""


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudflare]:
    """A local Cloudflare of the test's own, to stop and kill."""
    server = LocalCloudflare(tmp_path_factory.mktemp("own"))
    try:
        yield server
    finally:
        server.close()


def client(own: LocalCloudflare) -> Cloudflare:
    return Cloudflare(api_token=own.token, base_url=own.url, max_retries=0)


def fill(own: LocalCloudflare) -> None:
    """One of each kind, with data, bound to a Worker that reads all of it."""
    account = own.account_id
    with client(own) as sdk:
        kv = create_namespace(sdk, account, "LOGS").id
        sdk.kv.namespaces.values.update("a", account_id=account, namespace_id=kv, value=b"from kv")
        sdk.r2.buckets.create(account_id=account, name="efh-pages")
        sdk.r2.buckets.objects.upload("b", account_id=account, bucket_name="efh-pages", body=b"from r2")
        d1 = sdk.d1.database.create(account_id=account, name="journal").uuid or ""
        sdk.d1.database.query(
            d1, account_id=account, sql="CREATE TABLE who (name TEXT); INSERT INTO who VALUES ('ada')"
        )
        bindings: list[dict[str, Any]] = [
            {"type": "kv_namespace", "name": "KV", "namespace_id": kv},
            {"type": "r2_bucket", "name": "R2", "bucket_name": "efh-pages"},
            {"type": "d1", "name": "DB", "database_id": d1},
            {"type": "secret_text", "name": "T", "text": "s3cret"},
        ]
        upload(sdk, account, "page", PAGE, bindings=bindings, reachable=True)
        sdk.queues.create(account_id=account, queue_name="efh-tasks")
        sdk.workers.scripts.schedules.update("page", account_id=account, body=[{"cron": "0 3 * * *"}])


ANSWER = {"kv": "from kv", "r2": "from r2", "d1": "ada", "t": "s3cret"}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_everything_is_there_again_after_a_restart(own: LocalCloudflare, end: str) -> None:
    fill(own)
    assert own.fetch("page").json() == ANSWER
    before = own.account()
    address = (own.url, own.token, own.workers_url)

    getattr(own, end)()
    own.restart()

    assert (own.url, own.token, own.workers_url) == address
    assert own.account() == before
    assert own.fetch("page").json() == ANSWER


def test_a_kill_in_the_middle_of_uploads_leaves_whole_workers(own: LocalCloudflare) -> None:
    """Each Worker that is listed afterwards is complete, runs, and was answered for or asked for."""
    asked: list[str] = []
    answered: list[str] = []
    sdk = client(own)

    def upload_on() -> None:
        for number in range(1000):
            asked.append(f"w{number}")
            try:
                upload(sdk, own.account_id, f"w{number}", reachable=True)
            except cloudflare.APIConnectionError:
                return
            answered.append(f"w{number}")

    thread = threading.Thread(target=upload_on)
    thread.start()
    while len(answered) < 5 and thread.is_alive():
        thread.join(0.01)
    own.kill()
    thread.join()
    sdk.close()
    own.restart()

    with client(own) as again:
        listed = {worker.id or "" for worker in again.workers.scripts.list(account_id=own.account_id)}
    assert set(answered) <= listed <= set(asked)
    for name in sorted(listed & set(answered)):
        assert own.fetch(name).text == "hello"
    for name in listed:
        assert own.call("GET", f"/workers/scripts/{name}/content/v2").is_success
    # What may be left of an unfinished upload is swept away at the start.
    assert {path.name for path in (own.data / "scripts").iterdir()} == listed


def test_workers_logs_are_read_over_the_controls_and_requests_without_their_query(own: LocalCloudflare) -> None:
    with client(own) as sdk:
        script = "export default { fetch() { console.log('a line'); return new Response('ok'); } };"
        upload(sdk, own.account_id, "talker", script, reachable=True)
    assert own.fetch("talker").text == "ok"
    url = f"{own.url.removesuffix('/client/v4')}/_local/logs?follow=true&requests=true&worker=talker"
    headers = {"Authorization": f"Bearer {own.token}"}
    with httpx.stream("GET", url, headers=headers, timeout=30) as lines:
        told = map(json.loads, lines.iter_lines())
        assert "a line" in next(told)["text"]
        assert own.fetch("talker", "/asked?token=secret").text == "ok"
        texts = (line["text"] for line in told if line["level"] == "request" and line["time"] > 0)
        asked = next(text for text in texts if "/asked" in text)

    assert re.fullmatch(r"GET /asked 200 \(\d+ ms\)", asked)
