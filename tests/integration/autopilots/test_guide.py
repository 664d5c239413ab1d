"""The calls of the guide, word for word, and one of each other task that answers with nothing to sign up for.

`guide.json` is the copy: the first call is the guide's own, the others are the smallest that each task takes. Here they
go to the autopilots themselves; `integration/stack/test_local_stack.py` sends them through the router after `make up`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.autopilots import Autopilot, running
from tests.support.project import ROOT

ALL: list[dict[str, Any]] = json.loads(Path(__file__).with_name("guide.json").read_text())
CALLS = [call for call in ALL if "stripe" not in call]  # the stack has one; here there is none


@pytest.fixture(scope="module")
def autopilots() -> Iterator[dict[str, Autopilot]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(running(name)) for name in sorted({call["autopilot"] for call in CALLS})}


@pytest.mark.parametrize("call", CALLS, ids=[call["task"] for call in CALLS])
def test_a_call_of_the_guide_works_word_for_word(autopilots: dict[str, Autopilot], call: dict[str, Any]) -> None:
    answer = autopilots[call["autopilot"]].call(call["capability"], call["meta"])

    assert answer.status_code == call["status"], answer.text
    assert all(answer.json().get(member) for member in call["members"]), answer.text


def test_the_copy_names_tasks_as_the_shipped_file_does() -> None:
    tasks = yaml.safe_load((ROOT / "autopilots.yaml").read_text())["tasks"]

    capabilities = {name: task["capability"] for name, task in tasks.items()}
    assert {call["task"]: call["capability"] for call in ALL}.items() <= capabilities.items()
