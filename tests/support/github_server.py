"""GitHub's REST API on loopback for tests: the comments and issues of one repository, kept in memory.

Every write of the tests' own client is a bot's, as with the token of a workflow; people write through `comments` and
`issues` here. Lists are paged, and refused without the token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "efh/platform"
TOKEN = "run-token"
_BOT = {"login": "github-actions[bot]", "type": "Bot"}
_PERSON = {"login": "somebody", "type": "User"}


@dataclass
class GitHubServer:
    """`writes`: method and path of each call that changed something."""

    url: str = ""
    status: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What GitHub gives a step."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "77",
            "GITHUB_TOKEN": TOKEN,
        }

    def comment(self, issue: int, body: str, user: dict[str, str] = _PERSON) -> dict[str, Any]:
        comment = {"id": len(self.comments) + 1, "issue": issue, "body": body, "user": user}
        self.comments.append(comment)
        return comment

    def pull(self, number: int, labels: list[str], *, state: str = "open") -> None:
        """Make pull request `number` what it is now."""
        self.pulls[number] = {"number": number, "state": state, "labels": [{"name": label} for label in labels]}

    def open(self, title: str, labels: list[str], body: str = "", user: dict[str, str] = _PERSON) -> dict[str, Any]:
        named = [{"name": label} for label in labels]
        issue = {"number": len(self.issues) + 1, "title": title, "body": body, "labels": named, "user": user}
        self.issues.append({**issue, "state": "open"})
        return self.issues[-1]

    def answer(self, method: str, path: str, query: dict[str, list[str]], sent: Any) -> Any:
        """The answer to a call below the repository; None where there is no such thing."""
        if method != "GET":
            self.writes.append(f"{method} {path}")
        match method, *path.strip("/").split("/"):
            case "GET", "issues", number, "comments":
                return _page([each for each in self.comments if each["issue"] == int(number)], query)
            case "POST", "issues", number, "comments":
                return self.comment(int(number), sent["body"], _BOT)
            case "PATCH", "issues", "comments", number:
                return _changed(self.comments, "id", int(number), sent)
            case "GET", "pulls", number:
                return self.pulls.get(int(number))
            case "GET", "issues":
                wanted = query["labels"][0]
                listed = [each for each in self.issues if each["state"] == query["state"][0]]
                return _page([each for each in listed if wanted in [label["name"] for label in each["labels"]]], query)
            case "POST", "issues":
                return self.open(sent["title"], sent["labels"], sent["body"], _BOT)
            case "PATCH", "issues", number:
                return _changed(self.issues, "number", int(number), sent)
        return None


def _page(items: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
    size, page = int(query["per_page"][0]), int(query["page"][0])
    return items[(page - 1) * size : page * size]


def _changed(items: list[dict[str, Any]], key: str, value: int, sent: dict[str, Any]) -> dict[str, Any] | None:
    found = next((each for each in items if each[key] == value), None)
    if found:
        found.update(sent)
    return found


@contextmanager
def github_server() -> Iterator[GitHubServer]:
    """Run one; it listens until the block ends."""
    github = GitHubServer()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            address = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            below = re.fullmatch(rf"/repos/{REPOSITORY}(/.*)", address.path)
            found: Any = None
            status = 404
            if self.headers["authorization"] != f"Bearer {TOKEN}":
                status = 401
            elif github.status:
                status = github.status
            elif below:
                found = github.answer(self.command, below[1], parse_qs(address.query), sent)
                status = 404 if found is None else 201 if self.command == "POST" else 200
            payload = json.dumps({"message": "refused"} if found is None else found).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = _handle

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        github.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield github
        finally:
            server.shutdown()
            thread.join()
