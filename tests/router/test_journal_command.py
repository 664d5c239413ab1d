"""`python -m orchestrator journal` as a process, against the routing Worker in workerd."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import pytest

from tests.support.journals import Journal
from tests.support.project import ROOT
from tests.support.workers import TOKEN

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(workerd_url: str) -> Run:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "CLOUDFLARE_"))}
    url = f"http://journalled.localhost:{httpx.URL(workerd_url).port}"

    def run(*arguments: str, command: str = "journal") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "orchestrator", command, *arguments],
            cwd=ROOT,
            env={**clean, "ORCHESTRATOR_URL": url, "ORCHESTRATOR_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def fill(journal: Journal, count: int) -> None:
    """Of two autopilots in turn, a millisecond apart; every fifth task came to nothing."""
    now = time.time_ns() // 1_000_000 - 60_000
    journal.fill(
        [
            {
                "at": now + number,
                "request_id": f"r{number}",
                "autopilot": "odd" if number % 2 else "even",
                "task": "work",
                "outcome": "done" if number % 5 else "unknown",
                "status": 200 if number % 5 else 502,
                "duration_ms": number,
            }
            for number in range(count)
        ]
    )


def test_entries_are_a_table(empty_journal: Journal, run: Run) -> None:
    fill(empty_journal, 3)

    done = run("--autopilot", "even")

    assert done.returncode == 0, done.stderr
    heading, *lines = [line.split() for line in done.stdout.splitlines()]
    assert heading[1:6] == ["kind", "caller", "task", "autopilot", "outcome"]
    assert [line[1:] for line in lines] == [
        ["plan", "default", "work", "even", "done", "200", "2", "r2"],
        ["plan", "default", "work", "even", "unknown", "502", "0", "r0"],
    ]


def test_more_than_a_page_is_read_page_by_page(empty_journal: Journal, run: Run) -> None:
    fill(empty_journal, 700)

    entries = json.loads(run("--count", "620", "--json").stdout)

    assert [entry["requestId"] for entry in entries] == [f"r{number}" for number in range(699, 79, -1)]


def test_figures_of_each_autopilot(empty_journal: Journal, run: Run) -> None:
    fill(empty_journal, 10)

    done = run("--stats")

    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0][:2] == ["10", "tasks"]
    assert lines[2:] == [
        ["even", "5", "1", "20.0%", "4", "8", "8"],
        ["odd", "5", "1", "20.0%", "5", "9", "9"],
    ]
    assert json.loads(run("--stats", "--json").stdout)["autopilots"]["odd"]["latencyMs"]["p90"] == 9


def test_analyze_prints_groups_of_what_failed_as_json(empty_journal: Journal, run: Run) -> None:
    fill(empty_journal, 3)

    done = run("--json", command="analyze")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["entries"], [each["count"] for each in told["groups"]]) == (3, [1])
    assert told["groups"][0]["command"]
    assert told["logs"]["lines"] is None
    assert told["logs"]["notes"] == [
        "the logs were not read: CLOUDFLARE_ACCOUNT_ID is not set (export the account's id)"
    ]


def test_a_summary_that_cannot_be_had_leaves_the_groups_as_they_are(empty_journal: Journal, run: Run) -> None:
    fill(empty_journal, 3)

    done, without = run("--summary", "--json", command="analyze"), run("--json", command="analyze")

    assert (done.returncode, without.returncode) == (0, 0), done.stderr
    told = json.loads(done.stdout)
    said = told.pop("summary")
    assert told == json.loads(without.stdout)
    assert said["statements"] == []
    assert said["reason"] == "no model answered: CLOUDFLARE_ACCOUNT_ID is not set (export the account's id)"


def test_an_empty_journal_says_so(empty_journal: Journal, run: Run) -> None:  # the fixture empties it
    done = run()

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "the journal has no such entry\n")


def test_a_name_that_nobody_has_is_refused_and_one_that_left_the_file_is_not(empty_journal: Journal, run: Run) -> None:
    fill(empty_journal, 2)  # of the autopilots odd and even, which the file does not declare

    for arguments in (["--autopilot", "evn"], ["--task", "wrk"], ["--caller", "nobody"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"there is no {arguments[0][2:]} {arguments[1]!r}" in done.stderr
        assert "There are: " in done.stderr
    assert "default" in run("--caller", "nobody").stderr
    for arguments in (["--autopilot", "even", "--since", "1s"], ["--task", "work", "--outcome", "partly"]):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, "the journal has no such entry\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "soon", "--task", ""], "since must be a time"),
        (["--since", "soon", "--task", ""], "task must be of 1 to 256 characters"),
        (["--stats", "--task", "work"], "the figures count all tasks; leave the other filters out"),
    ],
)
def test_a_mistake_is_explained(run: Run, arguments: list[str], message: str) -> None:
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(("flag", "known"), [("outcome", "done, partly"), ("kind", "plan, run")])
def test_a_word_that_no_entry_has_is_a_mistake_that_names_those_that_there_are(
    empty_journal: Journal, run: Run, flag: str, known: str
) -> None:
    done = run(f"--{flag}", "nope")

    assert done.returncode == 2
    assert f"{flag} must be one of {known}" in done.stderr
