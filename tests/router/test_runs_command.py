"""`python -m orchestrator runs` as a process, against the routing Worker in workerd."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.payments import TOKEN, Payments, new_key
from tests.support.project import ROOT


def runs(payments: Payments, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}
    url = f"http://router.localhost:{payments.port}"
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "runs", *arguments],
        cwd=ROOT,
        env={**clean, "ORCHESTRATOR_URL": url, "ORCHESTRATOR_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def unknown(payments: Payments) -> str:
    return payments.pay(new_key(), {"status": 500}).headers["x-run-id"]


def test_what_is_unknown_is_listed(payments: Payments, unknown: str) -> None:
    table = runs(payments, "--status", "unknown")
    listed = json.loads(runs(payments, "--status", "unknown", "--json").stdout)

    assert (table.returncode, unknown in table.stdout) == (0, True)
    assert {run["status"] for run in listed} == {"unknown"}
    assert listed[0]["id"] == unknown


def test_one_is_shown_with_what_to_do(payments: Payments, unknown: str) -> None:
    shown = runs(payments, "show", unknown)

    assert shown.returncode == 0
    assert "status: unknown" in shown.stdout
    assert f"runs resolve {unknown} --done, or --not-done" in shown.stderr
    assert json.loads(runs(payments, "show", unknown, "--json").stdout) == payments.run(unknown)


@pytest.mark.parametrize("word", ["done", "not-done"])
def test_a_person_says_how_it_ended(payments: Payments, unknown: str, word: str) -> None:
    told = runs(payments, "resolve", unknown, f"--{word}", "--note", "asked the bank", "--json")

    assert (told.returncode, json.loads(told.stdout)["status"]) == (0, word)
    (resolution,) = payments.run(unknown)["resolutions"]
    assert (resolution["resolution"], resolution["note"]) == (word, "asked the bank")
    assert runs(payments, "resolve", unknown, f"--{word}").returncode == 2


@pytest.mark.parametrize("arguments", [["show", "run_nothing"], ["resolve", "run_x"], ["--status", "lost"], ["show"]])
def test_a_mistake_is_named(payments: Payments, arguments: list[str]) -> None:
    assert runs(payments, *arguments).returncode == 2
