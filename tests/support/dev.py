"""`python -m orchestrator dev` as a person runs it, for tests and benches."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import threading
from typing import Self

import httpx

from tests.support.checkout import Checkout
from tests.support.eventually import eventually
from tests.support.processes import kill_tree

SECONDS = 200  # that an update may take on a busy machine
_END = 60  # seconds that stopping may take


class Dev:
    """`python -m orchestrator dev --yes` in a checkout; `lines` are what it has written so far."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.lines: list[str] = []
        checkout.make("setup")  # as `make dev` does first
        self.process = checkout.start(f"{checkout.folder}/.venv/bin/python", "-m", "orchestrator", "dev", "--yes")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """It is interrupted where it runs still, and stops what it started."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=_END)
        kill_tree(self.process)
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def wait(self, pattern: str, after: int = 0) -> re.Match[str]:
        """For a line that has the pattern, among those after so many."""

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, "".join(self.lines)
            return next(filter(None, (re.search(pattern, line) for line in self.lines[after:])), None)

        return eventually(found, lambda: f"{pattern}:\n{''.join(self.lines)}", SECONDS)


def answer_of(url: str, path: str = "/") -> str:
    """Of a Worker by its name below `localhost`, which not every client resolves."""
    name = httpx.URL(url)
    return httpx.get(f"http://127.0.0.1:{name.port}{path}", headers={"Host": name.netloc.decode()}, timeout=30).text
