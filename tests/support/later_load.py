"""The proof that a task which nobody waits for ends once, whatever is killed, repeated or refused on the way.

The routing Worker runs in the local Cloudflare, with its queue, its D1 and an autopilot outside that refuses and breaks
on and off. By turns each workerd is killed (SIGKILL), and the whole local Cloudflare, which is started again on its
data; messages are delivered twice, and callers repeat what they were not answered. `measure(...)` returns the figures;
`python -m bench.later` prints them for a large load, tests/integration/api/test_later_load.py holds them for a small
one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.modules import bundle, router_data
from orchestrator.desired.workers import ROUTER_FLAGS
from orchestrator.routing.table import AsyncRule, Route, RoutingTable, TaskRule
from tests.support.counting_autopilot import CountingAutopilot, counting_autopilot
from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.worker_upload import MODULE

TOKEN = "token-of-these-tests-0123456789abcdef"
_SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
_TIMEOUT_MS = 5_000
_STILL_S = 40  # longer than a lease and the retries' pauses: what has not moved by then waits for a lost message
_KINDS = (("job", "pay"), ("job", "moody"), ("job", "stumble"), ("once", "pay"), ("once", "moody"), ("once", "cut"))
"""Task, and what the autopilot does: `moody` refuses every other two seconds, `stumble` and `cut` break after it."""


@dataclass(kw_only=True)
class Figures:
    """`ends`: how many runs ended how; `most_deeds` of a task with `once`; `lost`: accepted, and not in the record;
    `resent`: messages that the cron sent for those that were missing."""

    tasks: int
    kills: int
    repeated: int = 0
    calls: int = 0
    seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    most_deeds: int = 0
    undone: int = 0
    lost: int = 0
    resent: int = 0

    @property
    def is_right(self) -> bool:
        endings = {"done", "not-done", "unknown", "dead"}
        return not self.lost and not self.undone and self.most_deeds <= 1 and set(self.ends) <= endings


class LaterCloud:
    """A local Cloudflare with the routing Worker `router`, whose `max_concurrency` is that of its autopilot's tasks."""

    def __init__(self, data: Path, autopilot: CountingAutopilot, *, max_concurrency: int | None = None) -> None:
        self.api = LocalCloudflare(data)
        self._deploy(autopilot, max_concurrency)

    def _deploy(self, autopilot: CountingAutopilot, most: int | None) -> None:
        later = AsyncRule(retries=5, backoff_ms=1_000, max_concurrency=most)
        endpoint = f"http://127.0.0.1:{autopilot.port}/"
        table = RoutingTable(
            autopilots=(Route(name="counter", capabilities=("job.run", "once.run"), endpoint=endpoint),),
            tasks={
                "job": TaskRule(capability="job.run", idempotent=True, timeout_ms=_TIMEOUT_MS, later=later),
                "once": TaskRule(capability="once.run", once=True, timeout_ms=_TIMEOUT_MS, later=later),
                "now": TaskRule(capability="job.run", timeout_ms=_TIMEOUT_MS),
            },
        )
        sources = {"router": "router/src/index.ts"}
        data = router_data(table, root=ROOT)
        made = bundle(sources=sources, contents={}, data=data, root=ROOT, build=Path(".build/later-load"))
        queues = {name: self._call("POST", "/queues", json={"queue_name": name}) for name in ("tasks", "tasks-dead")}
        self.queue_id = queues["tasks"]["queue_id"]
        self.database = self._call("POST", "/d1/database", json={"name": "records"})["uuid"]
        namespace = self._call("POST", "/storage/kv/namespaces", json={"title": "REGISTRY"})["id"]
        texts = {"API_TOKEN": TOKEN, "WEBHOOK_SECRET": _SECRET, "STAGE": "local"}
        bindings = [
            {"type": "d1", "name": "DB", "id": self.database},
            {"type": "kv_namespace", "name": "REGISTRY", "namespace_id": namespace},
            {"type": "queue", "name": "TASK_QUEUE", "queue_name": "tasks"},
            {"type": "queue", "name": "DEAD_LETTER_QUEUE", "queue_name": "tasks-dead"},
            *({"type": "secret_text", "name": name, "text": text} for name, text in texts.items()),
        ]
        metadata = {
            "main_module": "router.js",
            "compatibility_date": "2026-07-01",
            "compatibility_flags": list(ROUTER_FLAGS),
            "bindings": bindings,
        }
        with httpx.Client() as plain:
            form = {
                "metadata": (None, plain.build_request("POST", "http://x", json=metadata).content, "application/json")
            }
        files = {**form, "router.js": ("router.js", (ROOT / made["router"].path).read_bytes(), MODULE)}
        self._call("PUT", "/workers/scripts/router", files=files)
        self._call("POST", "/workers/scripts/router/subdomain", json={"enabled": True})
        consumer = {
            "type": "worker",
            "script_name": "router",
            "dead_letter_queue": "tasks-dead",
            "settings": {"batch_size": 10, "max_retries": 100, "max_wait_time_ms": 1_000, "retry_delay": 10},
        }
        self._call("POST", f"/queues/{self.queue_id}/consumers", json=consumer)

    @property
    def address(self) -> tuple[str, dict[str, str]]:
        """Where the router answers, and the headers that a request needs."""
        url = httpx.URL(self.api.workers_url.format(worker="router"))
        headers = {"host": f"{url.host}:{url.port}", "authorization": f"Bearer {TOKEN}"}
        return f"http://127.0.0.1:{url.port}", headers

    def is_up(self) -> bool:
        try:
            return self.api.call("POST", f"/d1/database/{self.database}/query", json={"sql": "SELECT 1"}).is_success
        except httpx.HTTPError:
            return False

    def fire_cron(self) -> int:
        """The router's scheduled work; how many messages it sent."""
        url, headers = self.address
        answer = httpx.post(f"{url}/__scheduled", headers=headers, timeout=60)
        return int(answer.json()["fed"] or 0) if answer.is_success else 0

    def pause(self, *, is_paused: bool) -> None:
        """Whether the queue delivers nothing for now."""
        self._call("PATCH", f"/queues/{self.queue_id}", json={"settings": {"delivery_paused": is_paused}})

    def deliver_again(self, run: Mapping[str, Any]) -> None:
        message = {"body": {"run": run["id"], "task": run["task"]}, "content_type": "json"}
        self._call("POST", f"/queues/{self.queue_id}/messages", json=message)

    def sql(self, statement: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._call("POST", f"/d1/database/{self.database}/query", json={"sql": statement})[
            0
        ]["results"]
        return rows

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.api.call(method, path, **options).json()
        assert answer["success"], f"{method} {path}: {answer}"
        return answer["result"]


def measure(data: Path, *, tasks: int, kills: int, at_once: int = 16, seed: int = 1, within_s: float = 1800) -> Figures:
    """Ask for so many tasks, kill so often on the way, and wait for the end of each."""
    figures = Figures(tasks=tasks, kills=kills)
    chance = random.Random(seed)  # noqa: S311 - a load, not a secret
    begun = time.monotonic()
    with counting_autopilot() as autopilot:
        cloud = LaterCloud(data, autopilot)
        try:
            accepted = asyncio.run(_ask(cloud, tasks, kills, at_once, chance, figures))
            _wait(cloud, within_s, figures)
            figures.seconds = time.monotonic() - begun
            rows = {row["id"]: row for row in cloud.sql("SELECT id, task, status FROM runs")}
        finally:
            cloud.api.close()
        figures.lost = len(accepted - rows.keys())
        figures.ends = Counter(row["status"] for row in rows.values())
        figures.calls = sum(autopilot.calls.values())
        once = [id for id, row in rows.items() if row["task"] == "once"]
        figures.most_deeds = max((autopilot.deeds[id] for id in once), default=0)
        figures.undone = sum(row["status"] == "done" and not autopilot.deeds[id] for id, row in rows.items())
    return figures


async def _ask(
    cloud: LaterCloud, tasks: int, kills: int, at_once: int, chance: random.Random, figures: Figures
) -> set[str]:
    """The ids of the runs that were accepted."""
    kinds = [(number, *chance.choice(_KINDS)) for number in range(tasks)]
    accepted: set[str] = set()
    # So that kills come while tasks are asked for and while they are tried.
    kill_at = {tasks * (number + 1) // (kills + 1) for number in range(kills)}
    places = asyncio.Semaphore(at_once)

    async def ask(http: httpx.AsyncClient, number: int, task: str, do: str) -> None:
        async with places:
            while True:  # until it is answered: the key makes one run of all repeats
                url, headers = cloud.address
                try:
                    answer = await http.post(
                        f"{url}/autopilot/plan",
                        json={"task": task, "meta": {"do": do}},
                        headers={**headers, "idempotency-key": f"key-{number}"},
                    )
                    # A repeat may come when the run has ended.
                    if answer.status_code in (200, 201, 202) or answer.headers.get("x-run-id"):
                        accepted.add(answer.headers["x-run-id"])
                        return
                    if answer.status_code == 409:
                        return
                except httpx.HTTPError:
                    pass
                figures.repeated += 1
                await asyncio.sleep(0.2)

    async with httpx.AsyncClient(timeout=30) as http:
        waiting: list[asyncio.Task[None]] = []
        killed: list[int] = []
        for number, task, do in kinds:
            waiting.append(asyncio.create_task(ask(http, number, task, do)))
            if len(waiting) >= 4 * at_once:
                await asyncio.gather(*waiting)
                waiting.clear()
            if number in kill_at:
                while len(accepted) < number // 2:  # in the middle, not before anything has happened
                    await asyncio.sleep(0.05)
                await asyncio.to_thread(_kill, cloud, chance, is_whole=len(killed) % 2 == 0)
                killed.append(number)
        await asyncio.gather(*waiting)
    return accepted


def _kill(cloud: LaterCloud, chance: random.Random, *, is_whole: bool) -> None:
    if is_whole:
        cloud.api.kill()
        cloud.api.restart()
    else:
        cloud.api.kill_workers()
        eventually(cloud.is_up, "workerd is there again")
    for row in cloud.sql("SELECT id, task FROM runs ORDER BY created_at DESC LIMIT 50"):
        if chance.random() < 0.5:
            cloud.deliver_again(row)


def _wait(cloud: LaterCloud, within_s: float, figures: Figures) -> None:
    """Until nothing is queued, or running with a lease that is not over. The cron comes all the while; where nothing
    has ended for a while, the ten minutes are over after which it takes a message for lost."""
    deadline = time.monotonic() + within_s
    before, since = -1, time.monotonic()
    while True:
        now = int(time.time() * 1000)
        left = cloud.sql(
            "SELECT count(*) AS runs FROM runs WHERE status = 'queued' OR status = 'running' AND"  # noqa: S608 - a number
            f" (expires_at > {now} OR NOT guarded)"
        )[0]["runs"]
        if left == 0:
            # The record has a lease that is over as `running`; who reads it over the API is told `unknown`.
            cloud.sql("UPDATE runs SET status = 'unknown' WHERE status = 'running' AND guarded")
            return
        assert time.monotonic() < deadline, f"{left} runs have not ended within {within_s:g} s"
        if left != before:
            before, since = left, time.monotonic()
        elif time.monotonic() - since > _STILL_S:
            ago = ", ".join(f"{name} = {name} - 1200000" for name in ("due_at", "expires_at", "sent_at"))
            late = f"status IN ('queued', 'running') AND coalesce(due_at, expires_at) < {now}"
            cloud.sql(f"UPDATE runs SET {ago} WHERE {late}")  # noqa: S608 - names and a number
            since = time.monotonic()
        figures.resent += cloud.fire_cron()
        time.sleep(0.5)


def lateness(data: Path, *, seconds: int) -> float:
    """How much later than asked for a task comes to its autopilot that is to be done so many seconds from now."""
    with counting_autopilot() as autopilot:
        cloud = LaterCloud(data, autopilot)
        try:
            url, headers = cloud.address
            at = time.time() + seconds
            body = {"task": "job", "meta": {"do": "pay"}, "at": _rfc3339(at)}
            run = httpx.post(f"{url}/autopilot/plan", json=body, headers=headers, timeout=30).json()["id"]
            deadline = time.monotonic() + seconds + 60
            while run not in autopilot.first_call and time.monotonic() < deadline:
                time.sleep(0.02)
            return autopilot.first_call[run] - at
        finally:
            cloud.api.close()


def _rfc3339(at: float) -> str:
    whole, part = divmod(at, 1)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(part * 1000):03}Z"
