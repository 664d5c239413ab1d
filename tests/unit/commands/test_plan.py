"""`python -m orchestrator plan`: each mistake is named, with exit code 2, before anything is sent.

What it does when all is well is in tests/router/test_plan_command.py, against real Workers.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.cli import main

MANIFEST = """
orchestrator: {worker: efh-orchestrator}
autopilots: [{name: partner, endpoint: "https://partner.example.com/", capabilities: [ask]}]
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a manifest, and an environment that says nothing of a stack."""
    (tmp_path / "autopilots.yaml").write_text(MANIFEST)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in list(os.environ):
        if name.startswith(("ORCHESTRATOR_", "AUTOPILOT_", "WEBHOOK_")):
            monkeypatch.delenv(name)


def plan(*arguments: str) -> int:
    try:
        return main(["plan", *arguments])
    except SystemExit as wrong_usage:
        return int(wrong_usage.code or 0)


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["ask", "--meta", "{"], {}, "--meta is not JSON"),
        (["ask", "--meta", "[]"], {}, "--meta must be a JSON object"),
        (["ask", "--meta", '{"x": NaN}'], {}, "NaN is no JSON value"),
        (["ask", "--meta", "@nowhere.json"], {}, "nowhere.json"),
        (["ask", "--idempotency-key", "two\nlines"], {}, "printable ASCII"),
        (["ask", "--url", "https://router.example.com"], {}, "ORCHESTRATOR_TOKEN is not set"),
        (["ask", "--url", "http://router.example.com"], {"ORCHESTRATOR_TOKEN": "x"}, "must begin with https://"),
        (["ask", "--url", "https://x", "--direct"], {}, "not allowed with argument"),
        (["ask"], {"ORCHESTRATOR_URL": "ftp://x", "ORCHESTRATOR_TOKEN": "x"}, "must begin with https://"),
        (["ask"], {}, "pulumi, which knows the stack, is not on PATH"),
        (["ask"], {"AUTOPILOT_WORKER_URLS": "[]"}, "not a JSON object of URLs by Worker name"),
        (["ask"], {"AUTOPILOT_WORKER_URLS": '{"a": 1}'}, "not a JSON object of URLs by Worker name"),
        (["ask", "--file", "nowhere.yaml"], {}, "nowhere.yaml"),
        (["nothing", "--explain"], {}, "No autopilot currently supports nothing"),
    ],
)
def test_a_mistake_is_named_and_exits_with_2(
    arguments: list[str],
    environment: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert plan(*arguments) == 2
    assert message in capsys.readouterr().err


def test_an_explanation_holds_a_meta_against_the_catalogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "catalog/capabilities"
    folder.mkdir(parents=True)
    (folder / "ask.yaml").write_text(
        "{name: ask, version: 1.0.0, title: Ask, meta: {type: object, required: [what]}, result: {}}"
    )
    (folder / "other.yaml").write_text("{")

    assert plan("ask", "--explain") == 0
    assert plan("ask", "--explain", "--meta", '{"what": 1}') == 0
    capsys.readouterr()
    assert plan("ask", "--explain", "--meta", "{}") == 2

    assert "/meta/what is required" in capsys.readouterr().err


def test_a_secret_that_is_none_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTOPILOT_WORKER_URLS", "{}")
    monkeypatch.setenv("WEBHOOK_SECRET", "hunter2")

    code = plan("ask")

    output = capsys.readouterr()
    assert code == 1
    assert output.err.startswith("Not configured: WEBHOOK_SECRET is not a Standard Webhooks secret")
    assert "hunter2" not in output.out + output.err
