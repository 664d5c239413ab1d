"""`make setup` in a checkout whose installed tools are links, as in tests/support/checkout.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import install_pulumi, setup
from tests.support.checkout import Checkout
from tests.support.project import ROOT

FILES = (
    *(f"scripts/{name}.py" for name in ("__init__", "setup", "install_pulumi", "steps")),
    *("requirements.txt", "requirements.lock", "requirements-dev.lock", "package-lock.json"),
)
STAMPS = {
    ".venv/stamp": sys.version,
    ".venv/requirements.stamp": setup.digest(ROOT / "requirements-dev.lock"),
    "node_modules/.stamp": setup.digest(ROOT / "package-lock.json"),
    ".venv/pulumi.stamp": install_pulumi.PULUMI_VERSION,
}


@pytest.mark.parametrize("stale", STAMPS)
def test_nothing_is_installed_through_a_link(tmp_path: Path, stale: str) -> None:
    copy, real = tmp_path / "copy", tmp_path / "real"
    for name in FILES:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for name, content in STAMPS.items():
        (real / name).parent.mkdir(parents=True, exist_ok=True)
        (real / name).write_text("of an older checkout" if name == stale else content)
    folder = stale.partition("/")[0]
    for name in (".venv", "node_modules"):
        (copy / name).symlink_to(real / name)
    (real / ".venv/command.stamp").write_text(str((real / ".venv").resolve()))
    for binary in install_pulumi.BINARIES:
        (real / ".venv/bin").mkdir(exist_ok=True)
        (real / ".venv/bin" / binary).touch()

    done = subprocess.run(
        [sys.executable, "-m", "scripts.setup"], cwd=copy, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert f"{copy / folder} is a link to {real / folder}" in done.stderr
    assert f"`make setup-dev` in {real}" in done.stderr
    assert (real / stale).read_text() == "of an older checkout"


def test_a_system_without_workerd_is_told_where_to_work() -> None:
    windows, musl = setup.unfit("win32", ""), setup.unfit("linux", "")

    assert windows
    assert "work in WSL" in windows
    assert musl
    assert "a container with Debian" in musl
    assert (setup.unfit("linux", "glibc"), setup.unfit("darwin", "")) == (None, None)


@pytest.mark.parametrize(("how", "is_kept"), [("stays", True), ("is new", True), ("is moved", False)])
def test_the_environment_of_a_checkout_that_was_moved_is_made_again(tmp_path: Path, how: str, is_kept: bool) -> None:
    environment = tmp_path / "old/.venv"
    environment.mkdir(parents=True)
    (environment / "stamp").write_text(sys.version)
    if how != "is new":
        (environment / setup.PLACE).write_text(str(environment))
    if how == "is moved":
        environment = (tmp_path / "old").rename(tmp_path / "new") / ".venv"

    setup.forget_moved(environment)

    assert (environment / "stamp").exists() is is_kept


@pytest.mark.skipif(not os.environ.get("MOVED"), reason="a whole installation and a half: MOVED=1 runs it")
def test_in_a_checkout_that_was_moved_each_program_runs_after_setup(tmp_path: Path) -> None:
    checkout = Checkout.create(tmp_path / "old")
    for link in (".venv", "node_modules"):
        (checkout.folder / link).unlink()
    checkout.make("setup")
    moved = Checkout(checkout.folder.rename(tmp_path / "new"))

    moved.make("setup")

    for program in ("node", "npx", "npm", "pip", "pulumi", "orchestrator"):
        word = "version" if program == "pulumi" else "--version"
        moved.run(f"{moved.folder}/.venv/bin/{program}", word)
    assert str(tmp_path / "old") not in (moved.folder / ".venv/bin/pip").read_text()
