"""What became of a task, in one word: TypeScript, in workerd, and Python say the same of the same answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.dispatch.failure import broken_failure
from orchestrator.dispatch.forward import Answer
from orchestrator.dispatch.outcome import outcome_of

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "outcomes.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=json.dumps)
def test_each_answer_has_a_word(client: Callable[[str], httpx.Client], case: dict[str, Any]) -> None:
    content_type = case.get("type", "application/problem+json")
    body = case.get("body", json.dumps({"title": "x", **({"outcome": case["said"]} if "said" in case else {})}))

    values = {"status": case["status"], "type": content_type, "body": body}

    in_the_worker = client("corpus").post("/outcome", json=values)

    answer = Answer(
        status=case["status"], headers={"content-type": content_type}, body=body.encode(), autopilot="partner"
    )
    assert in_the_worker.json() == {"outcome": case["outcome"]}
    assert outcome_of(answer) == case["outcome"]


def test_a_failure_has_its_own() -> None:
    assert outcome_of(broken_failure()) == "unknown"
