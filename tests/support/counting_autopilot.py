"""An autopilot outside of workerd, so that it outlives it: it counts the calls of each run and misbehaves as told.

`meta.do`: `pay` (after a moment), `cut` (it pays and breaks the connection off), `fault` (it pays and answers 500),
`stumble` (that, the first time), `hang` (it pays and answers too late), `moody` (every other two seconds a call is
refused), `refuse` (the first call is refused with nothing done, later ones are paid).
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LATE = 2.0  # seconds: longer than the tasks' time-out
MOMENT = 0.05
_REFUSAL = {"title": "Not today", "status": 503, "outcome": "rejected"}


@dataclass
class CountingAutopilot:
    """`calls` and `deeds` (calls that did something) by run id, and when the first call came, in seconds since 1970;
    `port` is on loopback. A task without a run counts under its request id."""

    port: int
    calls: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    first_call: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def perform(self, run: str, do: str) -> tuple[int, str, dict[str, Any]] | None:
        """Status, content type and body of the answer; None: no answer."""
        with self._lock:
            self.calls[run] += 1
            self.first_call.setdefault(run, time.time())
            if do == "moody" and int(time.monotonic()) % 4 < 2:
                return 429, "application/problem+json", {**_REFUSAL, "status": 429}  # which opens no circuit
            if do == "refuse" and self.calls[run] == 1:
                return 503, "application/problem+json", _REFUSAL
            self.deeds[run] += 1
            deed = self.deeds[run]
        time.sleep(LATE if do == "hang" else MOMENT)
        if do == "cut":
            return None
        is_fault = do == "fault" or (do == "stumble" and deed == 1)
        return 500 if is_fault else 201, "application/json", {"run": run, "deed": deed}


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


@contextmanager
def counting_autopilot() -> Iterator[CountingAutopilot]:
    """Run one; it listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                task = json.loads(self.rfile.read(int(self.headers["content-length"])))
            except (ValueError, OSError):
                return  # the router was killed in the middle of its request
            answer = autopilot.perform(task.get("run", {}).get("id", task["requestId"]), task["meta"]["do"])
            if answer is None:
                return
            status, content_type, document = answer
            payload = json.dumps(document).encode()
            try:
                self.send_response(status)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)
            except OSError:
                pass  # the router is gone: it was killed, or did not wait

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        autopilot = CountingAutopilot(port=server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield autopilot
        finally:
            server.shutdown()
            thread.join()
