"""What the workflows' scripts do on GitHub: one comment that stays, one issue, and nobody bothered twice."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.errors import OrchestratorError, SettingsError
from scripts import heal_run, stage
from scripts.github import GitHub, pull_request_of, read_event
from tests.support.github_server import GitHubServer, github_server
from tests.support.project import ROOT

LOST = {
    "change": "missing",
    "kind": "kvNamespace",
    "key": "NOTES",
    "name": "pr-7-NOTES",
    "id": "0123",
    "made": "2026-11-01T00:00:00Z",
    "touched": "2026-11-02T00:00:00Z",
    "missingSince": "2026-11-03T00:00:00Z",
    "instead": False,
}
CLEAN: dict[str, Any] = {"stack": "prod", "status": "clean", "apiCalls": 9, "lost": []}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GitHubServer]:
    """The server, and the environment of a step that talks to it."""
    with github_server() as server:
        files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "GITHUB_OUTPUT": str(tmp_path / "output")}
        for name, value in {**server.environment, **files}.items():
            monkeypatch.setenv(name, value)
        yield server


def heal(report: dict[str, Any] | None, code: int) -> int:
    """The step, with a heal that ends as given; None: it could not even look."""
    program = f"import sys; print({json.dumps(report)!r} if {report is not None} else ''); sys.exit({code})"
    return heal_run.main("prod", (sys.executable, "-c", program))


def test_a_comment_is_written_once_and_then_changed(github: GitHubServer) -> None:
    github.comment(7, "<!-- autopilot-orchestrator:preview -->\nnot a bot's")
    for number in range(150):
        github.comment(7, f"talk {number}")

    with GitHub.from_environment() as client:
        client.put_comment(7, "preview", "first")
        client.put_comment(7, "stage", "another")
        client.put_comment(7, "preview", "second")

    written = [each["body"] for each in github.comments if each["user"]["type"] == "Bot"]
    assert [body.partition("\n")[2] for body in written] == ["second", "another"]
    assert len(github.writes) == 3


def test_a_comment_that_is_too_long_for_github_is_cut(github: GitHubServer) -> None:
    with GitHub.from_environment() as client:
        client.put_comment(7, "preview", "x" * 70_000)

    assert len(github.comments[0]["body"]) <= 65_536
    assert "the rest is in the log" in github.comments[0]["body"]


def test_a_refusal_says_what_the_job_lacks(github: GitHubServer) -> None:
    github.status = 403

    with pytest.raises(OrchestratorError, match=r"POST|GET .*403") as refused, GitHub.from_environment() as client:
        client.put_comment(7, "preview", "text")

    assert "permissions" in refused.value.hint


def test_lost_data_is_a_step_of_the_run_by_which_the_router_knows_it(github: GitHubServer, tmp_path: Path) -> None:
    output = tmp_path / "output"
    heal(CLEAN, 0)
    assert not output.exists()

    heal({**CLEAN, "status": "lost", "lost": [LOST]}, 8)

    assert output.read_text() == "lost=true\n"
    steps = yaml.safe_load((ROOT / ".github/workflows/heal.yml").read_text())["jobs"]["heal"]["steps"]
    [step] = [each for each in steps if "outputs.lost" in each.get("if", "")]
    assert f'"{step["name"]}"' in (ROOT / "router/src/health/heal-run.ts").read_text()
    assert step["if"] == "steps.heal.outputs.lost == 'true'"
    assert [each["run"] for each in steps if each.get("id") == "heal"] == ["python -m scripts.heal_run"]


def test_lost_data_opens_one_issue_that_is_kept_up_to_date_and_closed(github: GitHubServer) -> None:
    github.open("about backups", ["lost-data"])  # a person's, with the same label: not ours

    for times in (1, 2, 3):
        assert heal({**CLEAN, "status": "lost", "lost": [{**LOST, "id": f"id-{times}"}]}, 8) == 0

    theirs, ours = github.issues
    assert "`pr-7-NOTES` (id `id-3`" in ours["body"]
    assert "missing since 2026-11-03T00:00:00Z" in ours["body"]
    assert "heal -s prod --recreate NOTES" in ours["body"]
    assert "adopt -s prod" in ours["body"]
    assert github.comments == []

    assert heal(CLEAN, 0) == 0
    assert (ours["state"], theirs["state"]) == ("closed", "open")
    assert len(github.comments) == 1

    heal({**CLEAN, "status": "lost", "lost": [LOST]}, 8)
    assert [issue["state"] for issue in github.issues] == ["open", "closed", "open"]


def test_what_somebody_has_made_again_is_not_to_be_made_by_heal(github: GitHubServer) -> None:
    again = {**LOST, "key": "my files", "name": "my-files", "instead": True}

    heal({**CLEAN, "status": "lost", "lost": [again]}, 8)
    assert "another one of that name is there" in github.issues[0]["body"]
    assert "--recreate" not in github.issues[0]["body"]

    heal({**CLEAN, "status": "lost", "lost": [again, {**LOST, "key": "my notes"}]}, 8)
    assert "--recreate 'my notes'`" in github.issues[0]["body"]


@pytest.mark.parametrize(("report", "code"), [(None, 1), ({**CLEAN, "status": "failed"}, 7)])
def test_any_other_failure_fails_the_run_and_touches_no_issue(
    github: GitHubServer, report: dict[str, Any] | None, code: int
) -> None:
    assert heal(report, code) == code
    assert github.writes == []


def test_a_heal_of_which_github_cannot_be_told_fails_the_run(github: GitHubServer, capsys: Any) -> None:
    github.status = 500

    assert heal({**CLEAN, "status": "lost", "lost": [LOST]}, 8) == 8
    assert "GitHub answered 500" in capsys.readouterr().err


def test_the_page_of_the_run_says_what_heal_did(github: GitHubServer, tmp_path: Path) -> None:
    heal({**CLEAN, "status": "healed", "repaired": [{"kind": "schedules", "name": "efh-agent"}]}, 0)

    summary = (tmp_path / "summary.md").read_text()
    assert "### Heal of `prod`: healed (exit code 0)" in summary
    assert "- repaired: cron triggers `efh-agent`" in summary


@pytest.mark.parametrize(
    ("state", "labels", "wanted"),
    [
        ("open", ["stage"], True),
        ("open", ["stage", "docs"], True),
        ("open", ["docs"], False),
        ("closed", ["stage"], False),
    ],
)
def test_a_pull_request_has_a_stage_while_it_is_open_and_has_the_label(
    state: str, labels: list[str], wanted: bool
) -> None:
    assert stage.is_wanted({"state": state, "labels": [{"name": label} for label in labels]}) is wanted


def test_outside_of_a_workflow_the_scripts_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GITHUB_REPOSITORY", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="GITHUB_REPOSITORY is not set"):
        GitHub.from_environment()
    with pytest.raises(SettingsError, match="no event"):
        read_event()
    with pytest.raises(SettingsError, match="for no pull request"):
        pull_request_of({"ref": "main"})
