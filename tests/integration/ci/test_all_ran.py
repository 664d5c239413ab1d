"""A run that loses tests fails, in one process and in several."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import ROOT

# A process that passes over the tests whose name says so, and reports nothing about them.
CONFTEST = """
from tests.support.all_ran import AllRan

def pytest_configure(config):
    AllRan.register(config)

def pytest_runtest_protocol(item):
    return True if "lost" in item.name else None
"""


def run(folder: Path, tests: str, *options: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_some.py").write_text(tests)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".", *options],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("processes", ["-n0", "-n2"])
def test_a_run_that_loses_a_test_fails_and_names_it(tmp_path: Path, processes: str) -> None:
    code, said = run(tmp_path, "def test_one(): pass\ndef test_lost(): pass\n", processes)

    assert "1 passed" in said
    assert code == 1
    assert "1 of 2 collected tests did not run" in said
    assert "test_some.py::test_lost" in said


@pytest.mark.parametrize("processes", ["-n0", "-n2"])
def test_skipped_failed_and_deselected_tests_are_not_lost(tmp_path: Path, processes: str) -> None:
    tests = "import pytest\ndef test_one(): pass\ndef test_left_out(): pass\n@pytest.mark.skip\ndef test_two(): pass\n"

    code, said = run(tmp_path, tests, processes, "-k", "not left_out")

    assert code == 0
    assert "did not run" not in said
    assert run(tmp_path, "def test_one(): assert 0\n", processes)[1].count("did not run") == 0


def test_a_run_that_stops_at_a_failure_says_what_it_left(tmp_path: Path) -> None:
    code, said = run(tmp_path, "def test_one(): assert 0\ndef test_two(): pass\n", "-n0", "-x")

    assert code == 1
    assert "1 of 2 collected tests did not run" in said
