"""How drift is told: a table, a GitHub summary, JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.drift.findings import Difference, Drift, Finding
from orchestrator.drift.report import markdown, next_steps, rows, summary, undeclared
from orchestrator.kinds import Kind

BINDINGS = Finding(
    change="changed",
    kind=Kind.WORKER,
    key="page",
    name="pr-7-page",
    differences=(
        Difference(path="bindings.A", desired="kv_namespace 1", live=None),
        Difference(path="bindings.B", desired=None, live="secret_text"),
        Difference(path="bindings.C", desired="plain_text " + "x" * 80, live="plain_text ```\n| y"),
    ),
)
LOST = Finding(change="missing", kind=Kind.KV_NAMESPACE, key="NOTES", name="NOTES", lost=True)
HERS = Finding(change="undeclared", kind=Kind.R2_BUCKET, key="hers", name="hers")
UNMANAGED = Finding(
    change="changed",
    kind=Kind.WORKER,
    key="page",
    name="page",
    differences=(Difference(path="state", desired="managed by this stack", live="not in the stack's state"),),
)


def drift(*findings: Finding) -> Drift:
    return Drift(findings=findings, calls=7, read=1, workers=5)


def test_a_table_has_a_row_for_each_difference_and_names_each_thing_once() -> None:
    assert rows(drift(BINDINGS, LOST, HERS)) == [
        ("changed", "Worker", "pr-7-page", "bindings.A", "kv_namespace 1", ""),
        (" ", " ", " ", "bindings.B", "", "secret_text"),
        (" ", " ", " ", "bindings.C", "plain_text " + "x" * 48 + "…", "plain_text ''' | y"),
        ("missing, data lost", "KV namespace", "NOTES", "", "", ""),
    ]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ((), "no drift; 7 API calls, 1 of 5 Workers read"),
        ((HERS,), "no drift; 7 API calls, 1 of 5 Workers read"),
        ((BINDINGS,), "1 thing differs from what is declared; 7 API calls, 1 of 5 Workers read"),
        (
            (BINDINGS, LOST),
            "2 things differ from what is declared, 1 with lost data; 7 API calls, 1 of 5 Workers read",
        ),
    ],
)
def test_the_summary_counts_drift_and_lost_data_and_calls(found: tuple[Finding, ...], text: str) -> None:
    assert summary(drift(*found)) == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ((BINDINGS,), "`python -m orchestrator heal -s prod` repairs it"),
        ((UNMANAGED, BINDINGS), "orchestrator adopt -s prod`"),
        ((LOST, UNMANAGED), "data is gone from the account"),
    ],
)
def test_what_to_do_next_depends_on_what_was_found(found: tuple[Finding, ...], text: str) -> None:
    assert text in next_steps(drift(*found), stack="prod")


def test_what_nobody_declared_is_listed_apart() -> None:
    assert undeclared(drift(BINDINGS)) == ""
    assert undeclared(drift(HERS)).endswith("left alone: R2 bucket hers")


def test_what_somebody_gave_to_a_declared_thing_is_told_with_what_it_does() -> None:
    given = (
        Difference(path="bindings.KEY", desired=None, live="secret_text"),
        Difference(path="custom domain a.example.com", desired=None, live="it answers there"),
    )
    found = Finding(change="undeclared", kind=Kind.WORKER, key="page", name="page", differences=given)
    place = Difference(path="jurisdiction", desired=None, live="eu")

    assert undeclared(drift(found)).endswith(
        "left alone: secret KEY of the Worker page, custom domain a.example.com of the Worker page (it answers there)"
    )
    assert undeclared(drift(replace(HERS, differences=(place,)))).endswith("left alone: R2 bucket hers (eu)")


def test_github_gets_a_diff_for_each_object_in_the_direction_of_a_heal() -> None:
    text = markdown(drift(BINDINGS, LOST, HERS), stack="prod")

    assert text.startswith("## ❌ Drift of `prod`: 2 things differ")
    assert (
        "### Worker `pr-7-page`: changed\n\n```diff\n+ bindings.A: kv_namespace 1\n- bindings.B: secret_text\n" in text
    )
    assert "### KV namespace `NOTES`: missing **Its data is lost.**\n\n```diff\n+ KV namespace: NOTES\n```" in text
    assert text.count("```") == 4  # no value ends a block
    assert "left alone: R2 bucket hers." in text


def test_github_of_a_clean_account_is_one_line() -> None:
    assert markdown(drift(), stack="prod") == "## ✅ Drift of `prod`: no drift; 7 API calls, 1 of 5 Workers read\n"


def test_the_json_has_all_that_scripts_may_rely_on() -> None:
    assert drift(LOST, HERS).as_json(stack="prod", account_id="a") == {
        "stack": "prod",
        "account": "a",
        "clean": False,
        "lost": True,
        "counts": {"missing": 1, "changed": 0, "left-behind": 0, "undeclared": 1},
        "findings": [
            {
                "change": "missing",
                "kind": "kvNamespace",
                "key": "NOTES",
                "name": "NOTES",
                "lost": True,
                "differences": [],
            },
            {
                "change": "undeclared",
                "kind": "r2Bucket",
                "key": "hers",
                "name": "hers",
                "lost": False,
                "differences": [],
            },
        ],
        "apiCalls": 7,
        "workers": 5,
        "workersRead": 1,
    }
