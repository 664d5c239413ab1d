"""What may be registered: the corpus `registrations.json`, run against the routing Worker's validator in workerd and
against the manifest, which takes a registration over by `python -m orchestrator pull`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from orchestrator.errors import ManifestError
from orchestrator.manifest import parse

CASES = json.loads(Path(__file__).with_name("registrations.json").read_text())
RULES = {"ownHosts": ["efh-orchestrator.efh.workers.dev"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_worker_answers_as_the_case_says(case: dict[str, Any], client: Callable[[str], httpx.Client]) -> None:
    answer = client("corpus").post("/registration", json={"body": case["body"], "rules": RULES}).json()

    errors = [[error["pointer"], error["message"]] for error in answer.get("errors", [])]
    assert errors == case["errors"]


@pytest.mark.parametrize("case", [case for case in CASES if "only" not in case], ids=lambda case: case["case"])
def test_the_manifest_takes_the_same_ones(case: dict[str, Any]) -> None:
    """Those marked `only` say what a pull request may bring and a registration may not."""
    manifest = {"orchestrator": {"worker": "efh-orchestrator"}, "autopilots": [case["body"]], "tasks": {}}

    try:
        parse(yaml.safe_dump(manifest))
    except ManifestError:
        is_taken = False
    else:
        is_taken = True

    assert is_taken == (case["errors"] == [])
