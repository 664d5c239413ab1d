"""Workers in real workerd, for tests that need no Pulumi: `with workerd([{...}]) as url:`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@contextmanager
def workerd(workers: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Run `workers` (miniflare's options of each; the first answers requests without a route) and yield the URL."""
    process = subprocess.Popen(
        ["node", "tests/support/workerd.mjs"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps({"workers": list(workers)}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "workerd did not start: see its messages above"
        yield json.loads(line)["url"]
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()
