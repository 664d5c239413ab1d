"""`python -m orchestrator limits --account` against the local Cloudflare: what else is in the account counts."""

from __future__ import annotations

import json

import pytest
from cloudflare import Cloudflare

from local_cloudflare.api.workers import bindings, schedules
from local_cloudflare.api.workers import upload as uploads
from orchestrator.cli import main
from orchestrator.desired.derive import derive
from orchestrator.limits import Plan, plans
from orchestrator.manifest import load
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.project import ROOT
from tests.support.worker_upload import upload


@pytest.fixture
def account(cloudflare_api: LocalCloudflare, monkeypatch: pytest.MonkeyPatch) -> str:
    """The local account's id; the command finds the account as a user's shell would name it."""
    for name, value in cloudflare_api.environment.items():
        monkeypatch.setenv(name, value)
    return cloudflare_api.account_id


def test_what_nobody_declared_is_counted_with_the_shipped_file(
    account: str, sdk: Cloudflare, cloudflare_api: LocalCloudflare, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(sdk, account, "old-site")
    cloudflare_api.call("PUT", "/workers/scripts/old-site/schedules", json=[{"cron": f"{n} * * * *"} for n in range(5)])
    upload(sdk, account, "efh-agent")  # the file's own: counted once
    sdk.kv.namespaces.create(account_id=account, title="OLD_LOGS")
    sdk.d1.database.create(account_id=account, name="old-shop")
    cloudflare_api.local("DELETE", "/calls")

    declared = derive(load(ROOT / "autopilots.yaml"))
    crons = sum(len(each.crons) for each in declared.workers)

    assert main(["limits", "--account", "--json"]) == 2

    output = capsys.readouterr()
    used = {limit["name"]: limit["used"] for limit in json.loads(output.out)["limits"]}
    assert {name: used[name] for name in ("crons", "workers", "kvNamespaces", "d1Databases")} == {
        "crons": crons + 5,
        "workers": len(declared.workers) + 1,
        "kvNamespaces": len(declared.kv_namespaces) + 1,
        "d1Databases": len(declared.d1_databases) + 1,
    }
    told = f"Cron triggers per account: {crons + 5} of 5 (efh-autopilot-orchestrator 1, efh-payout-batch 1; "
    assert f"{told}not declared: old-site 5)" in output.err
    paths = [call["path"].partition(account)[2] for call in cloudflare_api.local("GET", "/calls")["calls"]]
    assert sorted(paths) == [
        "/d1/database",
        "/r2/buckets",
        "/storage/kv/namespaces",
        "/workers/scripts",
        "/workers/scripts/old-site/schedules",
    ]


def test_an_account_that_does_not_answer_is_an_error(
    account: str, cloudflare_api: LocalCloudflare, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "wrong")

    assert main(["limits", "--account"]) == 1
    assert "the API token" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-v", "limits", "--account"], ["limits", "--account", "-v"]])
def test_each_call_is_shown_where_it_is_asked_for(
    arguments: list[str], account: str, cloudflare_api: LocalCloudflare, capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments)
    shown = capsys.readouterr().err
    main(["limits", "--account"])

    assert f"GET {cloudflare_api.account_url}/workers/scripts: HTTP 200" in shown
    assert cloudflare_api.environment["CLOUDFLARE_API_TOKEN"] not in shown
    assert "HTTP 200" not in capsys.readouterr().err


@pytest.mark.parametrize("plan", ["free", "paid"])
def test_the_local_cloudflare_holds_the_same_limits(plan: Plan) -> None:
    assert schedules.LIMITS[plan] == plans.CRONS.of(plan)
    assert bindings.TEXT_BINDINGS[plan] == plans.VARIABLES.of(plan)
    assert plans.VARIABLE_SIZE.of(plan) == bindings.TEXT_BYTES
    assert plans.SCRIPT_SIZE.of(plan) == uploads.SIZE_LIMIT * 2**20
