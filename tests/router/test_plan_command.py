"""`python -m orchestrator plan` as a process, against Workers in workerd: through the router, and directly."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import httpx
import pytest
import yaml

from tests.support.held import EVENTS, Held
from tests.support.project import ROOT
from tests.support.workers import SECRET, TOKEN

MANIFEST = {
    "orchestrator": {"worker": "efh-orchestrator"},
    "autopilots": [
        {
            "name": "echo",
            "worker": "efh-echo",
            "capabilities": ["echo.run"],
            "needs": {"workers": [{"name": "efh-echo", "content": "export default {}"}]},
        }
    ],
    "tasks": {"echo": {"capability": "echo.run"}},
}
Plan = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def plan(tmp_path: Path, workerd_url: str) -> Plan:
    """Runs the command in a folder with a manifest; `remote` and `direct` add what each way needs."""
    (tmp_path / "autopilots.yaml").write_text(yaml.safe_dump(MANIFEST))
    port = httpx.URL(workerd_url).port
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ORCHESTRATOR_", "AUTOPILOT_", "WEBHOOK_", "PULUMI_"))
    }
    ways: dict[str, dict[str, str]] = {
        "remote": {"ORCHESTRATOR_URL": f"http://router.localhost:{port}", "ORCHESTRATOR_TOKEN": TOKEN},
        "direct": {
            "AUTOPILOT_WORKER_URLS": json.dumps({"efh-echo": f"http://efh-echo.localhost:{port}/"}),
            "WEBHOOK_SECRET": SECRET,
        },
        "nothing": {},
    }

    def run(*arguments: str, way: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "orchestrator", "plan", *arguments],
            cwd=tmp_path,
            env={**clean, "PYTHONPATH": str(ROOT), **ways[way], **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("way", ["remote", "direct"])
def test_server_sent_events_go_to_standard_output_as_they_are(plan: Plan, workerd_url: str, way: str) -> None:
    held = Held(workerd_url)
    for _ in EVENTS:
        held.release()

    done = plan("echo", "--meta", json.dumps(held.meta), way=way)

    assert (done.returncode, done.stdout, done.stderr) == (0, "".join(EVENTS), "")


def test_where_they_do_not_end_the_outcome_is_unknown(plan: Plan, workerd_url: str) -> None:
    held = Held(workerd_url, parts=EVENTS[:1], then="stall")

    done = plan("echo_stream_soon", "--meta", json.dumps(held.meta), way="remote")

    assert done.returncode == 3
    assert done.stdout.startswith(f"{EVENTS[0]}\n\nevent: error\ndata: ")
    assert "did not answer within 0.6 s" in done.stderr


@pytest.mark.parametrize("way", ["remote", "direct"])
def test_the_autopilots_answer_goes_to_standard_output(plan: Plan, way: str) -> None:
    done = plan("echo", "--meta", '{"title": "Grüße"}', "--idempotency-key", "k-1", way=way)

    assert (done.returncode, done.stderr) == (0, "")
    received = json.loads(done.stdout)
    assert json.loads(received["body"])["meta"] == {"title": "Grüße"}
    assert received["headers"]["idempotency-key"] == "k-1"
    assert received["verified"] == [False, True]


def test_meta_may_come_from_a_file_or_standard_input(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text('{"from": "file"}')

    by_file = plan("echo", "--meta", "@meta.json", way="direct")
    by_input = plan("echo", "--meta", "-", way="direct", stdin='{"from": "input"}')

    assert '\\"from\\": \\"file\\"' in by_file.stdout
    assert '\\"from\\": \\"input\\"' in by_input.stdout


@pytest.mark.parametrize("way", ["remote", "nothing"])
def test_explain_needs_no_settings_and_forwards_nothing(plan: Plan, way: str) -> None:
    done = plan("echo", "--explain", way=way)

    assert (done.returncode, json.loads(done.stdout)["autopilot"]) == (0, "echo")


def test_explain_asks_the_router_when_it_is_named(plan: Plan, workerd_url: str) -> None:
    url = f"http://router.localhost:{httpx.URL(workerd_url).port}"

    done = plan("ask_partner", "--explain", "--url", url, way="remote")  # a task that only its table has

    assert (done.returncode, json.loads(done.stdout)["autopilot"]) == (0, "partner")


@pytest.mark.parametrize("way", ["remote", "direct"])
def test_a_task_that_nobody_can_do_is_the_users_mistake(plan: Plan, way: str) -> None:
    done = plan("ecko", "--json", way=way)

    assert (done.returncode, done.stdout) == (2, "")
    document = json.loads(done.stderr)
    assert (document["title"], document["known"][0]) == ("No autopilot currently supports ecko", "echo")


@pytest.mark.parametrize("way", ["remote", "direct"])
@pytest.mark.parametrize(("status", "code"), [(422, 2), (500, 3), (503, 3)])
def test_the_exit_code_follows_the_status(plan: Plan, way: str, status: int, code: int) -> None:
    done = plan("echo", "--meta", json.dumps({"do": "problem", "status": status}), way=way)

    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("Out of paper: ")


def test_a_page_is_printed_as_it_is(plan: Plan) -> None:
    assert plan("echo", "--meta", '{"do": "page"}', way="direct").stdout == "<h1>Grüße</h1>\n"


def test_a_wrong_token_is_the_users_mistake(plan: Plan) -> None:
    done = plan("echo", way="remote", ORCHESTRATOR_TOKEN="wrong")

    assert done.returncode == 2
    assert done.stderr.startswith("Unauthorized: The bearer token is not valid.")


def test_what_must_not_be_done_twice_goes_only_through_the_router(plan: Plan, tmp_path: Path) -> None:
    manifest = {**MANIFEST, "tasks": {"pay": {"capability": "echo.run", "once": True}}}
    (tmp_path / "autopilots.yaml").write_text(yaml.safe_dump(manifest))

    done = plan("pay", "--idempotency-key", "k-1", way="direct")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Only through the routing Worker: pay must never be done twice")
    assert "ORCHESTRATOR_URL" in done.stderr


@pytest.mark.parametrize("way", ["remote", "direct"])
@pytest.mark.parametrize(
    ("meta", "code"),
    [
        ({"do": "plain", "status": 207, "text": "some"}, 4),
        ({"do": "plain", "status": 500, "text": ""}, 3),
        ({"do": "problem", "status": 408}, 3),
        ({"do": "redirect", "status": 302}, 3),
        ({"do": "redirect", "status": 307}, 1),
        ({"do": "plain", "status": 429, "text": ""}, 2),
    ],
    ids=["in part", "fault", "late", "redirect", "rejected", "too many"],
)
def test_the_exit_code_says_what_is_certain(plan: Plan, way: str, meta: dict[str, object], code: int) -> None:
    assert plan("echo", "--meta", json.dumps(meta), way=way).returncode == code


def test_without_an_answer_of_the_router_nobody_knows(plan: Plan, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)

        def hang_up() -> None:
            connection, _ = silent.accept()
            connection.recv(65536)
            connection.close()

        Thread(target=hang_up, daemon=True).start()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        asked = plan("echo", way="remote", ORCHESTRATOR_URL=url)
    closed = plan("echo", way="remote", ORCHESTRATOR_URL=url)

    assert (asked.returncode, closed.returncode) == (3, 1)
