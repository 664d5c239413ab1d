"""actionlint over `.github/workflows`, a part of `make check`.

It comes from PATH in the pinned version, or is built with Go (a few seconds, once for all checkouts): see
tools/README.md. It runs without shellcheck and pyflakes, so that it says the same on every machine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.steps import CACHE, ROOT, StepError, go_build

MODULE = ROOT / "tools" / "actionlint"
PACKAGE = "github.com/rhysd/actionlint"


def main() -> int:
    try:
        command = actionlint()
    except StepError as error:
        print(error, file=sys.stderr)
        return 2
    return subprocess.run([command, "-shellcheck=", "-pyflakes="], cwd=ROOT, check=False).returncode


def pinned_version() -> str:
    found = re.search(rf"^require {PACKAGE} v(\S+)$", (MODULE / "go.mod").read_text(), re.M)
    if not found:
        raise StepError(f"{MODULE / 'go.mod'} does not pin {PACKAGE}")
    return found[1]


def actionlint() -> Path:
    """The linter in the pinned version. Raises StepError where it is not there and cannot be built."""
    version = pinned_version()
    if (installed := shutil.which("actionlint")) and version in _version_of(installed):
        return Path(installed)
    built = CACHE / f"actionlint-v{version}" / "actionlint"
    if not built.exists():
        if not shutil.which("go"):
            raise StepError(
                f"actionlint {version} is not installed, and there is no Go to build it with.\n"
                f"Install actionlint {version}, or Go 1.24 or newer, then run the command again."
            )
        built.parent.mkdir(parents=True, exist_ok=True)
        go_build(MODULE, f"{PACKAGE}/cmd/actionlint", built)
    return built


def _version_of(command: str) -> str:
    return subprocess.run([command, "-version"], capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    sys.exit(main())
