"""Another company's HTTP API for tests: a real server on loopback that records what it was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Service:
    """Answers each call with `status`, `answer` as JSON (nothing with 204) and `headers`.

    `calls` has path, headers and body of each."""

    url: str
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str], str]] = field(default_factory=list)


@contextmanager
def service() -> Iterator[Service]:
    """Run one; it listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            recorded.calls.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            payload = b"" if recorded.status == 204 else json.dumps(recorded.answer).encode()
            self.send_response(recorded.status)
            self.send_header("connection", "close")  # as this server does: else the next call may take the same one
            for name, value in ({"content-type": "application/json"} | recorded.headers).items():
                self.send_header(name, value)
            if recorded.status != 204:
                self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorded = Service(url=f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield recorded
        finally:
            server.shutdown()
            thread.join()
