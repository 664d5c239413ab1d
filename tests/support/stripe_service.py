"""Stripe's transfers for tests: a server on loopback with idempotency keys and transfer groups as Stripe has them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit


@dataclass
class Stripe:
    """`transfers` are the ones that really happened, `requests` all that was asked, with its Idempotency-Key.

    `fault` says, for a transfer's form, what goes wrong: a status and error with nothing done; `lose`: it is done and
    the connection ends without an answer; `drop`: the connection ends and nothing is done; None: nothing goes wrong.
    `gate` holds every transfer until it is set.
    """

    url: str
    transfers: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    fault: Callable[[dict[str, str]], tuple[int, dict[str, str]] | str | None] = lambda _form: None
    gate: threading.Event = field(default_factory=threading.Event)
    _answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        self.transfers.clear()
        self.requests.clear()
        self._answers.clear()
        self.fault = lambda _form: None
        self.gate.set()

    def forget_keys(self) -> None:
        """As Stripe may after 24 hours."""
        self._answers.clear()

    def paid(self) -> list[tuple[str, int]]:
        """Destination and amount of each transfer that happened."""
        return sorted((each["destination"], int(each["amount"])) for each in self.transfers)

    def transfer(self, key: str, form: dict[str, str]) -> tuple[int, dict[str, Any]] | None:
        """The answer to a transfer, or None: no answer. The same key has the same answer."""
        with self._lock:
            self.requests.append((key, form))
        self.gate.wait(20)
        with self._lock:
            if key in self._answers:
                return 200, self._answers[key]
            fault = self.fault(form)
            if isinstance(fault, tuple):
                return fault[0], {"error": fault[1]}
            if fault == "drop":
                return None
            answer = {
                "id": f"tr_{len(self.transfers) + 1}",
                "destination": form["destination"],
                "amount": form["amount"],
                "transfer_group": form["transfer_group"],
                "metadata": {"index": form["metadata[index]"]},
            }
            self.transfers.append(answer)
            self._answers[key] = answer
            return None if fault == "lose" else (200, answer)


@contextmanager
def stripe() -> Iterator[Stripe]:
    """Run one; it listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
            assert self.path == "/v1/transfers"
            assert self.headers["authorization"] == "Bearer sk_test_1234"
            answer = service.transfer(self.headers["idempotency-key"], form)
            if answer:
                self._send(*answer)

        def do_GET(self) -> None:
            group = parse_qs(urlsplit(self.path).query)["transfer_group"][0]
            self._send(200, {"data": [each for each in service.transfers if each["transfer_group"] == group]})

        def _send(self, status: int, document: dict[str, Any]) -> None:
            payload = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload)))
            # Said, so that workerd does not send the next request on a connection that is about to end.
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Stripe(url=f"http://127.0.0.1:{server.server_port}")
        service.gate.set()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            service.gate.set()
            server.shutdown()
            thread.join()
