"""Write docs/reference from the code: `make docs`. `--check` says whether what is committed is what would be written.

Touches: docs/reference.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from orchestrator.files import write_changed
from scripts.reference import api, commands, manifest, settings

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path("docs/reference")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a page is stale")
    written = pages(ROOT)
    if parser.parse_args().check:
        stale = [name for name, text in written.items() if read(ROOT / FOLDER / name) != text]
        if stale:
            print(f"{FOLDER}: {', '.join(stale)} not made from the code as it is now; run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for name, text in written.items():
        write_changed(ROOT / FOLDER / name, text)
    return 0


def pages(root: Path) -> Mapping[str, str]:
    """The pages' texts by file name."""
    return {
        "autopilots-yaml.md": manifest.render(),
        "commands.md": commands.render((root / "Makefile").read_text()),
        "settings.md": settings.render(),
        "api.md": api.render((root / "router/openapi.yaml").read_text()),
    }


def read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
