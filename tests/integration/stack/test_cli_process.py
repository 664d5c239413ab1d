"""The command line as a process of its own: what it loads, and what becomes of it when its reader goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.project import ROOT

SHIPPED = str(ROOT / "autopilots.yaml")


def test_a_reader_that_goes_away_and_what_is_imported() -> None:
    """As a process: `validate` and `show` do not wait for pulumi or httpx, and `show | head` ends quietly."""
    script = (
        "import sys\n"
        "from orchestrator.cli import main\n"
        f"code = main(['show', {SHIPPED!r}, '--json'])\n"
        "heavy = {'pulumi', 'httpx', 'hypothesis'} & set(sys.modules)\n"
        "sys.stderr.write(f'{code} {sorted(heavy)}')\n"
        "sys.exit(code)\n"
    )
    read_end, write_end = os.pipe()
    os.close(read_end)

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write_end)

    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "141 []")


def orchestrator(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The environment's own command, called in `folder`."""
    command = [str(Path(sys.executable).with_name("orchestrator")), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_works_in_any_folder_of_the_project(tmp_path: Path) -> None:
    elsewhere = orchestrator(tmp_path, "validate")

    assert orchestrator(ROOT / "tests" / "unit", "validate").stdout.startswith("autopilots.yaml is right")
    assert (elsewhere.returncode, "autopilots.yaml:1:1: cannot read the file" in elsewhere.stderr) == (2, True), (
        elsewhere.stderr
    )


def test_a_path_is_meant_from_where_the_command_was_called() -> None:
    fault = orchestrator(ROOT / "docs", "validate", "state.md").stderr

    assert fault.startswith("docs/state.md:")


def test_a_project_of_its_own_is_the_one_that_is_nearest(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "autopilots.yaml").write_text("orchestrator: {worker: r}\ntask: {}\n")
    (tmp_path / "src").mkdir()

    assert "autopilots.yaml:2:1: " in orchestrator(tmp_path / "src", "validate").stderr
