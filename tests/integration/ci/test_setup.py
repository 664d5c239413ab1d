"""`make setup` in a checkout whose installed tools are links, as in tests/support/checkout.py."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import install_pulumi, setup
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
