"""`GET /autopilot/diagnose`: what it finds in the local Cloudflare's account, with tokens that may more or less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.cloudflare.permissions import PERMISSIONS
from tests.support.diagnosed import EDITS, READS, Account, Router, routers
from tests.support.loopback_service import service

SETTINGS = "Account Settings Read"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """It has what the table declares but LOGS and the bucket efh-europe, and one namespace more."""
    account = Account(tmp_path_factory.mktemp("account"))
    try:
        account.add_namespace("REGISTRY")
        account.add_namespace("OTHERS")
        account.add_bucket("efh-private")
        account.add_worker("efh-well")
        yield account
    finally:
        account.close()


@pytest.fixture(scope="module")
def router(account: Account) -> Iterator[dict[str, Router]]:
    """By what the token may do."""
    tokens = {
        "editing": account.mint(*EDITS, SETTINGS),
        "reading": account.mint(*READS, SETTINGS),
        "no-settings": account.mint(*READS),
        "account-owned": account.mint(*READS, SETTINGS, owner="account"),
        "no-kv": account.mint("Workers Scripts Read", "Workers R2 Storage Read", "D1 Read"),
        "nothing": account.mint(SETTINGS),
        "expired": account.mint(*READS, status="expired"),
        "unknown": "no-such-token",
    }
    settings: dict[str, dict[str, str]] = {name: {"CLOUDFLARE_API_TOKEN": token} for name, token in tokens.items()}
    settings["without"] = {}
    settings["prefixed"] = {**settings["reading"], "NAME_PREFIX": "pr-7-"}
    settings["offline"] = {**settings["reading"], "CLOUDFLARE_API_URL": "http://127.0.0.1:1/client/v4"}
    settings["elsewhere"] = {**settings["reading"], "STAGE": "prod"}
    with service() as github, routers(account, github, settings) as running:
        yield running


@pytest.fixture
def fresh_account(account: Account) -> Iterator[Account]:
    """No workers.dev subdomain chosen, R2 not switched on, as after the sign-up."""
    account.local("PATCH", "/account", {"workersDevSubdomain": None, "r2Enabled": False})
    yield account
    account.local("PATCH", "/account", {"workersDevSubdomain": "local", "r2Enabled": True})


def checks(answer: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in answer["checks"]}


def test_the_answer_has_the_shape_of_the_guide_and_more(router: dict[str, Router]) -> None:
    answer = router["editing"].diagnose().json()

    assert list(answer)[:3] == ["token", "resources", "timestamp"]
    assert (answer["token"].keys(), answer["token"]["status"]) == ({"id", "status"}, "active")
    assert {namespace["title"] for namespace in answer["resources"]["kv"]} == {"REGISTRY", "OTHERS"}
    assert answer["resources"]["r2"] == [{"name": "efh-private"}]
    assert answer["resources"]["workers"] == ["efh-well"]
    assert answer["missing"] == [{"kind": "kvNamespace", "name": "LOGS"}, {"kind": "r2Bucket", "name": "efh-europe"}]


def test_a_bucket_of_another_jurisdiction_is_found(account: Account, router: dict[str, Router]) -> None:
    account.add_bucket("efh-europe", jurisdiction="eu")
    try:
        answer = router["reading"].diagnose().json()
        assert answer["missing"] == [{"kind": "kvNamespace", "name": "LOGS"}]
    finally:
        account.call("DELETE", "/r2/buckets/efh-europe", headers={"cf-r2-jurisdiction": "eu"})


def test_a_prefix_stands_before_the_real_names_only(router: dict[str, Router]) -> None:
    missing = router["prefixed"].diagnose().json()["missing"]

    assert [each["name"] for each in missing] == ["LOGS", "REGISTRY", "efh-europe", "efh-private", "efh-well"]


@pytest.mark.parametrize(
    ("token", "missing"),
    [
        ("editing", set()),
        ("reading", set(EDITS)),
        ("no-settings", {*EDITS, SETTINGS}),
    ],
)
def test_each_permission_is_found_out_without_changing_anything(
    account: Account, router: dict[str, Router], token: str, missing: set[str]
) -> None:
    before = account.account()

    permissions = router[token].diagnose().json()["permissions"]

    assert {each["name"] for each in permissions} == {*EDITS, SETTINGS}
    assert {each["name"] for each in permissions if each["status"] == "missing"} == missing
    assert {each["status"] for each in permissions} <= {"granted", "missing"}
    # That a token for diagnosis cannot write is as it should be.
    unneeded = {each["name"] for each in permissions if not each.get("needed", True)}
    assert unneeded == {each["name"] for each in permissions if "note" in each} == missing - {SETTINGS}
    after = account.account()
    assert {key: after[key] for key in ("kv", "r2", "d1", "workers")} == {
        key: before[key] for key in ("kv", "r2", "d1", "workers")
    }


def test_a_token_that_belongs_to_the_account_is_known_too(router: dict[str, Router]) -> None:
    assert router["account-owned"].diagnose().json()["token"]["status"] == "active"


@pytest.mark.parametrize(
    ("token", "missing", "why"),
    [
        ("no-kv", ["Workers KV Storage Read"], "it lacks Workers KV Storage Read"),
        (
            "nothing",
            sorted(READS),
            "it lacks Workers KV",
        ),
        ("expired", sorted(READS), "it is not valid"),
        ("unknown", sorted(READS), "it is not valid"),
    ],
)
def test_what_a_refused_token_lacks_is_named(
    router: dict[str, Router], token: str, missing: list[str], why: str
) -> None:
    answer = router[token].diagnose()

    assert (answer.status_code, answer.json()["title"]) == (502, "Authentication error [code: 10000]")
    assert sorted(answer.json()["missingPermissions"]) == missing
    assert why in answer.json()["detail"]
    assert "pulumi config set --secret diagnoseToken" in answer.json()["hint"]


@pytest.mark.parametrize("name", ["without", "elsewhere"], ids=["no token", "an API over plain HTTP in production"])
def test_without_a_token_the_command_that_configures_it_is_named(router: dict[str, Router], name: str) -> None:
    answer = router[name].diagnose()

    assert (answer.status_code, answer.json()["title"]) == (503, "Diagnostics not configured")
    assert answer.json()["missing"] == ["CLOUDFLARE_API_TOKEN"]
    assert "pulumi config set --secret diagnoseToken" in answer.json()["hint"]


def test_an_account_where_all_is_well(router: dict[str, Router]) -> None:
    found = checks(router["reading"].diagnose().json())

    assert (found["workers.dev subdomain"]["state"], found["workers.dev subdomain"]["detail"]) == (
        "ok",
        "local.workers.dev",
    )
    assert found["R2"]["state"] == "ok"
    assert found["autopilot well"]["state"] == "ok"


@pytest.mark.usefixtures("fresh_account")
def test_the_traps_of_a_new_account_are_explained(router: dict[str, Router]) -> None:
    answer = router["reading"].diagnose().json()

    found = checks(answer)
    assert found["workers.dev subdomain"]["state"] == "problem"
    assert "Choose it once" in found["workers.dev subdomain"]["fix"]
    assert found["R2"]["state"] == "problem"
    assert "payment method" in found["R2"]["fix"]
    assert answer["resources"]["r2"] == []
    assert [each["name"] for each in answer["missing"]] == ["LOGS", "efh-europe", "efh-private"]


def test_what_no_autopilot_answers_is_explained(router: dict[str, Router]) -> None:
    found = checks(router["reading"].diagnose().json())

    assert (found["autopilot closed"]["state"], found["autopilot behind-1042"]["state"]) == ("problem", "problem")
    assert "1042" in found["autopilot behind-1042"]["detail"]
    assert "worker:" in found["autopilot behind-1042"]["detail"]


def test_the_cron_is_checked_once_it_is_known(router: dict[str, Router]) -> None:
    assert checks(router["editing"].diagnose().json())["cron"]["state"] == "unknown"

    assert router["editing"].request("POST", "/__scheduled").status_code == 200

    assert checks(router["editing"].diagnose().json())["cron"]["state"] == "ok"


@pytest.mark.parametrize(
    ("faults", "detail"),
    [
        ({"effect": "status", "status": 500}, "HTTP 500"),
        ({"effect": "status", "status": 502}, "HTTP 502"),
        ({"effect": "status", "status": 429, "retryAfter": 300}, "HTTP 429"),
        ({"effect": "reset"}, "no answer"),
    ],
)
def test_an_api_that_fails_is_told_apart_from_a_refusal(
    account: Account, router: dict[str, Router], faults: dict[str, Any], detail: str
) -> None:
    account.local("PUT", "/faults", {"faults": [{"path": "*/storage/kv/namespaces", "method": "GET", **faults}]})
    try:
        answer = router["reading"].diagnose()
    finally:
        account.local("DELETE", "/faults")

    assert (answer.status_code, answer.json()["title"]) == (502, "Cloudflare did not answer")
    assert detail in answer.json()["detail"]
    assert answer.headers.get("retry-after") == ("300" if "retryAfter" in faults else None)


def test_nobody_answers(router: dict[str, Router]) -> None:
    answer = router["offline"].diagnose()

    assert (answer.status_code, answer.json()["title"]) == (502, "Cloudflare did not answer")


def test_its_calls_are_few_and_its_probes_those_of_python(account: Account, router: dict[str, Router]) -> None:
    account.local("DELETE", "/calls")

    router["reading"].diagnose()

    calls = [(call["method"], call["path"]) for call in account.local("GET", "/calls")["calls"]]
    assert len(calls) == 14  # the free plan gives a request 50, and the autopilots are probed too
    below = f"/accounts/{account.account_id}"
    assert {(probe.method, f"{below}{probe.path}") for probe in PERMISSIONS} <= set(calls)
