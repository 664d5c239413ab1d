"""`make site`: the documentation as one site in .build/site, in strict mode: a broken link is an error.

Its tools are installed beside those of the project, from requirements-docs.lock, when it is asked for. Touches:
.local/site-tools, .build/site; the package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".local" / "site-tools"
LOCK = ROOT / "requirements-docs.lock"


def main() -> int:
    install()
    # Not --quiet: then a warning is not heard, and strict mode finds nothing. Of the Material team's own news, none.
    command = [str(TOOLS / "bin/mkdocs"), "build", "--strict", "--config-file", str(ROOT / "mkdocs.yml")]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, check=False)
    if done.returncode == 0:
        print(f"the site is in {ROOT / '.build/site'}; look at it: python -m http.server -b 127.0.0.1 -d .build/site")
    return done.returncode


def install() -> None:
    """MkDocs, unless the lock is what it was installed from."""
    stamp = TOOLS / "requirements.lock"
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return
    venv.create(TOOLS, with_pip=True, clear=True)
    pip = [str(TOOLS / "bin/python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    subprocess.run(pip, check=True)
    shutil.copy(LOCK, stamp)


if __name__ == "__main__":
    sys.exit(main())
