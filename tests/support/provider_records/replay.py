"""Answers the provider's calls from the records, and keeps what was called. Calls are compared as values.

A call is what the records name of it: method, path, three headers, and the body, JSON parsed and multipart taken apart
(parsed by the standard library, not by the provider's own code). File names of assets are absolute and count by their
last part.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_RECORDS = Path(__file__).parent
_MULTIPART = "multipart/form-data"
_HEADERS = ("Content-Type", "Cf-R2-Jurisdiction", "Cf-R2-Storage-Class")


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)

    @staticmethod
    def of(result: Any, *, status: int = 200, **headers: str) -> Answer:
        """An answer in Cloudflare's envelope; a status from 400 on makes it an error."""
        envelope: dict[str, Any] = {"success": status < 400, "errors": [], "messages": [], "result": result}
        if status >= 400:
            envelope |= {"errors": result, "result": None}
        return Answer(status, json.dumps(envelope).encode(), tuple(headers.items()))


@dataclass(frozen=True)
class Phase:
    """What the official provider called in one run of Pulumi, and what it was answered."""

    name: str
    answers: tuple[tuple[Call, Answer], ...]

    def calls(self) -> Counter[Call]:
        return Counter(call for call, _ in self.answers)

    def but(self, path: str, answer: Answer) -> Phase:
        """The same with another answer for the calls whose path ends with `path`."""
        answers = tuple((call, answer if call.path.endswith(path) else said) for call, said in self.answers)
        assert answers != self.answers, f"nothing called {path}"
        return replace(self, answers=answers)

    def result(self, path: str) -> Any:
        """What was answered on `path`, parsed."""
        return next(json.loads(answer.body)["result"] for call, answer in self.answers if call.path.endswith(path))


def program() -> str:
    return (_RECORDS / "program.py").read_text()


def resources() -> list[dict[str, Any]]:
    """The official provider's state after the first `pulumi up`."""
    records: list[dict[str, Any]] = json.loads((_RECORDS / "state.json").read_text())
    return records


def opened(value: Any) -> Any:
    """A value as `pulumi stack export --show-secrets` has it, with secrets as the records write them."""
    if isinstance(value, list):
        return [opened(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "plaintext" in value:
        return {"secret": opened(json.loads(value["plaintext"]))}
    return {key: opened(item) for key, item in value.items()}


def plain(value: Any) -> Any:
    """A value of the records as a provider gets it: without marks of secrets, and without what is null."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"secret"}:
        return plain(value["secret"])
    return {key: plain(item) for key, item in value.items() if item is not None}


def phases() -> dict[str, Phase]:
    """The recorded phases by name, in order."""
    found: dict[str, list[tuple[Call, Answer]]] = {}
    answers: list[tuple[Call, Answer]] = []
    for line in (_RECORDS / "trace.jsonl").read_text().splitlines():
        record = json.loads(line)
        if "phase" in record:
            answers = found[record["phase"]] = []
            continue
        call = _call(record["method"], record["path"], record["headers"], record["body"].encode())
        body = record["answer"].encode()
        answer = Answer(record["status"], body)
        if body.startswith(b"--XX"):
            answer = replace(answer, headers=(("Content-Type", "multipart/form-data; boundary=XX"),))
        answers.append((call, answer))
    return {name: Phase(name, tuple(answers)) for name, answers in found.items()}


def write_files(project: Path) -> None:
    """The files that the recorded program reads, taken from the bodies in which they were uploaded."""
    parts = [part for call, _ in phases()["up-create"].answers for part in _uploaded(call)]
    contents = {part["filename"]: part["content"] for part in parts}
    (project / "worker.js").write_text(contents["worker.js"])
    (project / "dist").mkdir()
    (project / "dist" / "index.html").write_bytes(base64.b64decode(contents["index.html"]))


def _uploaded(call: Call) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = json.loads(call.body) if ("Content-Type", _MULTIPART) in call.headers else []
    return parts


def _call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Call:
    named = {name: headers[name] for name in _HEADERS if headers.get(name)}
    content_type = named.get("Content-Type", "")
    if content_type.startswith(_MULTIPART):
        named["Content-Type"] = _MULTIPART
        content: Any = _parts(content_type, body)
    else:
        content = json.loads(body) if body else None
    return Call(method, path, tuple(sorted(named.items())), json.dumps(content, sort_keys=True))


def _parts(content_type: str, body: bytes) -> list[dict[str, Any]]:
    whole = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return [_part(part) for part in whole.get_payload() if isinstance(part, Message)]


def _part(part: Message) -> dict[str, Any]:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    is_json = part.get_content_type() == "application/json"
    return {
        "name": part.get_param("name", header="content-disposition"),
        "filename": Path(part.get_filename() or "").name,
        "type": part["Content-Type"],
        "content": json.loads(payload) if is_json else payload.decode(),
    }


class Replay:
    """Answers the calls of one phase at a time; what the phase does not have is refused with 400, and kept as well."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.called = threading.Event()
        self.open = threading.Event()  # no call is answered while it is not set
        self.open.set()
        self._lock = threading.Lock()
        self._answers: dict[Call, list[Answer]] = {}
        self._calls: list[Call] = []

    def play(self, phase: Phase) -> None:
        """Answer from `phase` from now on, and forget what was called before."""
        with self._lock:
            self._answers, self._calls = {}, []
            for call, answer in phase.answers:
                self._answers.setdefault(call, []).append(answer)

    def calls(self) -> Counter[Call]:
        with self._lock:
            return Counter(self._calls)

    def answer(self, call: Call) -> Answer:
        self.called.set()
        self.open.wait()
        with self._lock:
            self._calls.append(call)
            answers = self._answers.get(call)
            return answers.pop(0) if answers else Answer.of([{"message": "not in the records"}], status=400)


@contextmanager
def replay() -> Iterator[Replay]:
    """A server on a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: self.headers[name] for name in _HEADERS if name in self.headers}
            answer = server.replay.answer(_call(self.command, self.path, headers, body))
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, *_: Any) -> None:
            """The calls are kept; nothing is printed."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        replay: Replay

        def handle_error(self, *_: Any) -> None:
            """A client that was killed in the middle of a call is part of what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    server.replay = Replay(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.replay
    finally:
        server.replay.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
