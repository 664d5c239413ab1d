"""What the account has under a declared name: whose it is, and what is said about it."""

from __future__ import annotations

import pytest

from orchestrator.desired.ownership import is_ours, refusal
from orchestrator.kinds import Kind

STAGE = {"name": "STAGE", "type": "plain_text", "text": "prod"}
SECRET = {"name": "WEBHOOK_SECRET", "type": "secret_text"}


@pytest.mark.parametrize(
    ("bindings", "ours"),
    [
        ([STAGE, SECRET], True),
        ([{"name": "LOGS", "type": "kv_namespace", "namespace_id": "1"}, SECRET, STAGE], True),
        ([{**STAGE, "text": "pr-7"}, SECRET], False),
        ([{**STAGE, "type": "secret_text"}, SECRET], False),
        ([STAGE], False),
        ([SECRET], False),
        ([], False),
    ],
)
def test_a_worker_is_ours_by_its_marks(bindings: list[dict[str, str]], ours: bool) -> None:
    assert is_ours(bindings, "prod") is ours


@pytest.mark.parametrize(
    ("kind", "says", "hints"),
    [
        (Kind.KV_NAMESPACE, "KV namespace LOGS", "adopt -s prod takes it over, with its data"),
        (Kind.R2_BUCKET, "R2 bucket LOGS", "adopt -s prod takes it over, with its data"),
        (Kind.D1_DATABASE, "D1 database LOGS", "adopt -s prod takes it over, with its data"),
        (Kind.WORKER, "Worker LOGS", "adopt -s prod --overwrite LOGS"),
    ],
)
def test_the_refusal_names_the_command(kind: Kind, says: str, hints: str) -> None:
    error = refusal(kind, "LOGS", "prod")

    assert says in error.message
    assert hints in error.hint
    assert error.exit_code == 2
