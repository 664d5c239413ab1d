"""`doctor` against a real Pulumi stack and the local Cloudflare: each thing that can be wrong before an update."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.cloudflare.permissions import PERMISSIONS
from tests.support.drift_stack import MANIFEST, STACK, DriftStack
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
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Doctor]:
    with project.environment(), pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        yield Doctor(project, cloudflare_api, patch, capsys)


def test_a_stack_that_is_ready_is_well_and_nothing_was_changed(doctor: Doctor) -> None:
    before = doctor.server.account()

    code, found = doctor.run()

    assert code == 0, found
    assert {check["state"] for check in found.values()} == {"ok"}
    assert {f"permission {permission.name}" for permission in PERMISSIONS} <= found.keys()
    assert found["state backend"]["detail"].startswith("file://")
    assert "optional and not set: SPARE_KEY" in found["secrets"]["detail"]
    assert doctor.server.account() == before


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


def test_a_file_with_a_queue_needs_its_permission_and_no_other_does(doctor: Doctor) -> None:
    doctor.use_token(permissions=NEEDED)
    assert "permission Queues Edit" not in doctor.run()[1]
    doctor.project.write({**MANIFEST, "tasks": {"keep": {"capability": "file.keep", "async": True}}})
    try:
        code, found = doctor.run()
        assert (code, found["permission Queues Edit"]["state"]) == (2, "problem")

        doctor.use_token(permissions=[*NEEDED, "Queues Write"])
        code, found = doctor.run()
        assert (code, found["permission Queues Edit"]["state"]) == (0, "ok")
    finally:
        doctor.project.write(MANIFEST)


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
    doctor.server.local("PATCH", "/account", {"workersDevSubdomain": None, "r2Enabled": False})

    code, found = doctor.run()

    assert code == 2
    assert {name for name, check in found.items() if check["state"] == "problem"} == {"workers.dev subdomain", "R2"}
    assert "Workers & Pages" in found["workers.dev subdomain"]["fix"]
    assert "payment method" in found["R2"]["fix"]


@pytest.fixture
def r2_token(doctor: Doctor) -> dict[str, str]:
    """A token for R2 alone, as a shell has its S3 keys."""
    minted = doctor.server.local("POST", "/tokens", {"name": "r2", "permissions": ["Workers R2 Storage Write"]})
    secret = hashlib.sha256(minted["value"].encode()).hexdigest()
    return {"R2_ACCESS_KEY_ID": minted["id"], "R2_SECRET_ACCESS_KEY": secret}


@pytest.mark.parametrize("buckets", [(), ("efh-a", "efh-b")], ids=["none yet", "two"])
def test_an_r2_token_that_does(doctor: Doctor, r2_token: dict[str, str], buckets: tuple[str, ...]) -> None:
    for name in buckets:
        doctor.server.call("POST", "/r2/buckets", json={"name": name})
    for name, value in r2_token.items():
        doctor.patch.setenv(name, value)

    code, found = doctor.run()

    assert (code, found["R2 token"]["state"]) == (0, "ok"), found
    assert found["R2 token"]["detail"] == (
        "valid: reads 2 of 2 buckets" if buckets else "valid; there is no bucket yet"
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"R2_SECRET_ACCESS_KEY": "0" * 64}, "the secret access key is not the one of this access key id"),
        ({"R2_ACCESS_KEY_ID": "0" * 32}, "R2 knows no token with this access key id"),
        ({"R2_ACCESS_KEY_ID": "short"}, "Credential access key has length 5, should be 32"),
        ({"R2_ACCESS_KEY_ID": ""}, "R2_SECRET_ACCESS_KEY is set, and R2_ACCESS_KEY_ID is not"),
    ],
)
@pytest.mark.parametrize("buckets", [(), ("efh-a",)], ids=["no bucket", "a bucket"])
def test_an_r2_token_that_does_not_is_named_by_what_is_wrong_and_never_printed(
    doctor: Doctor, r2_token: dict[str, str], wrong: dict[str, str], words: str, buckets: tuple[str, ...]
) -> None:
    for name in buckets:
        doctor.server.call("POST", "/r2/buckets", json={"name": name})
    for name, value in {**r2_token, **wrong}.items():
        doctor.patch.setenv(name, value)

    code, found = doctor.run()

    assert code == 2
    assert found["R2 token"]["state"] == "problem"
    assert words in found["R2 token"]["detail"]
    assert found["R2 token"]["fix"]
    assert r2_token["R2_SECRET_ACCESS_KEY"] not in json.dumps(found)


def test_an_r2_token_without_a_right_to_any_bucket(doctor: Doctor) -> None:
    doctor.server.call("POST", "/r2/buckets", json={"name": "efh-a"})
    minted = doctor.server.local("POST", "/tokens", {"name": "r2", "permissions": ["D1 Write"]})
    doctor.patch.setenv("R2_ACCESS_KEY_ID", minted["id"])
    doctor.patch.setenv("R2_SECRET_ACCESS_KEY", hashlib.sha256(minted["value"].encode()).hexdigest())

    code, found = doctor.run()

    assert (code, found["R2 token"]["detail"]) == (2, "valid, and may read none of efh-a")


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
    wrong |= {"keepdata": "false", "customDomains": "often"}  # the first is no setting
    project.project.run("config", "set-all", *(f"--plaintext={key}={value}" for key, value in wrong.items()))
    project.project.run("config", "set", "startEmpty", "efh-files")
    project.project.run("config", "set", "dropAddresses", "a.example.com")
    try:
        commands = doctor.fixes("settings")
        assert len(commands) == len(wrong) + 2
        for command in commands:
            project.project.run(*shlex.split(command)[1:])
        code, found = doctor.run()
        assert code == 0, found
    finally:
        settings.write_text(before)


def test_a_prefix_that_makes_names_too_long_is_told_before_any_preview(doctor: Doctor, project: DriftStack) -> None:
    settings = project.root / f"Pulumi.{STACK}.yaml"
    before = settings.read_text()
    project.project.run("config", "set", "namePrefix", "p" * 60 + "-")
    try:
        code, found = doctor.run()
    finally:
        settings.write_text(before)

    assert code == 2
    (fix,) = (each["fix"] for each in found.values() if "which is not valid" in each["detail"])
    assert fix == "use a shorter prefix"
