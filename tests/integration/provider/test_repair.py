"""Drift and its repair, with all parts real but Cloudflare: Pulumi, the stand-in, and the local API.

A bucket that is gone is seen and recreated. Cron triggers that are gone are not seen: replacing the trigger resource
sends them again and calls nothing else, which is the repair that keeps state and program in agreement.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.project import ROOT
from tests.support.pulumi_project import PulumiProject

CRON = "*/15 * * * *"
PROGRAM = f"""
import os
import pulumi_cloudflare as cloudflare
account = os.environ["CLOUDFLARE_ACCOUNT_ID"]
cloudflare.R2Bucket("pages", account_id=account, name="pages")
worker = cloudflare.WorkersScript(
    "worker",
    account_id=account,
    script_name="worker",
    main_module="worker.js",
    content="export default {{ fetch: () => new Response('hello'), scheduled: () => {{}} }};",
    compatibility_date="2026-07-01",
    observability={{"enabled": True}},
)
cloudflare.WorkersCronTrigger(
    "worker", account_id=account, script_name=worker.script_name, schedules=[{{"cron": "{CRON}"}}]
)
"""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The account of a local Cloudflare of its own, by its REST API."""
    data = tmp_path_factory.mktemp("cloudflare")
    _local_cloudflare("start", data, "--api-port", "0", "--workers-port", "0")
    try:
        status = json.loads(_local_cloudflare("status", data, "--json"))
        headers = {"Authorization": f"Bearer {status['apiToken']}"}
        with httpx.Client(base_url=f"{status['baseUrl']}/accounts/{status['accountId']}", headers=headers) as client:
            yield client
    finally:
        _local_cloudflare("stop", data)


def _local_cloudflare(command: str, data: Path, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "local_cloudflare", command, "--dir", str(data), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_drift_is_seen_or_not_and_repaired(account: httpx.Client, tmp_path: Path) -> None:
    base_url, _, account_id = str(account.base_url).rstrip("/").rpartition("/accounts/")
    project = PulumiProject(tmp_path, name="repair", program=PROGRAM, base_url=base_url)
    project.environment |= {
        "CLOUDFLARE_ACCOUNT_ID": account_id,
        "CLOUDFLARE_API_TOKEN": account.headers["Authorization"].removeprefix("Bearer "),
    }
    project.up()
    account.put("/workers/scripts/worker/schedules", json=[]).raise_for_status()
    account.delete("/r2/buckets/pages").raise_for_status()

    plan = json.loads(project.run("preview", "--refresh", "--json"))

    operations = {_name(step["urn"]): step["op"] for step in plan["steps"] if step["op"] not in ("same", "refresh")}
    assert operations == {"R2Bucket::pages": "create"}

    (trigger,) = [each["urn"] for each in project.resources() if _name(each["urn"]) == "WorkersCronTrigger::worker"]
    output = project.up("--refresh", "--replace", trigger)

    assert "The resource was not found on the server and will be removed from state" in output
    assert [each["cron"] for each in _result(account, "/workers/scripts/worker/schedules")["schedules"]] == [CRON]
    assert _result(account, "/r2/buckets/pages")["name"] == "pages"
    assert [each["id"] for each in _result(account, "/workers/scripts")] == ["worker"]
    project.run("preview", "--refresh", "--expect-no-changes")


def _name(urn: str) -> str:
    """Type and name: `R2Bucket::pages`."""
    _, _, kind, name = urn.split("::")
    return f"{kind.rpartition(':')[2]}::{name}"


def _result(account: httpx.Client, path: str) -> Any:
    return account.get(path).raise_for_status().json()["result"]
