"""What the account has under a declared name: whose it is, and what is said about it."""

from __future__ import annotations

import pytest

from orchestrator.desired.ownership import Owner, mark_of, other_owner, refusal, refusal_of_others
from orchestrator.kinds import Kind
from orchestrator.named_store import Store

OURS, OTHERS = "0" * 32, "f" * 32
NOTES = Store(kind="kv", name="NOTES", id="1")
BOUND = {"name": "NOTES", "type": "kv_namespace", "namespace_id": "1"}


def mark(text: str) -> dict[str, str]:
    return {"name": "ORCHESTRATOR_MARK", "type": "plain_text", "text": text}


@pytest.mark.parametrize(
    ("bindings", "expected"),
    [
        ([BOUND, mark(OURS)], OURS),
        ([{**mark(OURS), "type": "secret_text"}], None),
        ([{**mark(OURS), "name": "STAGE"}], None),
        ([], None),
    ],
)
def test_a_worker_carries_its_platforms_mark(bindings: list[dict[str, str]], expected: str | None) -> None:
    assert mark_of(bindings) == expected


@pytest.mark.parametrize(
    ("bindings", "owner"),
    [
        ([BOUND, mark(OTHERS)], Owner("shop", OTHERS)),
        ([BOUND, mark(OURS)], None),
        ([BOUND], None),
        ([{**BOUND, "namespace_id": "2"}, mark(OTHERS)], None),
    ],
)
def test_data_is_anothers_where_a_worker_with_another_mark_is_bound_to_it(
    bindings: list[dict[str, str]], owner: Owner | None
) -> None:
    assert other_owner({"shop": bindings}, NOTES, OURS) == owner


def test_the_refusal_of_anothers_names_no_way_to_take_it() -> None:
    error = refusal_of_others(Kind.KV_NAMESPACE, "NOTES", Owner("shop", OTHERS), "My/prod")

    assert "whose Worker shop is bound to it" in error.message
    assert "adopt" not in error.hint
    assert "pulumi config set namePrefix my-prod- -s My/prod" in error.hint
    assert f"pulumi config set mark {OTHERS} -s My/prod" in error.hint


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
