"""Cron runs and logs in the runtime."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_cloudflare.runtime.errors import RuntimeFault
from local_cloudflare.runtime.models import LogLine
from tests.support.live_runtime import LiveRuntime, live_runtime

CRON = """export default {
  async scheduled({ cron, scheduledTime }, env, ctx) {
    if (cron === "0 0 * * *") throw new Error("midnight");
    ctx.waitUntil(env.KV.put("run", JSON.stringify({ cron, scheduledTime })));
  } };"""
TALKER = """export default { fetch(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/throw") throw new RangeError("too far");
  console.log("path", pathname, { list: [1, null] });
  console.error(new Error("logged"));
  return new Response();
} };"""
NAMESPACE = ({"type": "kv_namespace", "name": "KV", "namespace_id": "crons"},)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRuntime]:
    with live_runtime(tmp_path_factory.mktemp("runtime")) as live:
        yield live


def test_a_cron_runs_with_its_expression_and_time(live: LiveRuntime) -> None:
    live.upload("nightly", CRON, bindings=NAMESPACE, crons=("*/5 * * * *",))
    result = live.run(live.runtime.scheduled("nightly", "*/5 * * * *", 1_800_000_000_000))
    assert (result.outcome, result.detail) == ("ok", "")
    written = live.run(live.runtime.kv.get("crons", "run"))
    assert written is not None
    assert json.loads(written.value) == {"cron": "*/5 * * * *", "scheduledTime": 1_800_000_000_000}


def test_a_cron_that_throws_says_what(live: LiveRuntime) -> None:
    live.upload("nightly", CRON, bindings=NAMESPACE)
    result = live.run(live.runtime.scheduled("nightly", "0 0 * * *", 0))
    assert (result.outcome, result.detail) == ("exception", "Error: midnight")


def test_a_cron_of_a_worker_without_a_handler_fails(live: LiveRuntime) -> None:
    live.upload("no-handler", "export default { fetch() {} };")
    assert live.run(live.runtime.scheduled("no-handler", "* * * * *", 0)).outcome == "exception"


def test_a_cron_of_a_worker_that_is_not_there_is_a_fault(live: LiveRuntime) -> None:
    with pytest.raises(RuntimeFault, match="there is no Worker nobody"):
        live.run(live.runtime.scheduled("nobody", "* * * * *", 0))


def test_a_worker_with_a_cron_is_loaded_before_it_is_called(live: LiveRuntime) -> None:
    live.upload("early", CRON, bindings=NAMESPACE)
    assert "early" not in live.state()["loaded"]
    live.run(live.runtime.set_crons("early", ["* * * * *"]))
    live.run(_until(live, lambda state: "early" in state["loaded"]))


def test_what_a_worker_writes_and_throws_is_logged_under_its_name(live: LiveRuntime) -> None:
    live.upload("talker", TALKER)
    live.call("talker", "/one")
    live.call("talker", "/throw")
    first, second, third = live.run(_lines(live, "talker", 3))
    assert [line.level for line in (first, second, third)] == ["log", "error", "exception"]
    assert first.text == "path /one { list: [ 1, null ] }"
    assert second.text.startswith("Error: logged")
    assert third.text.startswith("RangeError: too far\n    at ")
    assert [line.worker for line in (first, second, third)] == ["talker"] * 3
    file = (live.folder / "data" / "logs" / "workers.log").read_text()
    assert " talker log path /one { list: [ 1, null ] }\n" in file
    assert " talker exception RangeError: too far\n        at " in file


def test_logs_are_read_from_a_place_on_and_followed(live: LiveRuntime) -> None:
    live.upload("follower", TALKER)
    live.call("follower", "/two")
    known = live.run(_lines(live, "follower", 2))[-1].seq
    live.call("follower", "/three")
    assert live.run(_lines(live, "follower", 1, since=known))[0].text.startswith("path /three")


async def _lines(live: LiveRuntime, worker: str, count: int, since: int = 0) -> list[LogLine]:
    """The first `count` lines, as soon as they are there."""
    found: list[LogLine] = []
    lines = live.runtime.logs(worker, since=since, follow=True)
    async with asyncio.timeout(20):
        async for line in lines:
            found.append(line)
            if len(found) == count:
                break
    await lines.aclose()
    return found


async def _until(live: LiveRuntime, holds: Callable[[dict[str, Any]], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds(await live.runtime.state()):
            await asyncio.sleep(0.02)  # between two looks


def test_mail_can_be_sent_to_whom_the_binding_allows(live: LiveRuntime) -> None:
    live.upload(
        "mailer",
        """export default { async fetch(_, env) {
          const send = (to) => env.SEND_EMAIL.send({ from: "a@example.com", to, subject: "s", text: "t" });
          const { messageId } = await send("b@example.com");
          return new Response(messageId ? await send("c@example.com").catch((error) => error.message) : "no id");
        } };""",
        bindings=({"type": "send_email", "name": "SEND_EMAIL", "allowed_destination_addresses": ["b@example.com"]},),
    )
    assert live.call("mailer").text == "email to c@example.com not allowed"
