"""Write orchestrator/manifest/compatibility_flags.json: the compatibility flags that the installed workerd knows.

workerd has no command for it, but its program carries the annotations of its own compatibility-date.capnp as text, all
in one place. A test compares the list with the installed workerd, so an update of it asks for a run of this.
docs/decisions/0068-compatibility-flags.md.

Touches: that file; reads workerd's program.
"""

from __future__ import annotations

import json
import mmap
import re
import sys
from pathlib import Path
from typing import Any

from orchestrator.files import write_changed
from orchestrator.manifest.compatibility_flags import FILE

ROOT = Path(__file__).resolve().parents[1]
_FIRST = b"\0formdata_parser_supports_files\0"
_WIDEST_GAP = 600  # bytes between two texts of the list; what follows it is further away
_REGION = 200_000  # bytes, of which the list has a third
_TEXT = re.compile(rb"(?<=\0)[ -~]{3,}(?=\0)")
_FLAG = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)+|experimental|rpc|webgpu")


def main() -> int:
    write_changed(FILE, f"{json.dumps(known_to_workerd(ROOT), indent=1)}\n")
    return 0


def known_to_workerd(root: Path) -> dict[str, Any]:
    """The version of workerd in `root`, and its flags, as the file has them."""
    [program] = (root / "node_modules/@cloudflare").glob("workerd-*/bin/workerd")
    with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        begin = content.find(_FIRST)
        region = content[begin : begin + _REGION]
    end, flags = 0, set()
    for found in _TEXT.finditer(region):
        if found.start() - end > _WIDEST_GAP:
            break
        end, text = found.end(), found[0].decode()
        if _FLAG.fullmatch(text):
            flags.add(text)
    version = json.loads((root / "node_modules/workerd/package.json").read_text())["version"]
    return {"workerd": version, "flags": sorted(flags)}


if __name__ == "__main__":
    sys.exit(main())
