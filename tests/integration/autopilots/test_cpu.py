"""What a call costs of the free plan's 10 ms of CPU, at the largest input that each capability takes.

Counted from the kernel's clock of all of workerd's threads (`tests/support/cpu.py`). Here R2 and D1 run in workerd too,
which is no part of a Worker's time at Cloudflare: what the same bytes cost a Worker that only stores or reads them is
taken away. `CPU=all pytest -rP` counts every capability, and prints the table.
"""

from __future__ import annotations

import base64
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.autopilots import Autopilot, running
from tests.support.cpu import MOST_CALLS, least_costs
from tests.support.stripe_service import API_KEY, stripe

FREE_PLAN_MS = 10
WORDS = "Where is my order of bread and when does the course on sourdough start again? "
EMPLOYEE, DEPLOYER, STYLIST = "employee", "page-deployer", "stylist"
BUCKETS = {EMPLOYEE: "EFH_PRIVATE", STYLIST: "EFH_ASSETS", DEPLOYER: "EFH_PAGES"}
NO_OBJECT = (
    *("crm.lead.create", "crm.lead.find", "crm.lead.update", "crm.lead.delete", "files.intake.get", "task.schedule"),
    *("lms.enrollment.create", "payment.checkout.create"),
)
Meta = Mapping[str, Any]


def bytes_of(number: int, size: int) -> bytes:
    return random.Random(number).randbytes(size)  # noqa: S311 - another content each time


def message(number: int) -> str:
    """As MIME: a text, HTML, and an attachment, of a task's size."""
    attached = base64.encodebytes(bytes_of(number, 300 * 1024)).decode()
    parts = [
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{WORDS * 1_500}",
        f"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body>{f'<p>{WORDS}</p>' * 1_500}</body></html>",
        f"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{attached}",
    ]
    headers = f"From: ada@example.com\r\nSubject: {number}\r\nMessage-ID: <{number}@example.com>\r\n"
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return f"{headers}Content-Type: multipart/mixed; boundary=b\r\n\r\n{body}--b--\r\n"


def page(number: int) -> Meta:
    item = {"heading": "h" * 120, "text": "t" * 2_000}
    section = {"heading": "s" * 120, "text": "t" * 5_000, "kind": "cards", "items": [item] * 9}
    return {"title": f"{number}", "sections": [section] * 2}


def lead(number: int) -> Meta:
    return {"email": f"{number}@example.com", "notes": "n" * 10_000, "tags": ["t" * 50] * 20}


# The largest input of each, another one for each number.
LARGEST: dict[str, tuple[str, Callable[[int], Meta]]] = {
    "files.intake.upload": (
        EMPLOYEE,
        lambda number: {"name": f"{number}.bin", "content": base64.b64encode(bytes_of(number, 740 * 1024)).decode()},
    ),
    "email.process": (
        EMPLOYEE,
        lambda number: {"from": "ada@example.com", "subject": f"{number}", "text": WORDS * 12_000},
    ),
    "crm.lead.create": (EMPLOYEE, lead),
    "web.pages.deploy": (DEPLOYER, lambda number: {"slug": "cpu", "html": f"<p>{number}" + "x" * 1_000_000}),
    "web.pages.generate": (STYLIST, page),
}
MORE: dict[str, tuple[str, Callable[[int], Meta]]] = {
    "email.process {raw}": (EMPLOYEE, lambda number: {"raw": message(number)}),
    "email.send": (
        EMPLOYEE,
        lambda number: {
            **{"to": "ada@example.com", "subject": f"{number}", "text": "t" * 100_000},
            "html": "<p>" + "x" * 199_000,
        },
    ),
    "crm.lead.find": (EMPLOYEE, lambda _: {"limit": 100}),
    "crm.lead.update": (EMPLOYEE, lambda number: {"notes": f"{number}".rjust(10_000, "n"), "tags": ["t" * 50] * 20}),
    "crm.lead.delete": (EMPLOYEE, lambda number: {"email": f"{2_000 + number}@example.com", "everything": True}),
    "files.intake.get": (EMPLOYEE, lambda _: {}),
    "task.schedule": (
        EMPLOYEE,
        lambda number: {"task": "t" * 256, "every": "0 9 * * 2", "meta": {"text": f"{number}".rjust(119_000, "m")}},
    ),
    "lms.enrollment.create": (
        EMPLOYEE,
        lambda number: {"student": {"email": f"{number}@example.com", "name": "n" * 200}, "course": "c" * 63},
    ),
    "payment.checkout.create": (
        EMPLOYEE,
        lambda number: {
            "lineItems": [{"name": f"{number} " + "n" * 190, "amount": 4900, "currency": "eur"}] * 20,
            **{"successUrl": "https://shop.example/" + "s" * 1_000, "cancelUrl": "https://shop.example/"},
        },
    ),
    "web.asset.generate": (
        STYLIST,
        lambda number: {
            **{"format": "banner", "subject": f"{number}", "brand": {"name": "B" * 80}},
            **{"headline": f"{number} " + "WIDE WORDS " * 10, "subline": "and more of them " * 11},
        },
    ),
}


def leads(autopilot: Autopilot, numbers: Iterable[int]) -> Meta:
    for number in numbers:
        assert autopilot.call("crm.lead.create", lead(number)).is_success
    return {}


def one_lead(autopilot: Autopilot) -> Meta:
    return {"id": autopilot.call("crm.lead.create", lead(3_000)).json()["id"]}


def one_file(autopilot: Autopilot) -> Meta:
    """As large as one that the answer has in it."""
    file = {"name": "a.bin", "content": base64.b64encode(bytes_of(0, 512 * 1024)).decode()}
    return {"key": autopilot.call("files.intake.upload", file).json()["key"]}


# What has to be there before, and what of it the calls name.
PREPARED: dict[str, Callable[[Autopilot], Meta]] = {
    "crm.lead.find": lambda autopilot: leads(autopilot, range(1_000, 1_100)),
    "crm.lead.update": one_lead,
    "crm.lead.delete": lambda autopilot: leads(autopilot, range(2_000, 2_000 + MOST_CALLS)),
    "files.intake.get": one_file,
}
COUNTED = LARGEST | (MORE if os.environ.get("CPU") == "all" else {})


@pytest.fixture(scope="module")
def autopilots() -> Iterator[dict[str, Autopilot]]:
    with ExitStack() as stack:
        bank = stack.enter_context(stripe())
        bound = {"STRIPE_API_KEY": bank.url.replace("://", f"://{API_KEY}@")}
        own = {"bindings": bound, "queueProducers": {"TASK_QUEUE": "tasks"}}
        yield {
            name: stack.enter_context(running(name, direct=True, **(own if name == EMPLOYEE else {})))
            for name in BUCKETS
        }


@pytest.mark.parametrize("capability", COUNTED)
def test_the_largest_call_is_within_the_free_plan(autopilots: dict[str, Autopilot], capability: str) -> None:
    name, largest = COUNTED[capability]
    autopilot, bucket = autopilots[name], BUCKETS[name]
    numbers, stored = itertools.count(), itertools.count()
    prepare = PREPARED.get(capability)
    prepared = prepare(autopilot) if prepare else {}

    def call() -> None:
        request = autopilot.request(capability.partition(" ")[0], {**largest(next(numbers)), **prepared})
        answer = autopilot.http.send(request)
        assert answer.is_success, answer.text
        told.update(answer=answer.text, sent=request.content)

    def only_store() -> None:
        if capability == "crm.lead.find":
            autopilot.sql("EFH_CRM", "SELECT * FROM leads ORDER BY created_at DESC LIMIT 101")
        elif name == EMPLOYEE:
            insert = "INSERT INTO cost (id, record) VALUES (?, ?)"
            autopilot.sql("EFH_CRM", insert, f"{capability} {next(stored)}", told["answer"])
        if name == DEPLOYER:  # reads and writes which version is shown
            autopilot.put(bucket, "cost/current", b"{}")
            autopilot.put(bucket, "cost/current", b"{}")
        if capability not in NO_OBJECT:
            assert autopilot.put(bucket, f"cost/{next(stored)}", told["sent"]).is_success

    def is_within(costs: Sequence[float]) -> bool:
        whole, storing = costs
        return whole - storing <= FREE_PLAN_MS

    told: dict[str, Any] = {}
    if name == EMPLOYEE:
        autopilot.sql("EFH_CRM", "CREATE TABLE IF NOT EXISTS cost (id TEXT PRIMARY KEY, record TEXT)")
    costs = least_costs(autopilot.pid, call, only_store, enough=is_within)

    whole, storing = costs
    figures = f"| {capability} | {whole:.1f} | {storing:.1f} | {whole - storing:.1f} |"
    sys.stdout.write(f"{figures}\n")
    assert is_within(costs), figures
