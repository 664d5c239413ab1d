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
