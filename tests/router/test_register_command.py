"""`python -m orchestrator register` and `pull` as processes, against the routing Worker in workerd."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from orchestrator.dispatch.signature import secret_of
from tests.support.project import ROOT
from tests.support.workers import PARTNER, SECRET, TOKEN

MANIFEST = f"""\
orchestrator: {{worker: efh-orchestrator}}
autopilots: # who can do what
  - {{name: partner, endpoint: "https://{PARTNER}/", capabilities: [x]}} # elsewhere
"""
ENDPOINT = f"https://{PARTNER}/"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, workerd_url: str) -> Run:
    """Runs a command in a folder with a manifest."""
    (tmp_path / "autopilots.yaml").write_text(MANIFEST)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}
    url = f"http://router.localhost:{httpx.URL(workerd_url).port}"
    settings = {"ORCHESTRATOR_URL": url, "ORCHESTRATOR_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}

    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=tmp_path,
            env={**clean, **settings, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def name() -> str:
    return f"helper-{uuid.uuid4().hex[:12]}"


def flags(name: str) -> list[str]:
    return ["--name", name, "--endpoint", ENDPOINT, "--capability", f"{name}.run"]


def test_an_autopilot_is_registered_by_flags_and_gets_tasks(run: Run, name: str) -> None:
    done = run("register", *flags(name), "--capability", "y.z", "--weight", "3")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{name} is registered for {name}.run, y.z\n")
    received = json.loads(run("plan", f"{name}.run").stdout)
    Webhook(secret_of(SECRET, name)).verify(received["body"], received["headers"])


def test_a_file_says_the_same_and_flags_go_before_it(run: Run, name: str) -> None:
    text = f"name: someone\nendpoint: {ENDPOINT}\ncapabilities: [a]\nneeds: {{kvNamespaces: [LOGS]}}\n"

    done = run("register", "-", "--name", name, "--r2-bucket", "efh-new", "--json", stdin=text)

    registered = json.loads(done.stdout)
    assert (registered["name"], registered["capabilities"]) == (name, ["a"])
    assert registered["needs"] == {"kvNamespaces": ["LOGS"], "r2Buckets": ["efh-new"], "d1Databases": [], "workers": []}


def test_what_it_needs_and_nobody_declares_is_said(run: Run, name: str) -> None:
    done = run("register", *flags(name), "--kv-namespace", "NEW")

    assert done.returncode == 0
    assert "It gets no tasks yet: it needs what autopilots.yaml does not declare (kvNamespace NEW)." in done.stdout


def test_every_mistake_is_said_at_once(run: Run) -> None:
    done = run("register", "--name", "Helper", "--endpoint", "http://x", "--capability", "Y")

    assert (done.returncode, done.stdout) == (2, "")
    assert "Helper was not registered" in done.stderr
    for pointer in ("/name", "/endpoint", "/capabilities/0"):
        assert f"\n  {pointer} must be" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name one thing"),
        (["--name", "a", "--remove", "a"], "name one thing"),
        (["no-such-file.yaml"], "cannot read the registration"),
        (["autopilots.yaml", "--url", "http://router.example.com"], "must begin with https://"),
        (["--remove", "nobody"], "nobody was not removed: No autopilot is registered as nobody."),
        (["--name", "echo", "--endpoint", ENDPOINT, "--capability", "x"], "echo is declared in autopilots.yaml"),
    ],
)
def test_a_mistake_of_the_user_is_exit_2(run: Run, arguments: list[str], message: str) -> None:
    done = run("register", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["register", "--remove", "x"], ["pull"]], ids=["register", "pull"])
def test_without_a_url_or_token_it_says_how_to_set_them(run: Run, command: list[str]) -> None:
    for variable in ("ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN"):
        done = run(*command, **{variable: ""})

        assert done.returncode == 2
        assert f"export {variable}=" in done.stderr


def test_a_registration_is_removed_in_the_state_that_is_known(run: Run, name: str) -> None:
    etag = json.loads(run("register", *flags(name), "--json").stdout)["etag"]
    run("register", *flags(name), "--weight", "2")

    refused = run("register", "--remove", name, "--if-match", etag)
    removed = run("register", "--remove", name)

    assert (refused.returncode, "If-Match asks for another state" in refused.stderr) == (2, True)
    assert (removed.returncode, removed.stdout) == (0, f"{name} is removed\n")


def test_pull_writes_it_into_the_manifest(run: Run, name: str, tmp_path: Path) -> None:
    run("register", *flags(name), "--r2-bucket", "efh-new")
    lines = f"""\
  - name: {name}
    endpoint: {ENDPOINT}
    capabilities: [{name}.run]
    needs:
      r2Buckets: [efh-new]
"""

    planned = json.loads(run("pull", name, "--dry-run", "--json").stdout)
    assert planned.pop("diff").count("\n+  - name: ") == 1
    assert planned == {"file": "autopilots.yaml", "added": [name], "neededWorkers": [], "isWritten": False}

    dry = run("pull", name, "--dry-run")
    assert (tmp_path / "autopilots.yaml").read_text() == MANIFEST
    assert "".join(f"+{line}\n" for line in lines.splitlines()) in dry.stdout

    done = run("pull", name)
    assert (done.returncode, done.stdout) == (0, f"autopilots.yaml: added {name}\n")
    assert (tmp_path / "autopilots.yaml").read_text() == MANIFEST + lines
    assert run("validate").returncode == 0

    again = run("pull", name)
    nothing = {"file": "autopilots.yaml", "added": [], "neededWorkers": [], "diff": "", "isWritten": False}
    assert json.loads(run("pull", name, "--json").stdout) == nothing
    assert (again.returncode, again.stderr) == (0, "autopilots.yaml declares everything that is registered\n")
    assert (tmp_path / "autopilots.yaml").read_text() == MANIFEST + lines


def test_pull_of_a_name_that_nobody_has(run: Run) -> None:
    done = run("pull", "nobody")

    assert done.returncode == 2
    assert "no autopilot is registered as nobody" in done.stderr
