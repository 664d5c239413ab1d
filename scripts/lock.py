"""Write the lock files of the Python packages: `make lock`. `--check` says whether they are those of the requirements.

A lock has each package that is installed, by version and with the hashes of all its files, for every system and
processor; pip takes nothing else. It names packages and hashes, not where they come from.

Touches: requirements.lock, requirements-dev.lock, requirements-docs.lock; the Python package index, but for `--check`.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = ("--universal", "--generate-hashes", "--python-version", "3.11", "--no-annotate", "--no-header", "--quiet")
HEADING = "# Written by `make lock` from the requirements with the digest "


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a lock is stale")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the requirements allow")
    arguments = parser.parse_args()
    requirements = [ROOT / f"requirements{kind}.txt" for kind in ("-dev", "", "-docs")]  # the first has the second's
    if not arguments.check:
        for each in requirements:
            write(each, requirements[0], upgrade=arguments.upgrade)
        return 0
    stale = [lock_of(each).name for each in requirements if not is_current(each)]
    if stale:
        print(f"{', '.join(stale)}: not made from the requirements as they are now; run `make lock`", file=sys.stderr)
    return 1 if stale else 0


def write(requirements: Path, all_requirements: Path, *, upgrade: bool) -> None:
    """Lock `requirements`, in versions that `all_requirements` are locked to."""
    lock, rest = lock_of(requirements), ["--upgrade"] if upgrade else []
    if requirements != all_requirements:
        rest += ["--constraints", str(lock_of(all_requirements))]
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *rest, str(requirements), "--output-file", str(lock)],
        cwd=ROOT,
        check=True,
    )
    lock.write_text(f"{heading(requirements)}\n{lock.read_text()}")


def is_current(requirements: Path) -> bool:
    """Whether the lock was written for these requirements: it names their digest."""
    lock = lock_of(requirements)
    return lock.exists() and lock.read_text().startswith(f"{heading(requirements)}\n")


def lock_of(requirements: Path) -> Path:
    return requirements.with_suffix(".lock")


def heading(requirements: Path) -> str:
    content = "\n".join(lines(requirements))
    return f"{HEADING}{hashlib.sha256(content.encode()).hexdigest()[:16]}."


def lines(requirements: Path) -> list[str]:
    """The requirements without comments, those of the files that it includes as well."""
    found = []
    for line in requirements.read_text().splitlines():
        line = line.partition("#")[0].strip()
        included = line.removeprefix("-r ")
        found += lines(requirements.with_name(included)) if included != line else [line] if line else []
    return found


if __name__ == "__main__":
    sys.exit(main())
