"""What all commands have in common: the version, completion, and the log of calls."""

from __future__ import annotations

import logging

import httpx
import pytest

from orchestrator import cli
from orchestrator.cloudflare.account import Account
from orchestrator.errors import CloudflareError


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])

    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("autopilot-orchestrator 0.")


def test_each_call_is_logged_without_anything_secret(caplog: pytest.LogCaptureFixture) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/subdomain"):
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={"success": True, "errors": [], "result": []})

    with (
        caplog.at_level(logging.INFO, "orchestrator.calls"),
        Account(
            account_id="1",
            token="s3cret",
            base_url="https://user:s3cret@api.example.com/client/v4",
            transport=httpx.MockTransport(answer),
            sleep=lambda _: None,
        ) as account,
    ):
        account.call("GET", "/r2/buckets", params={"cursor": "s3cret"})
        with pytest.raises(CloudflareError):
            account.workers_subdomain()

    lines = [record.message for record in caplog.records if record.name == "orchestrator.calls"]
    assert lines[0] == "GET https://api.example.com/client/v4/accounts/1/r2/buckets: HTTP 200"
    assert lines[1].endswith("/workers/subdomain: no answer (ConnectError)")
    assert "s3cret" not in "".join(lines)
