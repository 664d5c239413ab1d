"""Triggers, versions and deployments of Workers, with the official SDK as the client."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import cloudflare
import pytest
from cloudflare import Cloudflare
from cloudflare.types.workers.scripts.schedule_update_params import Body

from local_cloudflare.api.cron import due
from local_cloudflare.api.store import Store
from local_cloudflare.api.workers.models import Workers
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import MODULE, create_namespace, upload


def test_the_workers_dev_switch_makes_a_worker_reachable(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent")
    assert sdk.workers.scripts.subdomain.get("agent", account_id=account).enabled is False
    assert cloudflare_api.fetch("agent").status_code == 404

    switched = sdk.workers.scripts.subdomain.create("agent", account_id=account, enabled=True, previews_enabled=False)
    assert (switched.enabled, switched.previews_enabled) == (True, False)
    assert cloudflare_api.fetch("agent").text == "hello"

    sdk.workers.scripts.subdomain.delete("agent", account_id=account)
    assert cloudflare_api.fetch("agent").status_code == 404


def test_an_account_without_a_subdomain_must_choose_one(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    cloudflare_api.local("PATCH", "/account", {"workersDevSubdomain": None})
    upload(sdk, account, "agent")
    with pytest.raises(cloudflare.NotFoundError) as absent:
        sdk.workers.subdomains.get(account_id=account)
    with pytest.raises(cloudflare.PermissionDeniedError) as refused:
        sdk.workers.scripts.subdomain.create("agent", account_id=account, enabled=True)
    assert (absent.value.errors[0].code, refused.value.errors[0].code) == (10007, 10063)

    assert sdk.workers.subdomains.update(account_id=account, subdomain="efh").subdomain == "efh"
    sdk.workers.scripts.subdomain.create("agent", account_id=account, enabled=True)


def test_schedules_are_replaced_as_a_whole(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent")
    for crons in (["*/15 * * * *"], ["*/15 * * * *", "0 3 * * *"], []):
        done = sdk.workers.scripts.schedules.update(
            "agent", account_id=account, body=[{"cron": cron} for cron in crons]
        )
        assert [schedule.cron for schedule in done.schedules] == crons
        found = sdk.workers.scripts.schedules.get("agent", account_id=account)
        assert [schedule.cron for schedule in found.schedules] == crons


def test_a_cron_runs_the_scheduled_handler(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    namespace = create_namespace(sdk, account, "RUNS").id
    script = """export default {
      async scheduled(event, env) { await env.RUNS.put("last", `${event.cron} ${event.scheduledTime}`); },
    };"""
    upload(
        sdk, account, "agent", script, bindings=[{"type": "kv_namespace", "name": "RUNS", "namespace_id": namespace}]
    )
    sdk.workers.scripts.schedules.update("agent", account_id=account, body=[{"cron": "0 3 * * *"}])
    done = cloudflare_api.local("POST", "/cron", {"worker": "agent", "time": 1_800_000_000_000})
    assert done == {"worker": "agent", "cron": "0 3 * * *", "outcome": "ok", "detail": ""}
    value = sdk.kv.namespaces.values.get("last", account_id=account, namespace_id=namespace)
    assert value.read() == b"0 3 * * * 1800000000000"


def test_the_workers_whose_schedule_matches_a_minute_are_due(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    for name, crons in {"often": ["*/15 * * * *"], "nightly": ["0 3 * * *", "30 3 * * *"], "never": []}.items():
        upload(sdk, account, name)
        sdk.workers.scripts.schedules.update(name, account_id=account, body=[{"cron": cron} for cron in crons])
    with Store(cloudflare_api.data / "account.sqlite") as store:
        workers = Workers(store).all()
    at = {minute: due(workers, datetime(2026, 1, 1, 3, minute, 20, tzinfo=UTC)) for minute in (0, 1, 15, 30)}
    assert at == {
        0: [("often", "*/15 * * * *"), ("nightly", "0 3 * * *")],
        1: [],
        15: [("often", "*/15 * * * *")],
        30: [("often", "*/15 * * * *"), ("nightly", "30 3 * * *")],
    }


def test_the_cron_limit_counts_for_the_account(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id

    def put(name: str, count: int) -> None:
        body: list[Body] = [{"cron": f"{minute} * * * *"} for minute in range(count)]
        sdk.workers.scripts.schedules.update(name, account_id=account, body=body)

    upload(sdk, account, "one")
    upload(sdk, account, "two")
    put("one", 3)
    put("two", 2)
    put("two", 2)
    with pytest.raises(cloudflare.BadRequestError) as error:
        put("two", 3)
    assert error.value.errors[0].code == 10072

    cloudflare_api.local("PATCH", "/account", {"plan": "paid"})
    put("two", 3)
    cloudflare_api.local("PATCH", "/account", {"plan": "free"})
    with pytest.raises(cloudflare.BadRequestError):
        put("two", 0)


def test_a_version_can_be_uploaded_before_it_is_deployed(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", reachable=True)
    versions = sdk.workers.scripts.versions.with_raw_response  # the SDK has no type for their bindings
    created = versions.create(
        "agent",
        account_id=account,
        metadata={"main_module": "worker.js", "compatibility_date": "2026-01-01"},
        files=[("worker.js", b"export default { fetch() { return new Response('next'); } };", MODULE)],
    )
    version = json.loads(created.read())["result"]
    assert version["number"] == 2
    assert cloudflare_api.fetch("agent").text == "hello"
    found = versions.get(version["id"], account_id=account, script_name="agent")
    assert json.loads(found.read())["result"] == version
    sdk.workers.scripts.deployments.create(
        "agent",
        account_id=account,
        strategy="percentage",
        versions=[{"version_id": version["id"], "percentage": 100}],
    )
    assert cloudflare_api.fetch("agent").text == "next"


def test_versions_can_be_deployed_again(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    upload(sdk, account, "agent", reachable=True)
    upload(sdk, account, "agent", "export default { fetch() { return new Response('second'); } };")
    assert cloudflare_api.fetch("agent").text == "second"
    versions = [version.id for version in sdk.workers.scripts.versions.list("agent", account_id=account)]
    assert len(versions) == 2

    sdk.workers.scripts.deployments.create(
        "agent",
        account_id=account,
        strategy="percentage",
        versions=[{"version_id": versions[1] or "", "percentage": 100}],
    )
    assert cloudflare_api.fetch("agent").text == "hello"
    assert len(list(sdk.workers.scripts.deployments.list("agent", account_id=account))) == 3
