"""The lock files of the Python packages: complete, with hashes, and of the requirements as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import lock
from tests.support.project import ROOT

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-docs.txt")


def pins(path: Path) -> dict[str, str]:
    """Version by name; as PyPI compares names, and without extras."""
    found = re.findall(r"^([\w.-]+)(?:\[\w+\])?==([^\s;\\]+)", path.read_text(), re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_lock_has_each_requirement_in_its_version(name: str) -> None:
    requirements = ROOT / name

    assert lock.is_current(requirements), "run `make lock`"
    assert pins(requirements).items() <= pins(lock.lock_of(requirements)).items()


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_lock_holds_packages_with_hashes_and_no_address(name: str) -> None:
    text = lock.lock_of(ROOT / name).read_text().replace("\\\n", "")

    packages = [line for line in text.splitlines() if not line.startswith("#")]
    assert packages
    for line in packages:
        assert re.fullmatch(r"[\w.-]+(\[\w+\])?==\S+( ; [^;]*?)?\s+(--hash=sha256:[0-9a-f]{64}\s*)+", line), line


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_what_two_locks_have_is_the_same_version(name: str) -> None:
    """So `make lock` without UPGRADE changes nothing: each lock keeps to what those of the tests are locked to."""
    one, all_packages = (pins(lock.lock_of(ROOT / each)) for each in (name, "requirements-dev.txt"))

    shared = one.keys() & all_packages.keys()
    assert {each: one[each] for each in shared} == {each: all_packages[each] for each in shared}


def test_a_lock_is_stale_when_a_requirement_changed_and_not_when_a_comment_did(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements-dev.txt"
    (tmp_path / "requirements.txt").write_text("httpx==1.0\n")
    requirements.write_text("-r requirements.txt\npytest==9.0  # the runner\n")
    lock.lock_of(requirements).write_text(f"{lock.heading(requirements)}\n")

    requirements.write_text("# Tests.\n-r requirements.txt\npytest==9.0\n")
    assert lock.is_current(requirements)
    (tmp_path / "requirements.txt").write_text("httpx==1.1\n")
    assert not lock.is_current(requirements)


def test_without_a_lock_it_is_stale(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("httpx==1.0\n")

    assert not lock.is_current(tmp_path / "requirements.txt")
