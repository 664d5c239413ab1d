"""wrangler, Cloudflare's own command line, against the local API."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT

WRANGLER = ROOT / "node_modules" / ".bin" / "wrangler"


class Wrangler:
    """wrangler in a project folder and home of its own, pointed at the local API."""

    def __init__(self, folder: Path, api: LocalCloudflare) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CI": "true",
            "NO_COLOR": "1",
            "FORCE_COLOR": "0",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_LOG_PATH": str(folder / "logs"),
            **api.environment,
        }

    def __call__(self, *arguments: str, stdin: str = "", fails: bool = False) -> str:
        done = subprocess.run(
            [str(WRANGLER), *arguments],
            cwd=self.folder,
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr
