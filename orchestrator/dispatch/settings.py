"""Where the commands find the stack's URLs and secrets: the environment first, then Pulumi.

Touches the environment that it is given and, where that says nothing, a child process (`pulumi`, which reads the
selected stack's state and configuration). Raises SettingsError with the command that puts it right.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

import httpx

from orchestrator.dispatch.pinned_transport import is_loopback
from orchestrator.errors import SettingsError


def read_token(environment: Mapping[str, str]) -> str:
    """The bearer token of the deployed routing Worker."""
    if token := environment.get("ORCHESTRATOR_TOKEN", "").strip():
        return token
    raise SettingsError(
        "ORCHESTRATOR_TOKEN is not set, and the routing Worker answers nobody without it",
        'export ORCHESTRATOR_TOKEN="$(pulumi config get apiToken)"; for the local stack: eval "$(make -s shell)"',
    )


def read_url(given: str | None, environment: Mapping[str, str]) -> str:
    """The address of the deployed routing Worker: as given on the command line, else as the environment says."""
    if url := given or environment.get("ORCHESTRATOR_URL", "").strip():
        return url
    raise SettingsError(
        "which routing Worker is meant is not known",
        'give --url, or export ORCHESTRATOR_URL="$(pulumi stack output orchestratorUrl)"; '
        'for the local stack: eval "$(make -s shell)"',
    )


def read_worker_urls(environment: Mapping[str, str]) -> dict[str, str]:
    """The URL of each Worker by its name in the manifest."""
    text, source = environment.get("AUTOPILOT_WORKER_URLS", ""), "AUTOPILOT_WORKER_URLS"
    if not text:
        text, source = _pulumi("stack", "output", "workerUrls", "--json"), "the stack's output workerUrls"
    try:
        urls = json.loads(text)
        for url in urls.values():
            httpx.URL(url)
    except (ValueError, AttributeError, TypeError, httpx.InvalidURL) as error:
        raise SettingsError(
            f"{source} is not a JSON object of URLs by Worker name",
            'for example {"efh-agent": "https://efh-agent.example.workers.dev/"}',
        ) from error
    return dict(urls)


def read_webhook_secrets(environment: Mapping[str, str]) -> list[str]:
    """The secrets that sign what is forwarded: one, or two while one is being replaced."""
    return (environment.get("WEBHOOK_SECRET") or _pulumi("config", "get", "webhookSecret")).split()


def are_local(worker_urls: Mapping[str, str]) -> bool:
    """Whether these are the URLs of a stack on this machine."""
    return any(is_loopback(httpx.URL(url).host) for url in worker_urls.values())


def _pulumi(*arguments: str) -> str:
    command = ["pulumi", *arguments, "--non-interactive"]
    hint = "select the stack with `pulumi stack select`, or set AUTOPILOT_WORKER_URLS and WEBHOOK_SECRET"
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SettingsError("pulumi, which knows the stack, is not on PATH", f"run `make setup`, or {hint}") from error
    if done.returncode != 0:
        raise SettingsError(f"`{' '.join(command)}` failed: {done.stderr.strip()}", hint)
    return done.stdout.strip()
