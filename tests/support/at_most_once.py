"""The proof that a `once` task is done at most once for a caller and key.

Many concurrent repeats go through two isolates of the routing Worker to autopilots of which some are slow or break,
while workerd is killed in the middle and started again on the same D1. `measure(...)` returns the figures. A success is
*wrong* when the caller is told 2xx and the autopilot did nothing under that run, or the answer is another run's.
`python -m bench.at_most_once` prints them for a large load; tests/router/test_at_most_once.py holds them for a
small one.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from orchestrator.bundle.modules import bundle, router_data
from orchestrator.routing.table import Route, RoutingTable, TaskRule
from tests.support.counting_autopilot import CountingAutopilot, counting_autopilot
from tests.support.killable_workerd import KillableWorkerd
from tests.support.project import ROOT
from tests.support.workerd import EACH_ITS_OWN

CALLERS = {name: f"token-of-the-{name}-0123456789abcdef" for name in ("shop", "office", "desk")}
ROUTERS = ("router", "elsewhere")
STEADY = ("pay", "pay", "pay", "pay", "refuse")
BROKEN = ("cut", "fault", "hang")
_TIMEOUT_MS = 1_000
_SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="


@dataclass(frozen=True, kw_only=True)
class Request:
    """One task of one caller; equal ones are repeats."""

    caller: str
    key: str
    do: str


@dataclass(kw_only=True)
class Figures:
    """`answers` counts the answers by status and title; calls and deeds are of the run that has the most. A deed is a
    call that did something; a call that was refused with nothing done may be made again."""

    requests: int
    keys: int
    kills: int
    answers: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    most_deeds: int = 0
    most_calls: int = 0
    wrong_successes: int = 0
    changed_answers: int = 0
    seconds: float = 0


def measure(*, keys: int, repeats: int, kills: int, at_once: int, seed: int = 1) -> Figures:
    """`keys` runs, each asked for `repeats` times in random order, `at_once` at a time, with `kills` on the way."""
    rng = random.Random(seed)  # noqa: S311 - a load, no secret
    asked = [
        Request(caller=rng.choice(list(CALLERS)), key=f"key-{seed}-{n}", do=rng.choice(STEADY if n % 5 else BROKEN))
        for n in range(keys)
    ]
    requests = asked * repeats
    rng.shuffle(requests)
    with (
        counting_autopilot() as autopilot,
        tempfile.TemporaryDirectory() as data,
        KillableWorkerd(_workers(autopilot.port), Path(data)) as routers,
    ):
        return asyncio.run(_Load(routers, autopilot, rng, at_once).run(requests, asked, kills))


class _Load:
    def __init__(
        self, routers: KillableWorkerd, autopilot: CountingAutopilot, rng: random.Random, at_once: int
    ) -> None:
        self._routers = routers
        self._autopilot = autopilot
        self._rng = rng
        self._slots = asyncio.Semaphore(at_once)
        self._is_up = asyncio.Event()
        self._is_up.set()
        self._done = 0
        self._answers: list[tuple[Request, httpx.Response | None]] = []

    async def run(self, requests: Sequence[Request], asked: Sequence[Request], kills: int) -> Figures:
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=30, limits=EACH_ITS_OWN, trust_env=False) as client:
            killer = asyncio.create_task(self._kill(len(requests), kills))
            await asyncio.gather(*(self._ask(client, request) for request in requests))
            await killer
            # What the killed ones left is abandoned by now, and a last repeat of each is told what became of it.
            statement = {"sql": "UPDATE runs SET expires_at = 0 WHERE status = 'running'"}
            host = {"host": "records.example.net"}
            (await client.post(f"{self._routers.url}/sql", json=statement, headers=host)).raise_for_status()
            await asyncio.gather(*(self._ask(client, request) for request in asked))
        return self._figures(len(asked), time.monotonic() - began)

    async def _ask(self, client: httpx.AsyncClient, request: Request) -> None:
        async with self._slots:
            await self._is_up.wait()
            headers = {
                "host": f"{self._rng.choice(ROUTERS)}.example.net",
                "authorization": f"Bearer {CALLERS[request.caller]}",
                "idempotency-key": request.key,
            }
            body = {"task": "pay" if request.do in STEADY else "pay_broken", "meta": {"do": request.do}}
            try:
                answer = await client.post(f"{self._routers.url}/autopilot/plan", json=body, headers=headers)
            except httpx.HTTPError:
                answer = None  # killed in the middle: this caller is told nothing
            self._answers.append((request, answer))
            self._done += 1

    async def _kill(self, requests: int, kills: int) -> None:
        """Kills at random moments, spread over the whole load."""
        for number in range(kills):
            moment = (number + self._rng.uniform(0.3, 0.9)) * requests / (kills + 1)
            while self._done < moment:
                await asyncio.sleep(0.005)
            self._is_up.clear()
            await asyncio.to_thread(self._routers.kill)
            await asyncio.to_thread(self._routers.start)
            self._is_up.set()

    def _figures(self, keys: int, seconds: float) -> Figures:
        calls, deeds = self._autopilot.calls, self._autopilot.deeds
        told: dict[Request, set[bytes]] = {}
        figures = Figures(requests=len(self._answers), keys=keys, kills=self._routers.kills, seconds=seconds)
        for request, answer in self._answers:
            figures.answers[_kind(answer)] += 1
            if answer is None or not answer.is_success:
                continue
            told.setdefault(request, set()).add(answer.content)
            run = answer.headers["x-run-id"]
            figures.wrong_successes += answer.json() != {"run": run, "deed": 1} or deeds[run] != 1
        figures.changed_answers = sum(len(bodies) > 1 for bodies in told.values())
        figures.calls = calls.total()
        figures.most_deeds = max(deeds.values(), default=0)
        figures.most_calls = max(calls.values(), default=0)
        return figures


def _kind(answer: httpx.Response | None) -> str:
    if answer is None:
        return "no answer"
    replayed = " replayed" if "idempotency-replayed" in answer.headers else ""
    if answer.headers["content-type"] == "application/problem+json":
        return f"{answer.status_code} {answer.json()['title']}{replayed}"
    return f"{answer.status_code}{replayed}"


def _workers(port: int) -> list[dict[str, Any]]:
    endpoint = f"http://127.0.0.1:{port}/"
    table = RoutingTable(
        autopilots=(
            Route(name="broken", capabilities=("broken.run",), endpoint=endpoint),
            Route(name="payer", capabilities=("pay.run",), endpoint=endpoint),
        ),
        tasks={
            "pay": TaskRule(capability="pay.run", once=True, timeout_ms=20_000),
            "pay_broken": TaskRule(capability="broken.run", once=True, timeout_ms=_TIMEOUT_MS),
        },
    )
    sources = {"router": "router/src/index.ts", "records": "tests/support/records_worker.ts"}
    data = router_data(table, root=ROOT)
    made = bundle(sources=sources, contents={}, data=data, root=ROOT, build=Path(".build/at-most-once"))
    tokens = " ".join(f"{name}:{token}" for name, token in CALLERS.items())
    bindings = {"API_TOKEN": tokens, "WEBHOOK_SECRET": _SECRET, "STAGE": "local"}
    worker = {"modules": True, "compatibilityDate": "2026-07-01", "d1Databases": {"DB": "records"}}
    return [
        {
            **worker,
            "name": name,
            "scriptPath": made["records" if name == "records" else "router"].path,
            "routes": [f"{name}.example.net/*"],
            "bindings": bindings,
        }
        for name in (*ROUTERS, "records")
    ]
