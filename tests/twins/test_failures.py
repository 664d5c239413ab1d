"""Failures in groups, with cause and command: the admin page, in workerd, and Python make the same of the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from orchestrator.analysis.groups import group
from orchestrator.commands.analyze import document

ENTRIES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "failures.json").read_text())


def test_both_make_the_same_groups(client: Callable[[str], httpx.Client]) -> None:
    answer = client("corpus").post("/failures", json=ENTRIES).raise_for_status().json()

    ours = json.loads(json.dumps([document(each) for each in group(ENTRIES)]))

    assert [without(each, "key") for each in answer] == [without(each, "id") for each in ours]
    assert len({each["key"] for each in answer}) == len({each["id"] for each in ours}) == len(ours)


def without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}
