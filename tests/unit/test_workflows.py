"""What every workflow keeps to: pinned actions, least permissions, an end in time, and no logic of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.project import ROOT

GITHUB = ROOT / ".github"
ACTION = GITHUB / "actions" / "setup" / "action.yml"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
_PINNED = re.compile(r"uses: (\./\S+|[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")
# The scripts and commands that do the work; everything else a step may do is say why nothing is done.
_THIN = re.compile(
    r"make \S+( [a-z-]+)*|python -m (scripts|orchestrator|tests|pytest)\S*( \S+)*|echo \"::notice title=.*\""
)

workflows = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return workflow


def jobs(path: Path) -> list[dict[str, Any]]:
    return list(read(path)["jobs"].values())


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_their_version_beside_it(path: Path) -> None:
    used = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]

    assert used
    assert [line for line in used if not _PINNED.fullmatch(line)] == []


@workflows
def test_a_job_has_the_permissions_it_needs_and_no_others(path: Path) -> None:
    allowed = [("contents", "read"), ("pull-requests", "write"), ("issues", "write")]
    given = read(path)["permissions"]
    given_to_jobs = [item for job in jobs(path) for item in job.get("permissions", given).items()]

    assert given in ({}, {"contents": "read"})
    assert set(given_to_jobs) <= set(allowed)
    assert all(job.get("permissions", given).get("contents") == "read" for job in jobs(path))


@workflows
def test_a_job_ends_in_time_and_only_one_of_its_kind_runs(path: Path) -> None:
    assert all(job["timeout-minutes"] <= 60 for job in jobs(path))
    assert read(path)["concurrency"]["group"]
    changes_something = path.stem in ("deploy", "heal", "stage")
    assert read(path)["concurrency"]["cancel-in-progress"] is not changes_something


def test_deploy_and_heal_wait_for_each_other_and_neither_pushes_the_other_out() -> None:
    groups = [read(GITHUB / "workflows" / f"{name}.yml")["concurrency"] for name in ("deploy", "heal")]

    assert groups == [{"group": "production", "cancel-in-progress": False, "queue": "max"}] * 2


@workflows
def test_a_step_is_one_command_and_has_no_credentials_of_git(path: Path) -> None:
    steps = [step for job in jobs(path) for step in job["steps"]]

    assert [step["run"] for step in steps if "run" in step and not _THIN.fullmatch(step["run"])] == []
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@workflows
def test_secrets_never_meet_the_code_of_a_fork(path: Path) -> None:
    text = path.read_text()
    triggers = read(path)[True]  # YAML 1.1 reads `on` as a truth value

    assert "pull_request_target" not in text.replace("`pull_request`", "")
    if "pull_request" in triggers:
        for job in jobs(path):
            if "secrets." in str(job):
                ours = "head.repo.full_name == github.repository" in job["if"]
                assert ours or "github.event_name != 'pull_request'" in job["if"]
                assert not ours or "user.login != 'dependabot[bot]'" in job["if"]


@workflows
def test_a_value_of_the_event_is_never_part_of_a_command(path: Path) -> None:
    assert [step["run"] for job in jobs(path) for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_a_preview_gets_nothing_but_a_token_that_may_read() -> None:
    """Nothing that writes Cloudflare or the state, nor opens the stack's secrets, and not where the state is."""
    text = (GITHUB / "workflows" / "preview.yml").read_text()

    expressions = " ".join(re.findall(r"\$\{\{(.*?)\}\}", text))
    assert re.findall(r"secrets\S*", expressions) == ["secrets.CLOUDFLARE_READ_TOKEN"]
    assert set(re.findall(r"vars\S*", text)) == {"vars.ORCHESTRATOR_STACK"}
    assert re.findall(r"secrets: |environment: ", text) == []


def test_what_previews_compare_with_is_saved_by_main_and_only_read_by_pull_requests() -> None:
    saving = {path.stem for path in WORKFLOWS if "path: .build/deployed" in path.read_text()}
    preview = (GITHUB / "workflows" / "preview.yml").read_text()

    assert saving == {"deploy", "heal", "preview"}
    assert re.findall(r"actions/cache\S*(?=@)", preview) == ["actions/cache/restore"]


def test_code_of_a_pull_request_gets_nothing_that_may_write_to_production() -> None:
    """A stage has a token and a state of its own, and each run waits for the reviewers of its environment."""
    path = GITHUB / "workflows" / "stage.yml"
    used = re.findall(r"(?<![\w-])(?:secrets|vars)\.(\w+)", re.sub(r"vars\.ORCHESTRATOR_STAGE\b", "", path.read_text()))

    assert used
    assert [name for name in used if not name.startswith("STAGE_")] == []
    assert read(path)["jobs"]["stage"]["environment"] == "stage"


@workflows
def test_what_may_write_is_of_an_environment(path: Path) -> None:
    """Anybody who may push a branch reads a secret of the repository; an environment can let in main alone."""
    of_branches = {"CLOUDFLARE_READ_TOKEN"}
    for job in jobs(path):
        if set(re.findall(r"secrets\.(\w+)", str(job))) - of_branches:
            assert job["environment"]


def test_stages_that_are_not_wanted_any_more_end_by_what_is_on_main() -> None:
    workflow = read(GITHUB / "workflows" / "stage.yml")
    events = workflow[True]

    assert events["schedule"]
    assert events["push"] == {"branches": ["main"]}
    assert not {"closed", "unlabeled"} & set(events["pull_request"]["types"])
    assert "github.event_name != 'pull_request'" in workflow["jobs"]["sweep"]["if"]
    assert workflow["jobs"]["sweep"]["environment"] == "stage-sweep"
