"""GitHub's REST API, as far as the workflows need it: one comment that stays, one issue that is not opened twice.

Touches the network. Everything about the run enters by the environment that GitHub gives each step (GITHUB_*), so the
same code runs in the tests against a server on loopback.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from orchestrator.errors import OrchestratorError, SettingsError
from orchestrator.http_calls import bearer, failure_words

_PER_PAGE = 100
_MOST_CHARACTERS = 65_000  # GitHub takes 65,536 for a comment or an issue
_CUT = "\n\n… the rest is in the log of the run.\n"


class GitHub:
    """One repository, with the token of the run. Raises OrchestratorError where GitHub refuses or does not answer."""

    def __init__(self, repository: str, token: str, *, api_url: str, run_url: str = "") -> None:
        self.run_url = run_url
        self._client = httpx.Client(
            base_url=f"{api_url}/repos/{repository}",
            headers={**bearer(token, name="GITHUB_TOKEN"), "accept": "application/vnd.github+json"},
            transport=httpx.HTTPTransport(retries=2),
            timeout=30,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises SettingsError outside of a workflow."""
        try:
            repository, token = environment["GITHUB_REPOSITORY"], environment["GITHUB_TOKEN"]
            api_url, server = environment["GITHUB_API_URL"], environment["GITHUB_SERVER_URL"]
            run = f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
        except KeyError as missing:
            raise SettingsError(
                f"{missing.args[0]} is not set",
                "this script is a step of a workflow; GITHUB_TOKEN is set there by hand",
            ) from None
        return cls(repository, token, api_url=api_url, run_url=run)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def put_comment(self, number: int, marker: str, body: str) -> None:
        """Make `body` the one comment with `marker` on issue or pull request `number`: the first time a new one.

        Only a comment that a bot has written is taken for it: anybody can write the marker.
        """
        text = _fit(f"{_hidden(marker)}\n{body}")
        for comment in self._pages(f"/issues/{number}/comments"):
            if comment["user"]["type"] == "Bot" and comment["body"].startswith(_hidden(marker)):
                self._call("PATCH", f"/issues/comments/{comment['id']}", {"body": text})
                return
        self._call("POST", f"/issues/{number}/comments", {"body": text})

    def pull_request(self, number: int) -> dict[str, Any]:
        """A pull request as it is now: `state`, `labels`, …"""
        found: dict[str, Any] = self._call("GET", f"/pulls/{number}")
        return found

    def open_issues(self, label: str) -> list[int]:
        """The numbers of the open issues with a label that a bot has opened, the oldest first."""
        listed = self._pages("/issues", labels=label, state="open", direction="asc")
        return [each["number"] for each in listed if each["user"]["type"] == "Bot" and "pull_request" not in each]

    def open_issue(self, label: str, title: str, body: str) -> int:
        """Open one; the label comes into being with it. Its number."""
        issue = self._call("POST", "/issues", {"title": title, "body": _fit(body), "labels": [label]})
        return int(issue["number"])

    def edit_issue(self, number: int, body: str) -> None:
        """Give it another text, which nobody is notified of."""
        self._call("PATCH", f"/issues/{number}", {"body": _fit(body)})

    def close_issue(self, number: int, why: str) -> None:
        """Close it with a comment."""
        self._call("POST", f"/issues/{number}/comments", {"body": why})
        self._call("PATCH", f"/issues/{number}", {"state": "closed", "state_reason": "completed"})

    def _pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            items = self._call("GET", path, params={**params, "per_page": _PER_PAGE, "page": page})
            yield from items
            if len(items) < _PER_PAGE:
                return
            page += 1

    def _call(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        try:
            response = self._client.request(method, path, json=json, **options)
        except httpx.HTTPError as error:
            raise OrchestratorError(f"{method} {path}: GitHub did not answer: {failure_words(error)}") from error
        if response.is_success:
            return response.json()
        hint = "the job's `permissions` must allow it" if response.status_code == 403 else ""
        raise OrchestratorError(f"{method} {path}: GitHub answered {response.status_code}: {response.text[:300]}", hint)


def read_event(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """What the run is for, as GitHub has written it down. Raises SettingsError outside of a workflow."""
    try:
        event: dict[str, Any] = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text())
    except (KeyError, OSError, ValueError) as error:
        raise SettingsError("there is no event of GitHub's", "this is a step of a workflow") from error
    return event


def pull_request_of(event: Mapping[str, Any]) -> int:
    """The number of the pull request that the run is for. Raises SettingsError where it is for none."""
    try:
        return int(event["pull_request"]["number"])
    except KeyError as error:
        raise SettingsError("this run is for no pull request", "call it in a workflow on `pull_request`") from error


def summarise(markdown: str, environment: Mapping[str, str] = os.environ) -> None:
    """Add it to the page of the run, where there is one."""
    _add_line("GITHUB_STEP_SUMMARY", markdown, environment)


def put_output(name: str, value: str, environment: Mapping[str, str] = os.environ) -> None:
    """What later steps of the run can ask for, where there is a run."""
    _add_line("GITHUB_OUTPUT", f"{name}={value}", environment)


def _add_line(variable: str, text: str, environment: Mapping[str, str]) -> None:
    """To the file that GitHub names in the variable; none elsewhere."""
    if path := environment.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


def _hidden(marker: str) -> str:
    return f"<!-- autopilot-orchestrator:{marker} -->"


def _fit(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - len(_CUT)] + _CUT
