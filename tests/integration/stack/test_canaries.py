"""No secret is ever shown: each is a canary, and all that the commands print, log and write is searched for them.

Once with secrets as they should be, and once with each token as somebody pastes it: with a space at its end, a line
break, a letter that no token has.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.drift_stack import STACK, DriftStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT

CANARIES = {
    "apiToken": "canary-caller-0123456789-0123456789-0123456789",
    "webhookSecret": "whsec_Y2FuYXJ5LXdlYmhvb2stMDEyMzQ1Njc4OS0w",
    "diagnoseToken": "canary-diagnose-token",
    "analyticsToken": "canary-analytics-token",
    "alertUrl": "https://alerts.example.com/canary-alert-path",
    "alertUrls.slack": "https://alerts.example.com/canary-channel-path",
    "heal": json.dumps({"url": "https://heal.example.com/", "token": "canary-heal-token"}),
    "secrets.ACCESS_KEY": "canary-access-key",
}
SOUGHT = ("canary", CANARIES["webhookSecret"], CANARIES["webhookSecret"].removeprefix("whsec_"))
COMMANDS = (
    "validate",
    "show",
    "limits",
    "drift --full",
    "drift --json",
    "heal --dry-run --json",
    "heal",
    "adopt --dry-run",
    "doctor",
    "diagnose",
    "diagnose --url {url}",
    "journal",
    "plan keep_file --explain",
    """plan keep_file --meta {"x":1e400}""",
    "backup NOTES backup",
    "destroy-data NOTES",
    "pull",
)
BROKEN = ("{} ", "{}\n", " {}", "{}…")


@pytest.fixture(scope="module")
def project(cloudflare_server: LocalCloudflare, tmp_path_factory: pytest.TempPathFactory) -> DriftStack:
    cloudflare_server.reset()
    project = DriftStack(tmp_path_factory.mktemp("canaries"), cloudflare_server)
    arguments = [f"--secret={key}={value}" for key, value in CANARIES.items()]
    project.project.run("config", "set-all", "--path", *arguments)
    for name in ("requirements.txt", "pyproject.toml"):  # doctor reads them
        (project.root / name).symlink_to(ROOT / name)
    project.project.environment |= {
        "ORCHESTRATOR_TOKEN": CANARIES["apiToken"],
        "ORCHESTRATOR_URL": cloudflare_server.workers_url.format(worker="efh-router"),
    }
    return project


def said(project: DriftStack, command: str, **environment: str) -> str:
    """All that a command prints, with the calls that it makes; it may end as it likes, but not by a bug of ours."""
    arguments = command.replace("{url}", project.project.environment["ORCHESTRATOR_URL"]).split()
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "-v", *arguments],
        cwd=project.root,
        env={**project.project.environment, "PULUMI_STACK": STACK, **environment},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=240,
        check=False,
    )
    text = (done.stdout + done.stderr).decode()
    assert "this is a bug" not in text, f"{command}: {text}"
    assert "Traceback" not in text, f"{command}: {text}"
    return text


def sought_in(text: str, *more: str) -> list[str]:
    return [each for each in (*SOUGHT, *more) if each in text]


@pytest.mark.timeout(900)
def test_no_command_shows_a_secret_and_nothing_that_is_written_has_one(project: DriftStack) -> None:
    token = project.project.environment["CLOUDFLARE_API_TOKEN"]
    shown = {"pulumi up": project.project.up()} | {command: said(project, command) for command in COMMANDS}
    assert {command: found for command, text in shown.items() if (found := sought_in(text, token))} == {}

    written = [
        path
        for folder in (project.root / ".state", project.root / ".build", project.root / f"Pulumi.{STACK}.yaml")
        for path in ([folder] if folder.is_file() else folder.rglob("*"))
        if path.is_file()
    ]
    assert any(path.suffix == ".json" for path in written)
    assert {path: found for path in written if (found := sought_in(_text(path), token))} == {}


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("pattern", BROKEN, ids=["space", "line break", "space before", "letter"])
def test_a_token_that_is_broken_is_named_by_what_is_wrong(project: DriftStack, pattern: str) -> None:
    broken = pattern.format("canary-token")
    for command in ("drift", "doctor", "diagnose", "backup NOTES b"):
        text = said(project, command, CLOUDFLARE_API_TOKEN=broken)
        assert sought_in(text) == [], command
        assert "CLOUDFLARE_API_TOKEN has a" in text, f"{command}: {text}"
    preview = project.project.run("preview", exit_code=1, CLOUDFLARE_API_TOKEN=broken)
    assert "CLOUDFLARE_API_TOKEN has a" in preview
    assert sought_in(preview) == []
    for command in ("plan keep_file", "journal", "diagnose --url {url}"):
        text = said(project, command, ORCHESTRATOR_TOKEN=broken)
        assert sought_in(text) == [], command
        assert "ORCHESTRATOR_TOKEN has a" in text or broken != broken.strip(), f"{command}: {text}"
