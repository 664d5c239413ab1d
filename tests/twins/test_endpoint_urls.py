"""The rules for endpoints in TypeScript, in workerd: the corpus that `tests/unit/test_urls.py` runs in Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.urls import MESSAGES

CASES = json.loads(Path(__file__).with_name("urls.json").read_text())
RULES = {
    "own_hosts": "ownHosts",
    "allowed_hosts": "allowedHosts",
    "allow_loopback_http": "allowLoopbackHttp",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_worker_answers_as_the_case_says(case: dict[str, Any], client: Callable[[str], httpx.Client]) -> None:
    rules = {RULES[name]: value for name, value in case.items() if name in RULES}

    answer = client("corpus").post("/url", json={"url": case["url"], "rules": rules}).json()

    assert answer["code"] == case["expect"]
    assert answer.get("message") == MESSAGES.get(case["expect"])


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://router.example.com/autopilot/plan", "router.example.com"),
        ("http://efh-autopilot-orchestrator.localhost:8787/", "efh-autopilot-orchestrator.localhost"),
        ("http://127.0.0.1:8787/autopilot/registry", "127.0.0.1:8787"),
        ("http://localhost:8787/", "localhost:8787"),
        ("http://[::1]:8787/", "[::1]:8787"),
    ],
)
def test_on_this_machine_the_port_tells_who_is_the_orchestrator(
    client: Callable[[str], httpx.Client], url: str, own: str
) -> None:
    """Else no autopilot that runs beside the local stack could be registered there by its address."""
    assert client("corpus").post("/own-hosts", json={"url": url}).json() == [own]
