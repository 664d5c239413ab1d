"""A workerd that can be killed in the middle of its work and started again on the same data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tests.support.project import ROOT


class KillableWorkerd:
    """`workers` are miniflare's options of each; D1 keeps its data in `data`. `url` is another one after each start."""

    def __init__(self, workers: Sequence[dict[str, Any]], data: Path) -> None:
        self._options = {"workers": list(workers), "d1Persist": str(data)}
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.kills = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            ["node", "tests/support/workerd.mjs"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what it says of broken connections is expected
            text=True,
            start_new_session=True,  # node and workerd are one group, which is killed at once
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(self._options) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "workerd did not start"
        self.url = json.loads(line)["url"]

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        self._end()
        self.kills += 1

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
