"""What a call costs of the free plan's 10 ms of CPU, at the largest input that each capability takes.

Counted from the kernel's clock of all of workerd's threads, so what runs beside it on the machine is not in it. Here
R2 and D1 run in workerd too, which is no part of a Worker's time at Cloudflare: what the same bytes cost a Worker that
only stores them is taken away. The first calls are not counted: an isolate that has just begun compiles.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from bench.processes import cpu_seconds
from tests.support.autopilots import Autopilot, running

FREE_PLAN_MS = 10
CALLS = 12
WORDS = "Where is my order of bread and when does the course on sourdough start again? "


def largest(capability: str, number: int) -> dict[str, Any]:
    """The largest input, another one for each number."""
    if capability == "files.intake.upload":
        return {"name": f"{number}.bin", "content": base64.b64encode(bytes([number]) * 740 * 1024).decode()}
    if capability == "email.process":
        return {"from": "ada@example.com", "subject": f"{number}", "text": WORDS * 12_000}
    if capability == "crm.lead.create":
        return {"email": f"{number}@example.com", "notes": "n" * 10_000, "tags": ["t" * 50] * 20}
    if capability == "web.pages.deploy":
        return {"slug": "cpu", "html": f"<p>{number}" + "x" * 1_000_000}
    item = {"heading": "h" * 120, "text": "t" * 2_000}
    section = {"heading": "s" * 120, "text": "t" * 5_000, "kind": "cards", "items": [item] * 9}
    return {"title": f"{number}", "sections": [section] * 2}


@pytest.fixture(scope="module")
def autopilots() -> Iterator[dict[str, Autopilot]]:
    with ExitStack() as stack:
        names = ("employee", "stylist", "page-deployer")
        yield {name: stack.enter_context(running(name, direct=True)) for name in names}


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("employee", "files.intake.upload"),
        ("employee", "email.process"),
        ("employee", "crm.lead.create"),
        ("page-deployer", "web.pages.deploy"),
        ("stylist", "web.pages.generate"),
    ],
)
def test_the_largest_call_is_within_the_free_plan(
    autopilots: dict[str, Autopilot], name: str, capability: str, record_property: Any
) -> None:
    autopilot = autopilots[name]
    requests = [autopilot.request(capability, largest(capability, number)) for number in range(2 * CALLS)]
    bucket = {"employee": "EFH_PRIVATE", "stylist": "EFH_ASSETS", "page-deployer": "EFH_PAGES"}[name]

    answers: list[httpx.Response] = []

    def call(number: int) -> httpx.Response:
        answers.append(autopilot.http.send(requests[number]))
        return answers[-1]

    def only_store(number: int) -> httpx.Response:
        if name == "employee":
            insert = "INSERT INTO cost (id, record) VALUES (?, ?)"
            autopilot.sql("EFH_CRM", insert, f"{capability} {number}", answers[number].text)
        if name == "page-deployer":  # reads and writes which version is shown
            autopilot.put(bucket, "cost/current", b"{}")
            autopilot.put(bucket, "cost/current", b"{}")
        return autopilot.put(bucket, f"cost/{number}", requests[number].content)

    whole = cost(autopilot, call)
    if name == "employee":
        autopilot.sql("EFH_CRM", "CREATE TABLE IF NOT EXISTS cost (id TEXT PRIMARY KEY, record TEXT)")
    storing = cost(autopilot, only_store)

    record_property("cpu ms", round(whole - storing, 1))
    assert whole - storing <= FREE_PLAN_MS, f"{capability}: {whole:.1f} ms, {storing:.1f} of them for storing"


def cost(autopilot: Autopilot, call: Callable[[int], httpx.Response]) -> float:
    """Milliseconds of CPU for each of the second half of the calls."""
    before = 0.0
    for number in range(2 * CALLS):
        if number == CALLS:
            before = cpu_seconds(autopilot.pid)
        assert call(number).is_success
    return 1000 * (cpu_seconds(autopilot.pid) - before) / CALLS
