"""The command line as a process of its own: what it loads, and what becomes of it when its reader goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

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
