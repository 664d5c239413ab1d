"""Compatibility flags that nobody knows: most are misspelt, and Cloudflare refuses them only at the upload.

A warning and no mistake, since Cloudflare's own runtime may be newer than the list, which is that of the workerd that
runs here (`python -m scripts.compatibility_flags` writes it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.manifest.place import Mistake, Place, declared_workers
from orchestrator.nearest import nearest_names

FILE = Path(__file__).with_suffix(".json")


def unknown_flags(root: Place) -> Iterator[Mistake]:
    """One for each flag of a declared Worker that workerd does not know."""
    known = known_flags()
    for worker in declared_workers(root):
        for flag in worker["compatibilityFlags"].items():
            if flag.text and flag.text not in known["flags"]:
                nearest = nearest_names(flag.text, known["flags"], 1)
                yield Mistake(
                    path=flag.path,
                    code="unknown-compatibility-flag",
                    message=f"workerd {known['workerd']} knows no compatibility flag `{flag.text}`, so it does not "
                    "run here, and an upload is refused unless Cloudflare's is newer",
                    hint=f"the nearest is {nearest[0]}" if nearest else "remove it",
                )


@cache
def known_flags() -> dict[str, Any]:
    """`workerd`: the version that has them; `flags`."""
    known: dict[str, Any] = json.loads(FILE.read_text())
    return known
