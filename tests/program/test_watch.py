"""What the routing Worker is given to watch over its account: bound where it is configured, and checked before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.errors import SettingsError
from orchestrator.stack.watch_rules import watch_problems
from tests.support.program import ACCOUNT, ROUTER_BINDINGS, run_program

WORKFLOW = {"repository": "efh/platform", "workflow": "heal.yml", "token": "ghp_1"}
WEBHOOK = {"url": "https://hooks.example.com/heal"}
LOOPBACK_API = "http://127.0.0.1:7787/client/v4"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")
    monkeypatch.delenv("CLOUDFLARE_BASE_URL", raising=False)


def added(**config: str) -> dict[str, tuple[str, str]]:
    """The type and text of each binding that the routing Worker has more than without `config`."""
    recorder, _ = run_program(**config)
    scripts = {name: inputs for kind, name, inputs in recorder.declared if kind == "WorkersScript"}
    bindings: list[dict[str, Any]] = scripts["router"]["bindings"]["value"]
    known = {binding["name"] for binding in ROUTER_BINDINGS}
    return {each["name"]: (each["type"], each["text"]) for each in bindings if each["name"] not in known}


def test_nothing_is_bound_that_is_not_configured() -> None:
    assert added() == {}


@pytest.mark.parametrize(
    ("key", "name"),
    [("diagnoseToken", "CLOUDFLARE_API_TOKEN"), ("analyticsToken", "CLOUDFLARE_ANALYTICS_TOKEN")],
)
def test_a_token_comes_with_the_account_it_is_for(key: str, name: str) -> None:
    assert added(**{key: "t"}) == {
        name: ("secret_text", "t"),
        "CLOUDFLARE_ACCOUNT_ID": ("plain_text", ACCOUNT),
    }


def test_the_api_is_named_only_where_it_is_not_the_public_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", LOOPBACK_API)

    assert added(diagnoseToken="t")["CLOUDFLARE_API_URL"] == ("plain_text", LOOPBACK_API)


@pytest.mark.parametrize(
    ("configured", "bound"),
    [
        (WORKFLOW, WORKFLOW | {"ref": "main"}),
        (WORKFLOW | {"ref": "release/7"}, WORKFLOW | {"ref": "release/7"}),
        (WEBHOOK, WEBHOOK),
        (WEBHOOK | {"token": "t"}, WEBHOOK | {"token": "t"}),
    ],
    ids=["a workflow", "on another branch", "a webhook", "with a token"],
)
def test_where_a_heal_is_asked_for(configured: dict[str, str], bound: dict[str, str]) -> None:
    kind, text = added(heal=json.dumps(configured))["HEAL"]

    assert (kind, json.loads(text)) == ("secret_text", bound)


def test_where_alerts_go_and_how_long_the_journal_is_kept() -> None:
    assert added(alertUrl="https://hooks.example.com/T/B", journalDays="7") == {
        "ALERT_URL": ("secret_text", "https://hooks.example.com/T/B"),
        "JOURNAL_DAYS": ("plain_text", "7"),
    }


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"diagnoseToken": "two words"}, "diagnoseToken is no Cloudflare API token: it has a space in it: "),
        ({"analyticsToken": "two words"}, "analyticsToken is no Cloudflare API token: it has a space in it: "),
        ({"heal": "words"}, "heal must be an object of texts: "),
        ({"heal": '{"repository": 7}'}, "heal must be an object of texts: "),
        ({"heal": json.dumps(WORKFLOW | {"repository": "platform"})}, "heal has no valid repository: "),
        ({"heal": '{"repository": "efh/platform"}'}, "heal has no valid workflow, token: "),
        ({"heal": json.dumps(WORKFLOW | {"branch": "main"})}, "heal has no branch: it is a workflow ("),
        ({"heal": '{"url": "https://x.example.com/", "ref": "main"}'}, "heal is a webhook (`url`), which takes a"),
        (
            {"heal": json.dumps(WEBHOOK | {"statusUrl": "http://127.0.0.1:1/heal"})},
            "heal has a `statusUrl` that cannot be called: it must use https: ",
        ),
        ({"heal": '{"url": "http://127.0.0.1:1/heal"}'}, "heal has a `url` that cannot be called: it must use https: "),
        ({"alertUrl": "hooks.example.com"}, "alertUrl cannot be called: it must begin with https://: "),
        *(({key: ""}, f"{key} is empty: ") for key in ("diagnoseToken", "analyticsToken", "heal", "alertUrl")),
        ({"apiToken": ""}, "apiToken is not set"),
        ({"webhookSecret": ""}, "webhookSecret is not set"),
        ({"journalDays": "0"}, "journalDays must be a whole number of days from 1 to 365: "),
        ({"journalDays": "a week"}, "journalDays must be a whole number of days from 1 to 365: "),
    ],
)
def test_what_is_wrong_is_said_with_the_command_that_sets_it_right(config: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as failure:
        run_program(**config)

    lines = str(failure.value).splitlines()
    assert lines[0] == "the stack dev is not ready:"
    assert len(lines) == 2
    assert problem in lines[1]
    assert f"pulumi config set {'' if 'journalDays' in config else '--secret '}{next(iter(config))} " in lines[1]


def test_the_local_stack_may_name_a_loopback_address() -> None:
    values = {"heal": '{"url": "http://127.0.0.1:1/heal"}', "alertUrl": "http://localhost:1/"}

    assert watch_problems(values, stack="local") == []
