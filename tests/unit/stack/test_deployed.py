"""What heal takes for deployed, from an exported state alone."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import NotDeployedError
from orchestrator.stack.deployed import RECORD_PREFIX, RECORD_TYPE, require_deployed

ROOT = {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"}
OTHER = {
    "type": "cloudflare:index/r2Bucket:R2Bucket",
    "urn": "urn:pulumi:dev::p::cloudflare:index/r2Bucket:R2Bucket::b",
}
COMMIT = "c" * 40


def record(commit: str, hash: str = "was") -> dict[str, Any]:
    urn = f"urn:pulumi:dev::p::{RECORD_TYPE}::{RECORD_PREFIX}{hash}"
    told = {"input": {"commit": commit}}
    return {"type": RECORD_TYPE, "urn": urn, "inputs": told, "outputs": told}


def require(*resources: dict[str, Any], commit: str = COMMIT) -> None:
    require_deployed({"deployment": {"resources": list(resources)}}, "is", commit=commit, stack="dev")


@pytest.mark.parametrize("resources", [(), (ROOT,), (ROOT, OTHER, record(COMMIT, "is"))])
def test_a_new_stack_and_one_that_was_deployed_from_here_may_be_healed(resources: tuple[dict[str, Any], ...]) -> None:
    require(*resources)


@pytest.mark.parametrize(
    ("deployed", "here", "words"),
    [
        (COMMIT, "d" * 40, f"git checkout {COMMIT}"),
        (COMMIT, COMMIT, "or set in the stack (pulumi config -s dev)"),
        (COMMIT, f"{COMMIT}-dirty", "take back what was edited since (git status)"),
        (f"{COMMIT}-dirty", COMMIT, "run it where it was deployed from"),
        ("", COMMIT, "run it where it was deployed from"),
    ],
)
def test_the_way_back_to_what_is_deployed_fits_what_is_here(deployed: str, here: str, words: str) -> None:
    with pytest.raises(NotDeployedError) as refused:
        require(ROOT, OTHER, record(deployed), commit=here)

    assert words in refused.value.hint
    assert ("git checkout" in refused.value.hint) == words.startswith("git checkout")


def test_a_stack_without_a_record_is_told_apart() -> None:
    with pytest.raises(NotDeployedError, match="has no record of what it was deployed from"):
        require(ROOT, OTHER)
