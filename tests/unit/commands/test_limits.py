"""`python -m orchestrator limits`, from the file alone; with the account: tests/integration/stack/test_limits.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli import main

MANIFEST = """
orchestrator: {worker: router, cron: "CRON"}
autopilots: [{name: partner, endpoint: "https://partner.example.com/", capabilities: [ask]}]
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with two manifests and none of the Workers that they imply."""
    (tmp_path / "autopilots.yaml").write_text(MANIFEST.replace("CRON", "*/15 * * * *"))
    (tmp_path / "busy.yaml").write_text(MANIFEST.replace("CRON", "* * * * *"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID", raising=False)


def test_a_table_says_what_is_used_and_that_the_account_was_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limits"]) == 0

    output = capsys.readouterr()
    assert "KV writes of the orchestrator's cron    day      96         1,000    10%" in output.out
    assert "account: not read" in output.out
    assert "the scripts are not measured: no such file: router/src/index.ts" in output.err


@pytest.mark.parametrize(("plan", "code", "limit"), [("free", 2, 1_000), ("paid", 0, None)])
def test_more_than_the_plan_allows_exits_with_2_and_the_json_is_whole(
    plan: str, code: int, limit: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["limits", "busy.yaml", "--plan", plan, "--json"]) == code

    output = capsys.readouterr()
    writes = next(each for each in json.loads(output.out)["limits"] if each["name"] == "kvWrites")
    assert (writes["used"], writes["limit"]) == (1_440, limit)
    assert ("error: Cloudflare's free plan does not take this:" in output.err) is (code == 2)


def test_the_account_is_read_only_where_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limits", "--account"]) == 2
    assert "CLOUDFLARE_ACCOUNT_ID is not set" in capsys.readouterr().err
