"""`doctor` against a real Pulumi stack and the local Cloudflare: each thing that can be wrong before an update."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.cloudflare.permissions import PERMISSIONS
from tests.support.drift_stack import STACK, DriftStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT

WRITES = ["Workers Scripts Write", "Workers KV Storage Write", "Workers R2 Storage Write", "D1 Write"]
NEEDED = [*WRITES, "Account Settings Read"]


class Doctor:
    """The command, run in the project's folder with its environment."""

    def __init__(self, project: DriftStack, server: LocalCloudflare, patch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.project, self.server, self.patch, self._capsys = project, server, patch, capsys

    def run(self, stack: str = STACK) -> tuple[int, dict[str, dict[str, str]]]:
        """The exit code, and the findings by name."""
        code = main(["doctor", "-s", stack, "--json"])
        return code, {check["name"]: check for check in json.loads(self._capsys.readouterr().out)["checks"]}

    def fixes(self, name: str) -> list[str]:
        """The command of each problem of that name."""
        main(["doctor", "-s", STACK, "--json"])
        checks = json.loads(self._capsys.readouterr().out)["checks"]
        return [each["fix"] for each in checks if each["name"] == name and each["state"] == "problem"]

    def use_token(self, **token: Any) -> None:
        minted = self.server.local("POST", "/tokens", {"name": "limited", "permissions": NEEDED, **token})
        self.patch.setenv("CLOUDFLARE_API_TOKEN", minted["value"])


@pytest.fixture(scope="module")
def project(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> DriftStack:
    """A stack that is configured, and was never brought up: `doctor` comes before the first update."""
    project = DriftStack(tmp_path_factory.mktemp("doctor"), cloudflare_server)
    for name in ("requirements.txt", "pyproject.toml"):
        (project.root / name).symlink_to(ROOT / name)
    return project


@pytest.fixture
def doctor(
    project: DriftStack,
    cloudflare_api: LocalCloudflare,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Doctor]:
    monkeypatch.chdir(project.root)
    with project.environment():
        yield Doctor(project, cloudflare_api, monkeypatch, capsys)


def test_a_stack_that_is_ready_is_well_and_nothing_was_changed(doctor: Doctor) -> None:
    before = doctor.server.local("GET", "/state")

    code, found = doctor.run()

    assert code == 0, found
    assert {check["state"] for check in found.values()} == {"ok"}
    assert {f"permission {permission.name}" for permission in PERMISSIONS} <= found.keys()
    assert found["state backend"]["detail"].startswith("file://")
    assert "optional and not set: SPARE_KEY" in found["secrets"]["detail"]
    assert doctor.server.local("GET", "/state") == before


@pytest.mark.parametrize(
    ("kept", "missing"),
    [
        (WRITES, {"Account Settings Read"}),
        (["Workers KV Storage Read", *NEEDED[2:]], {"Workers Scripts Edit", "Workers KV Storage Edit"}),
        (["Account Settings Read"], {each.name for each in PERMISSIONS} - {"Account Settings Read"}),
    ],
    ids=["settings", "two, one of which may be read", "all writes"],
)
def test_missing_permissions_are_named(doctor: Doctor, kept: list[str], missing: set[str]) -> None:
    doctor.use_token(permissions=kept)

    code, found = doctor.run()

    assert code == 2
    problems = {name for name, check in found.items() if check["state"] == "problem"}
    assert problems == {f"permission {name}" for name in missing}
    assert all(name.removeprefix("permission ") in found[name]["fix"] for name in problems)


def test_a_token_of_the_account_itself_is_as_good(doctor: Doctor) -> None:
    doctor.use_token(owner="account")

    assert doctor.run()[0] == 0


@pytest.mark.parametrize("status", ["disabled", "expired"])
def test_a_token_that_is_valid_no_more(doctor: Doctor, status: str) -> None:
    doctor.use_token(status=status)

    code, found = doctor.run()

    assert code == 2
    assert (found["token"]["state"], found["account"]["state"]) == ("problem", "unknown")
    assert status in found["token"]["detail"]


def test_a_token_of_another_account(doctor: Doctor) -> None:
    doctor.project.project.run("config", "set", "accountId", "f" * 32)
    try:
        code, found = doctor.run()
    finally:
        doctor.project.project.run("config", "set", "accountId", doctor.server.account_id)

    assert code == 2
    assert f"it can see Local Cloudflare ({doctor.server.account_id})" in found["account"]["detail"]
    assert "accountId" in found["account"]["fix"]


def test_the_traps_of_a_fresh_account(doctor: Doctor) -> None:
    doctor.server.local("PATCH", "/account", {"workers_dev_subdomain": None, "r2_enabled": False})

    code, found = doctor.run()

    assert code == 2
    assert {name for name, check in found.items() if check["state"] == "problem"} == {"workers.dev subdomain", "R2"}
    assert "Workers & Pages" in found["workers.dev subdomain"]["fix"]
    assert "payment method" in found["R2"]["fix"]


def test_offline_it_says_what_it_could_not_check(doctor: Doctor) -> None:
    doctor.patch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1/client/v4")

    code, found = doctor.run()

    assert code == 1
    unknown = {name for name, check in found.items() if check["state"] == "unknown"}
    assert {"token", "account", "workers.dev subdomain", "R2", "permission D1 Edit"} <= unknown
    assert "no answer from 127.0.0.1" in found["token"]["detail"]
    assert found["settings"]["state"] == found["secrets"]["state"] == "ok"


def test_a_service_that_fails_is_not_taken_for_a_missing_permission(doctor: Doctor) -> None:
    fault = {"effect": "status", "status": 500, "method": "POST", "path": "/accounts/*/d1/database"}
    doctor.server.local("PUT", "/faults", {"faults": [fault]})

    code, found = doctor.run()

    assert code == 1
    assert {name for name, check in found.items() if check["state"] == "unknown"} == {"permission D1 Edit"}


def test_a_stack_that_is_not_there_and_one_that_is_not_configured(doctor: Doctor) -> None:
    code, found = doctor.run("prod")
    assert code == 2
    assert "pulumi stack init prod" in found["stack"]["fix"]

    doctor.project.project.run("stack", "init", "prod", "--no-select")
    code, found = doctor.run("prod")
    assert code == 2
    assert (found["stack"]["state"], found["settings"]["state"], found["secrets"]["state"]) == (
        "ok",
        "problem",
        "problem",
    )


def test_for_a_person_there_is_a_table_and_then_what_to_do(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.use_token(permissions=WRITES)

    assert main(["doctor", "-s", STACK]) == 2

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["CHECK", "STATE", "DETAIL"]
    assert any("permission Account Settings Read" in line and "problem" in line for line in lines)
    assert lines[-1].startswith("  - permission Account Settings Read: edit the token")


def test_each_setting_that_is_wrong_is_put_right_by_the_command_that_is_printed(
    doctor: Doctor, project: DriftStack
) -> None:
    settings = project.root / f"Pulumi.{STACK}.yaml"
    before = settings.read_text()
    wrong = {"namePrefix": "Team_", "mark": "x", "plan": "gold", "keepData": "yes", "journalDays": "never"}
    wrong["keepdata"] = "false"  # no setting
    project.project.run("config", "set-all", *(f"--plaintext={key}={value}" for key, value in wrong.items()))
    project.project.run("config", "set", "startEmpty", "efh-files")
    try:
        commands = doctor.fixes("settings")
        assert len(commands) == len(wrong) + 1
        for command in commands:
            project.project.run(*shlex.split(command)[1:])
        code, found = doctor.run()
        assert code == 0, found
    finally:
        settings.write_text(before)
