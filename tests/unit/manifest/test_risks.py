"""What a pull request's comment shows first: each kind of risk, and nothing where an edit takes no risk."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from orchestrator.manifest import Manifest, parse
from orchestrator.manifest.risks import risks

FILE: dict[str, Any] = {
    "orchestrator": {"worker": "router", "allowedHosts": ["a.example.com"]},
    "callers": {"shop": {"may": ["plan"], "tasks": ["pay"]}},
    "autopilots": [
        {
            "name": "payer",
            "worker": "payer",
            "capabilities": ["money.pay", "money.refund"],
            "needs": {"workers": [{"name": "payer", "content": "export default {}", "crons": ["0 1 * * *"]}]},
        }
    ],
    "tasks": {
        "pay": {"capability": "money.pay", "once": True, "idempotent": False},
        "refund": {"capability": "money.refund", "timeout": 10},
    },
    "schedules": {"nightly": {"task": "refund", "every": "0 2 * * *"}},
}


def parsed(data: dict[str, Any]) -> Manifest:
    return parse(json.dumps(data))


def edited(path: str, value: object) -> Manifest:
    """The file with one value set; a part of the path that is a number is a place in a list."""
    data: Any = copy.deepcopy(FILE)
    *parts, last = path.split(".")
    place = data
    for part in parts:
        place = place[int(part) if part.isdecimal() else part]
    place[last] = value
    return parsed(data)


WORKER = "autopilots.0.needs.workers.0"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("tasks.pay.once", False, "task pay: `once` is taken off, so a repeated request does it again"),
        (
            "tasks.refund.idempotent",
            True,
            "task refund: it is now `idempotent`, so it is sent again where its outcome is not known",
        ),
        ("tasks.refund.timeout", 60, "task refund: its timeout is 60 s, before 10 s"),
        ("callers.shop.may", ["plan", "approve"], "caller shop may now approve"),
        ("callers.shop.tasks", ["pay", "refund"], "caller shop may now ask for refund"),
        ("callers.shop.tasks", [], "caller shop may now ask for every task"),
        ("callers.bank", {"may": ["resolve"]}, "caller bank (new) may now resolve"),
        ("callers", {}, "no callers are declared any more: who asked for a payout may approve it"),
        (f"{WORKER}.public", True, "Worker payer: it answers everybody under workers.dev (`public: true`)"),
        (f"{WORKER}.domains", ["pay.example.com"], "Worker payer: it answers everybody at pay.example.com"),
        (f"{WORKER}.crons", [], "Worker payer: its cron triggers are none, before 0 1 * * *"),
        ("orchestrator.cron", "0 * * * *", "Worker router: its cron triggers are 0 * * * *, before */15 * * * *"),
        (
            "orchestrator.allowedOrigins",
            ["https://x.example.com"],
            "web pages of https://x.example.com may call the router from a browser",
        ),
        ("orchestrator.allowedHosts", [], "endpoints may have every public host (`allowedHosts` is taken off)"),
        (
            "orchestrator.allowedHosts",
            ["a.example.com", "b.example.com"],
            "endpoints may now have the host b.example.com",
        ),
        ("schedules", {}, "schedule nightly: none, before refund 0 2 * * * UTC"),
    ],
)
def test_a_risk_is_told(path: str, value: object, told: str) -> None:
    assert risks(parsed(FILE), edited(path, value)) == [told]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tasks.refund.once", True),
        ("tasks.refund.description", "Money back"),
        ("callers.shop.tasks", ["refund", "pay"][1:]),
        ("autopilots.0.priority", 5),
    ],
)
def test_what_takes_no_risk_is_not_told(path: str, value: object) -> None:
    assert risks(parsed(FILE), edited(path, value)) == []


def test_the_way_back_of_a_right_is_not_told() -> None:
    assert risks(edited("callers.shop.tasks", []), parsed(FILE)) == []
    assert risks(edited(f"{WORKER}.public", True), parsed(FILE)) == []
