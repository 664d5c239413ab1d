"""Whose a place for state is, and which settings there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.stack.setting_names import KEYS, local_state_problem, unknown_setting_problems

ROOT = Path("/srv/platform of ours")


@pytest.mark.parametrize("stack", ["prod", "organization/autopilot-orchestrator/prod", "locale"])
def test_only_the_stack_local_has_its_state_where_make_destroy_removes_it(stack: str) -> None:
    backend = f"{(ROOT / '.local/state').as_uri()}?metadata=skip"

    problem = local_state_problem(stack, backend_url=backend, root=ROOT)

    assert problem is not None
    assert f"pulumi stack init {stack}" in problem.command


@pytest.mark.parametrize(
    ("stack", "backend"),
    [
        ("local", (ROOT / ".local/state").as_uri()),
        ("prod", None),
        ("prod", "file://~"),
        ("prod", Path("/srv/state").as_uri()),
        ("prod", "s3://bucket/.local/state"),
    ],
)
def test_elsewhere_any_stack_may_be(stack: str, backend: str | None) -> None:
    assert local_state_problem(stack, backend_url=backend, root=ROOT) is None


def test_a_key_that_nothing_reads_is_named_with_the_nearest() -> None:
    problems = unknown_setting_problems([*KEYS, "namePrefx", "x" * 70], stack="prod")

    assert [problem.what for problem in problems] == [
        "namePrefx is no setting; the nearest is namePrefix",
        f"{'x' * 70} is no setting",
    ]
