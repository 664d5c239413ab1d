"""Messages of queues: from a Worker's binding, or the REST API, to a Worker's `queue` handler, by way of retries."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from cloudflare import Cloudflare

from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import create_namespace, upload

# Sends what it is told, and keeps each delivery under "<n> <attempts>". A message is thrown, or retried after so many
# seconds, up to the attempt that it says.
WORKER = """
export default {
  async fetch(request, env) {
    const { messages, options, batch } = await request.json();
    try {
      if (batch) await env.TASKS.sendBatch(batch, options);
      for (const each of messages ?? []) await env.TASKS.send(each, options);
      return new Response("sent");
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
  async queue(batch, env) {
    for (const message of batch.messages) {
      const body = message.body instanceof ArrayBuffer ? { n: new TextDecoder().decode(message.body) } : message.body;
      const { n = body, until = 0, what, after } = body instanceof Map ? { n: body.get("n") } : body;
      await env.SEEN.put(`${n} ${message.attempts}`, JSON.stringify([batch.queue, batch.messages.length]));
      if (message.attempts > until) message.ack();
      else if (what === "throw") throw new Error("not today");
      else message.retry(after === undefined ? {} : { delaySeconds: after });
    }
  },
};
"""
AT_ONCE = {"max_wait_time_ms": 0}


class Post:
    """A queue `tasks` with its dead letters, and the Worker that sends to it and takes from it."""

    def __init__(self, api: LocalCloudflare, sdk: Cloudflare) -> None:
        self.api = api
        account = api.account_id
        self.seen_id = create_namespace(sdk, account, "seen").id
        self.queues = {
            name: api.call("POST", "/queues", json={"queue_name": name}).json()["result"]["queue_id"]
            for name in ("tasks", "tasks-dead")
        }
        bindings = [
            {"type": "queue", "name": "TASKS", "queue_name": "tasks"},
            {"type": "kv_namespace", "name": "SEEN", "namespace_id": self.seen_id},
        ]
        upload(sdk, account, "post", WORKER, bindings=bindings, reachable=True)

    def consume(self, **settings: Any) -> None:
        body = {
            "type": "worker",
            "script_name": "post",
            "dead_letter_queue": "tasks-dead",
            "settings": {**AT_ONCE, **settings},
        }
        answer = self.api.call("POST", f"/queues/{self.queues['tasks']}/consumers", json=body).json()
        assert answer["success"], answer

    def send(self, *messages: Any, **more: Any) -> httpx.Response:
        host = httpx.URL(self.api.workers_url.format(worker="post"))
        url = f"http://127.0.0.1:{host.port}/"
        body = {"messages": messages, **more}
        return httpx.post(url, json=body, headers={"host": f"{host.host}:{host.port}"}, timeout=30)

    def seen(self) -> list[str]:
        keys = self.api.call("GET", f"/storage/kv/namespaces/{self.seen_id}/keys").json()["result"]
        return sorted(each["name"] for each in keys)

    def waiting(self, name: str) -> dict[str, Any]:
        state = self.api.local("GET", "/state")
        waiting: dict[str, Any] = next(each for each in state["queues"] if each["queue_name"] == name)["waiting"]
        return waiting

    def sees(self, *keys: str) -> None:
        eventually(lambda: self.seen() == sorted(keys), lambda: f"seen: {self.seen()}")


@pytest.fixture
def post(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> Post:
    return Post(cloudflare_api, sdk)


def test_what_a_worker_sends_arrives_whatever_its_type(post: Post) -> None:
    post.consume()

    assert post.send({"n": "json"}).text == "sent"
    assert post.send({"n": "v8"}, options={"contentType": "v8"}).text == "sent"
    assert post.send("plain", options={"contentType": "text"}).text == "sent"
    batch = [{"body": {"n": "b1"}}, {"body": "b2", "contentType": "text"}]
    assert post.send(batch=batch).text == "sent"
    pushed = post.api.call(
        "POST", f"/queues/{post.queues['tasks']}/messages", json={"body": {"n": "rest"}, "content_type": "json"}
    )
    assert pushed.json()["success"]

    post.sees("json 1", "v8 1", "plain 1", "b1 1", "b2 1", "rest 1")
    eventually(lambda: post.waiting("tasks")["count"] == 0, "tasks is empty")


def test_each_message_is_retried_by_itself_and_ends_among_the_dead_letters(post: Post) -> None:
    post.consume(max_retries=2)

    post.send({"n": "fine"}, {"n": "twice", "until": 1}, {"n": "never", "until": 9})

    post.sees("fine 1", "twice 1", "twice 2", "never 1", "never 2", "never 3")
    eventually(lambda: post.waiting("tasks-dead")["count"] == 1, "a dead letter")
    assert post.waiting("tasks")["count"] == 0


def test_a_handler_that_throws_gets_the_batch_again(post: Post) -> None:
    post.consume()

    post.send({"n": "thrown", "until": 2, "what": "throw"})

    post.sees("thrown 1", "thrown 2", "thrown 3")


def test_a_delay_is_waited_for_and_may_be_as_long_as_twelve_hours(post: Post) -> None:
    post.consume()

    assert post.send({"n": "later"}, options={"delaySeconds": 43_200}).text == "sent"
    assert post.send({"n": "soon"}, options={"delaySeconds": 1}).text == "sent"
    assert "Bad Request" in post.send({"n": "too late"}, options={"delaySeconds": 43_201}).text

    post.sees("soon 1")
    assert post.waiting("tasks")["delayed"] == 1


def test_a_message_that_is_too_large_is_refused(post: Post) -> None:
    assert "Too Large" in post.send("x" * 128_001, options={"contentType": "text"}).text
    assert post.waiting("tasks")["count"] == 0


def test_what_waits_and_what_is_on_its_way_is_there_after_a_kill(post: Post) -> None:
    post.send(*({"n": f"kept{number}"} for number in range(3)))
    assert post.waiting("tasks")["count"] == 3

    post.api.kill()
    post.api.restart()
    assert post.waiting("tasks")["count"] == 3
    post.consume()

    post.sees("kept0 1", "kept1 1", "kept2 1")


def test_a_paused_queue_delivers_nothing_until_it_is_resumed(post: Post, sdk: Cloudflare) -> None:
    post.consume()
    path = f"/queues/{post.queues['tasks']}"
    post.api.call("PATCH", path, json={"settings": {"delivery_paused": True}})
    empty = sdk.queues.get_metrics(post.queues["tasks"], account_id=post.api.account_id)
    assert empty
    assert (empty.backlog_count, empty.backlog_bytes, empty.oldest_message_timestamp_ms) == (0, 0, 0)

    post.send({"n": "first"})
    assert (post.waiting("tasks")["count"], post.seen()) == (1, [])
    told = sdk.queues.get_metrics(post.queues["tasks"], account_id=post.api.account_id)
    assert told
    assert (told.backlog_count, told.backlog_bytes) == (1, len('{"n":"first"}'))
    assert told.oldest_message_timestamp_ms > 0
    post.api.call("PATCH", path, json={"settings": {"delivery_paused": False}})

    post.sees("first 1")


def test_a_purge_removes_what_waits_and_has_to_be_confirmed(post: Post) -> None:
    post.send({"n": "gone"})
    path = f"/queues/{post.queues['tasks']}/purge"

    assert not post.api.call("POST", path, json={}).json()["success"]
    assert post.waiting("tasks")["count"] == 1
    assert post.api.call("POST", path, json={"delete_messages_permanently": True}).json()["success"]

    assert post.waiting("tasks")["count"] == 0
    assert post.api.call("GET", path).json()["result"]["completed"] == "true"


def test_a_queue_in_use_is_not_deleted_and_says_who_sends_to_it(post: Post) -> None:
    found = post.api.call("GET", f"/queues/{post.queues['tasks']}").json()["result"]
    assert found["producers"] == [{"type": "worker", "script": "post"}]

    refused = post.api.call("DELETE", f"/queues/{post.queues['tasks']}").json()

    assert "post" in refused["errors"][0]["message"]


def test_a_worker_is_not_bound_to_a_queue_that_is_not_there(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> None:
    with pytest.raises(Exception, match="does not exist"):
        upload(
            sdk,
            cloudflare_api.account_id,
            "post",
            bindings=[{"type": "queue", "name": "TASKS", "queue_name": "nowhere"}],
        )
