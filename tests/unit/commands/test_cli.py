"""What all commands have in common: the version, completion, and the log of calls."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import httpx
import pytest

from orchestrator import cli
from orchestrator.cloudflare.account import Account
from orchestrator.errors import CloudflareError
from tests.support.project import ROOT


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])

    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("autopilot-orchestrator 0.")


@pytest.mark.parametrize(
    ("typed", "offered"), [("dr", {"drift "}), ("drift --gi", {"--github "}), ("backup --kind ", {"kv", "r2", "d1"})]
)
def test_the_shell_completes_commands_options_and_values(typed: str, offered: set[str]) -> None:
    """As bash asks: what was typed in the environment, the answer on descriptor 8."""
    line = f"python -m orchestrator {typed}"
    read_end, write_end = os.pipe()
    asked = {"COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE": "3", "_ARGCOMPLETE_IFS": "\n"}

    subprocess.run(
        ["bash", "-c", f'exec "$0" -m orchestrator 8>&{write_end} 9>/dev/null', sys.executable],
        cwd=ROOT,
        env={**os.environ, **asked},
        pass_fds=[write_end],
        check=True,
    )
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        assert set(answer.read().splitlines()) == offered


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
