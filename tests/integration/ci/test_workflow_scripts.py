"""The steps of the workflows as a run of GitHub Actions takes them: Pulumi's state in a bucket, a fresh checkout each
time, and GitHub, Cloudflare and S3 on loopback."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.stack.config import run_pulumi
from orchestrator.stack.placeholders import secret_texts
from scripts import deploy, deployed_state, preview_comment, stage
from tests.support.drift_stack import MANIFEST, SECRETS, STACK, DriftStack
from tests.support.github_server import GitHubServer, github_server
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.s3 import BUCKET, S3, s3_server

TEMPLATE = "template"
READ = [
    f"{name} Read" for name in ("Workers Scripts", "Workers KV Storage", "Workers R2 Storage", "D1", "Account Settings")
]


class Run:
    """A run for pull request 7."""

    def __init__(self, project: DriftStack, cloudflare: LocalCloudflare, github: GitHubServer, s3: S3) -> None:
        self.project, self.cloudflare, self.github, self.s3 = project, cloudflare, github, s3

    def stage(self, action: str, labels: list[str]) -> int:
        """The step of the `stage` workflow, in a checkout that knows nothing of earlier runs."""
        (self.project.root / "Pulumi.pr-7.yaml").unlink(missing_ok=True)
        self.event(action, labels)
        self.github.pull(7, labels, state="closed" if action == "closed" else "open")
        return stage.main(TEMPLATE, self.project.root)

    def sweep(self) -> int:
        """The step of its daily run."""
        (self.project.root / "Pulumi.pr-7.yaml").unlink(missing_ok=True)
        (self.project.root / "event.json").write_text(json.dumps({"schedule": "41 4 * * *"}))
        return stage.main(TEMPLATE, self.project.root)

    def event(self, action: str, labels: list[str]) -> None:
        pull_request = {"number": 7, "labels": [{"name": label} for label in labels]}
        path = self.project.root / "event.json"
        path.write_text(json.dumps({"action": action, "pull_request": pull_request}))

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=self.project.root, check=True, capture_output=True)

    def names(self) -> set[str]:
        """Everything that the account has, by name."""
        state = self.cloudflare.local("GET", "/state")
        return {
            each.get("title") or each.get("name") or each["id"]
            for kind in ("kv", "r2", "d1", "workers")
            for each in state[kind]
        }


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def project(s3: S3, cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> DriftStack:
    """A stack that is configured, in a bucket, and was never brought up."""
    project = DriftStack(tmp_path_factory.mktemp("workflows"), cloudflare_server)
    for name in ("requirements.txt", "pyproject.toml"):
        (project.root / name).symlink_to(ROOT / name)
    shutil.copy(project.root / f"Pulumi.{STACK}.yaml", project.root / f"Pulumi.{TEMPLATE}.yaml")
    project.project.environment |= {**s3.environment, "PULUMI_STACK": TEMPLATE}
    project.project.run("stack", "init", TEMPLATE)
    watching = {"heal": '{"url": "https://heal.example.com/"}', "alertUrl": "https://alerts.example.com/"}
    for key, value in watching.items():
        project.project.run("config", "set", "--secret", key, value, "--stack", TEMPLATE)
    return project


@pytest.fixture
def run(project: DriftStack, s3: S3, cloudflare_api: LocalCloudflare) -> Iterator[Run]:
    """Without `monkeypatch`, which a test that takes it after this then undoes before this: else what a test deleted of
    the project's environment would come back for good."""
    with github_server() as github, project.environment(), pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        step = {**github.environment, "GITHUB_EVENT_PATH": str(project.root / "event.json")}
        for name, value in step.items():
            patch.setenv(name, value)
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        yield Run(project, cloudflare_api, github, s3)


def test_a_stage_comes_with_its_label_stays_the_same_and_goes_with_its_data(run: Run) -> None:
    assert run.stage("labeled", ["stage"]) == 0

    first = run.names()
    assert {"pr-7-NOTES", "pr-7-efh-files", "pr-7-efh-router"} <= first
    assert all(name.startswith("pr-7-") for name in first)
    (comment,) = run.github.comments
    assert run.cloudflare.workers_url.format(worker="pr-7-efh-router") in comment["body"]
    run.cloudflare.call("PUT", "/r2/buckets/pr-7-efh-files/objects/kept", content=b"data").raise_for_status()

    assert run.stage("synchronize", ["stage"]) == 0
    assert run.names() == first
    kept = run.cloudflare.call("GET", "/r2/buckets/pr-7-efh-files/objects/kept")
    assert kept.content == b"data"

    settings = (run.project.root / "Pulumi.pr-7.yaml").read_text()
    assert "accountId" in settings
    assert not any(key in settings for key in stage.NOT_INHERITED)

    assert run.sweep() == 0
    assert run.names() == first

    run.github.pull(7, ["stage"], state="closed")  # and the run for that event never came
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_BACKEND_URL", run.s3.environment["PULUMI_BACKEND_URL"].replace(BUCKET, "elsewhere"))
        assert run.sweep() != 0
    assert run.names() == first

    assert run.sweep() == 0
    assert run.names() == set()
    assert [key for key in run.s3.objects(".pulumi/stacks/") if "pr-7.json" in key and "bak" not in key] == []
    (comment,) = run.github.comments
    assert "was destroyed, with its data" in comment["body"]

    assert run.stage("closed", []) == 0
    assert len(run.github.comments) == 1


@pytest.fixture
def pull_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """What the job of a preview has: a commit of a pull request, and of the secrets the token that may read."""
    run.event("opened", [])
    run.project.write({**MANIFEST, "autopilots": MANIFEST["autopilots"][1:]})
    run.git("init", "--quiet")
    run.git("add", "autopilots.yaml")
    run.git("commit", "--quiet", "--message", "before")
    run.project.write(MANIFEST)
    run.git("commit", "--quiet", "--all", "--allow-empty", "--message", "after")
    deployed = deployed_state.file_of(run.project.root)
    deployed.unlink(missing_ok=True)
    as_job(run, monkeypatch)
    yield run
    run.project.write(MANIFEST)
    deployed.unlink(missing_ok=True)


@pytest.fixture
def never_deployed(run: Run) -> Run:
    """The account is empty, and so is the state."""
    pulumi = run.project.project
    pulumi.run("stack", "rm", "--yes", "--force", "--preserve-config", "--stack", TEMPLATE)
    pulumi.run("stack", "init", "--no-select", TEMPLATE)
    deployed_state.file_of(run.project.root).unlink(missing_ok=True)
    return run


def as_job(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    token = run.cloudflare.local("POST", "/tokens", {"name": "reader", "permissions": READ})["value"]
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", token)
    for name in (*run.s3.environment, "PULUMI_CONFIG_PASSPHRASE", "PULUMI_BACKEND_URL", "PULUMI_STACK"):
        monkeypatch.delenv(name, raising=False)


def test_the_comment_on_a_pull_request_says_what_changes_for_people(pull_request: Run, capsys: Any) -> None:
    run = pull_request
    settings = (run.project.root / f"Pulumi.{TEMPLATE}.yaml").read_text()
    hourly = {"task": "keep", "every": "0 * * * *"}
    run.project.write({**MANIFEST, "tasks": {"keep": {"capability": "file.keep"}}, "schedules": {"hourly": hourly}})

    assert preview_comment.main(TEMPLATE, run.project.root) == 0, capsys.readouterr().err

    (comment,) = run.github.comments
    for text in ("new capability file.keep", "- R2 bucket efh-files", "- Worker efh-keeper", "Limits of the plan"):
        assert text in comment["body"]
    assert "- queue efh-tasks-dead" in comment["body"]
    assert "| Queue operations of schedules | day | 72 | 10,000 | 1% |" in comment["body"]
    assert "no deployment has published" in comment["body"]
    assert "secret-access-key" not in comment["body"]
    assert run.names() == set()
    assert (run.project.root / f"Pulumi.{TEMPLATE}.yaml").read_text() == settings

    run.cloudflare.local("PATCH", "/account", {"workersDevSubdomain": None})
    assert preview_comment.main(TEMPLATE, run.project.root) == 2
    (comment,) = run.github.comments
    assert "workers.dev subdomain: choose the account's workers.dev subdomain once" in comment["body"]


def test_a_mistake_is_told_in_the_comment_in_place_of_what_it_said_before(pull_request: Run, capsys: Any) -> None:
    run = pull_request
    run.github.comments.clear()
    broken = copy.deepcopy(MANIFEST)
    broken["autopilots"][1]["needs"]["workers"][0]["content"] = "export default {"
    for manifest, told in (({**MANIFEST, "task": {}}, "unknown key `task`"), (broken, "do not compile")):
        run.project.write(manifest)

        assert preview_comment.main(TEMPLATE, run.project.root) != 0, capsys.readouterr().err

        (comment,) = run.github.comments
        assert told in comment["body"]


def test_a_deployment_stops_at_what_doctor_finds_and_else_brings_the_stack_up(
    never_deployed: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    run = never_deployed
    run.cloudflare.local("PATCH", "/account", {"r2Enabled": False})
    assert deploy.main(TEMPLATE, run.project.root) == 2
    assert "::error title=doctor, R2::not switched on" in capfd.readouterr().out
    assert run.names() == set()

    run.cloudflare.local("PATCH", "/account", {"r2Enabled": True})
    assert deploy.main(TEMPLATE, run.project.root) == 0
    assert {"NOTES", "efh-files", "efh-router"} <= run.names()
    run.project.project.run("preview", "--expect-no-changes")


def test_a_preview_compares_with_what_was_deployed_and_has_no_secret_of_it(
    never_deployed: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run = never_deployed
    root, s3 = run.project.root, run.s3
    assert deploy.main(TEMPLATE, root) == 0, capfd.readouterr()
    published = deployed_state.file_of(root).read_text()
    config = json.loads(run.project.project.run("config", "--json", "--show-secrets", "--stack", TEMPLATE))
    exported = json.loads(run.project.project.run("stack", "export", "--show-secrets", "--stack", TEMPLATE))
    assert len(secret_texts(config)) >= 4
    assert [text for text in secret_texts(config) if text in published] == []
    assert [text for text in bound_secrets(exported) if text in published] == []
    assert "ciphertext" not in published
    assert "encryptionsalt" not in published
    account, objects = run.cloudflare.account(), s3.objects("")

    run.event("opened", [])
    as_job(run, monkeypatch)
    assert preview_comment.main(TEMPLATE, root) == 0, capfd.readouterr()
    (comment,) = run.github.comments
    assert re.findall(r"\*\*(Created|Changed|Removed|Kept|Deleted|It would fail).*", comment["body"]) == []
    assert "no deployment has published" not in comment["body"]

    edited = {**MANIFEST, "autopilots": MANIFEST["autopilots"][1:]}
    run.project.write(edited)
    try:
        assert preview_comment.main(TEMPLATE, root) == 0, capfd.readouterr()
    finally:
        run.project.write(MANIFEST)
    (comment,) = run.github.comments
    for text in ("**Removed**\n\n- Worker efh-keeper", "**Kept:", "- KV namespace NOTES", "- R2 bucket efh-files"):
        assert text in comment["body"]
    assert "**Created**" not in comment["body"]
    assert (run.cloudflare.account(), s3.objects("")) == (account, objects)


def bound_secrets(exported: dict[str, Any]) -> list[str]:
    """The values of the secrets that Workers are bound to, those that are derived too."""
    found = []
    for resource in exported["deployment"]["resources"]:
        bindings = (resource.get("inputs") or {}).get("bindings", {})
        for binding in json.loads(bindings.get("plaintext", "[]")):
            if binding["type"] == "secret_text":
                text = binding["text"]
                found.append(json.loads(text["plaintext"]) if isinstance(text, dict) else text)
    assert found
    return found


def test_a_state_with_a_secret_in_plain_text_is_not_published(
    never_deployed: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    run = never_deployed
    manifest = copy.deepcopy(MANIFEST)
    manifest["autopilots"][0]["needs"]["workers"][0]["vars"]["MODE"] = SECRETS["accessKey"]
    run.project.write(manifest)
    try:
        assert deploy.main(TEMPLATE, run.project.root) == 1
    finally:
        run.project.write(MANIFEST)

    assert "was not published for previews: a secret of its settings is in it as plain text" in capfd.readouterr().err
    assert not deployed_state.file_of(run.project.root).exists()


def test_a_stack_with_placeholders_is_previewed_and_never_updated(run: Run) -> None:
    with deployed_state.preview_stack(TEMPLATE, run.project.root):
        refused = run_pulumi(["up", "--yes", "--skip-preview", "--stack", TEMPLATE], run.project.root, check=False)

    assert refused.code != 0
    assert "it can be previewed and not updated" in refused.output + refused.errors
    assert run.names() == set()
