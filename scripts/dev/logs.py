"""The logs of all Workers as one stream, each Worker in a colour of its own where a person reads."""

from __future__ import annotations

import json
import threading
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from local_cloudflare import service
from local_cloudflare.errors import ServiceError
from orchestrator.terminal import Terminal

_COLOURS = ("blue", "cyan", "green", "magenta", "yellow")
_AGAIN = 0.5  # seconds, while the local Cloudflare is started again


class LogReader:
    """A context: lines that come inside of it are written to the terminal, by a thread."""

    def __init__(self, data: Path, terminal: Terminal) -> None:
        self._data, self._terminal = data, terminal
        self._since = time.time() * 1000
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()

    def _read(self) -> None:
        while not self._stopped.is_set():
            try:
                for line in service.logs(self._data, None, follow=True):
                    self._write(json.loads(line))
            except ServiceError:
                self._stopped.wait(_AGAIN)

    def _write(self, entry: dict[str, Any]) -> None:
        if entry["time"] < self._since or self._stopped.is_set():
            return
        self._terminal.write(log_line(entry, self._terminal))
        self._terminal.out.flush()


def log_line(entry: dict[str, Any], terminal: Terminal) -> str:
    """Time in UTC, Worker, level, text."""
    worker, level = entry["worker"], entry["level"]
    moment = datetime.fromtimestamp(entry["time"] / 1000, UTC)
    colour = _COLOURS[zlib.crc32(worker.encode()) % len(_COLOURS)]
    told = terminal.styled(f"{level}:", "red") if level in ("error", "exception") else f"{level}:"
    return f"{moment:%H:%M:%S} {terminal.styled(worker, colour)} {told} {entry['text']}"
