"""What `doctor` finds in a stack's configuration, as Pulumi prints it."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.checks.check import Check, exit_code, fixes, outcome
from orchestrator.checks.stack import plain_secrets_checks, secrets_checks, settings_checks
from orchestrator.checks.tools import tool_check
from orchestrator.desired.derive import derive
from orchestrator.manifest import parse

RIGHT: dict[str, dict[str, Any]] = {
    "accountId": {"value": "a" * 32},
    "apiToken": {"value": "t" * 32, "secret": True},
    "webhookSecret": {"value": "whsec_" + "c2VjcmV0" * 4, "secret": True},
}
MANIFEST = """
orchestrator: { worker: router }
autopilots:
  - name: clerk
    worker: clerk
    capabilities: [mail.answer]
    needs:
      workers:
        - name: clerk
          content: export default { fetch() {} }
          secrets: [KEY, { name: SPARE, optional: true }]
"""


def settings(**changed: dict[str, Any]) -> list[Check]:
    return settings_checks(RIGHT | changed, stack="prod", has_token=True)


def test_a_complete_configuration_is_one_good_finding() -> None:
    assert [check.state for check in settings()] == ["ok"]


@pytest.mark.parametrize(
    ("changed", "detail", "fix"),
    [
        ({"accountId": {}}, "accountId is not set", "pulumi config set accountId"),
        ({"accountId": {"value": "mine"}}, "accountId is not an account's id", "pulumi config set accountId"),
        (
            {"webhookSecret": {"value": "x", "secret": True}},
            "webhookSecret must be whsec_ and",
            "webhookSecret -s prod",
        ),
        (
            {"keepdata": {"value": "false"}},
            "keepdata is no setting; the nearest is keepData",
            "pulumi config rm keepdata -s prod",
        ),
        ({"plan": {"value": "gold"}}, "plan must be free or paid", "pulumi config set plan free -s prod"),
        ({"namePrefix": {"value": "PR_7"}}, "namePrefix must be", "pulumi config rm namePrefix -s prod"),
        (
            {"diagnoseToken": {"value": "", "secret": True}},
            "diagnoseToken is empty",
            "pulumi config set --secret diagnoseToken -s prod",
        ),
        ({"journalDays": {"value": "0"}}, "journalDays must be a whole number", "journalDays 30 -s prod"),
    ],
)
def test_each_wrong_setting_is_a_problem_with_its_command(
    changed: dict[str, dict[str, Any]], detail: str, fix: str
) -> None:
    (found,) = settings(**changed)

    assert found.state == "problem"
    assert found.detail.startswith(detail)
    assert fix in found.fix


def test_no_value_of_a_setting_is_told() -> None:
    found = settings(webhookSecret={"value": "canary-1"}, heal={"value": "canary-2", "secret": True})

    assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("kept", "state", "detail"),
    [
        ({}, "problem", "secrets.KEY is not set (Worker clerk)"),
        ({"KEY": "k"}, "ok", "optional and not set: SPARE"),
        ({"KEY": "k", "SPARE": "s"}, "ok", "all set"),
        ({"KEY": "k", "SPARE": ""}, "problem", "secrets.SPARE is empty"),
    ],
)
def test_a_required_secret_is_a_problem_an_optional_one_is_told(kept: dict[str, str], state: str, detail: str) -> None:
    own = {"secrets": {"objectValue": kept, "secret": True}}

    (found,) = secrets_checks(own, derive(parse(MANIFEST, "autopilots.yaml")), stack="prod")

    assert found.state == state
    assert detail in found.detail


@pytest.mark.parametrize(
    ("found", "state"),
    [("3.250.0", "ok"), ("3.251.1", "ok"), ("3.249.9", "problem"), ("4.0.0", "problem"), (None, "problem")],
)
def test_a_tool_may_be_newer_but_of_the_same_major_version(found: str | None, state: str) -> None:
    assert tool_check("Pulumi", found, at_least="3.250.0", same_major=True).state == state


@pytest.mark.parametrize(
    ("states", "code", "result"),
    [("ok", 0, "ok"), ("ok unknown", 1, "unknown"), ("unknown problem ok", 2, "problem")],
)
def test_the_worst_finding_decides(states: str, code: int, result: str) -> None:
    checks = [Check(name="x", state=state, detail="", fix="do it") for state in states.split()]  # type: ignore[arg-type]

    assert (exit_code(checks), outcome(checks)) == (code, result)
    assert fixes(checks) == ["x: do it"]


def test_a_secret_larger_than_cloudflare_takes_is_told_with_its_size_and_never_its_value() -> None:
    own = RIGHT | {"secrets": {"objectValue": {"KEY": "k" * 5_336, "SPARE": "é" * 2_560}, "secret": True}}
    (found,) = secrets_checks(own, derive(parse(MANIFEST)), stack="prod")

    assert found.state == "problem"
    assert found.detail == "secrets.KEY has 5,336 bytes, and a secret may have 5,120"
    assert "pulumi config set --secret --path secrets.KEY -s prod" in found.fix
    assert "kkk" not in str(found)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("apiToken", "correct horse battery staple"),
        ("apiToken", "t" * 31),
        ("apiToken", f"{'t' * 40} short"),
        ("apiToken", f"shop:{'t' * 31}"),
        ("apiToken", f"{'t' * 40}\n"),
        ("apiToken", "ü" * 40),
        ("webhookSecret", "whsec_AA=="),  # one byte
        ("webhookSecret", "whsec_" + "A" * 33),
        ("webhookSecret", "whsec_" + "A" * 92),
        ("webhookSecret", "whsec_" + "A" * 32 + "\n"),
        ("webhookSecret", " ".join(["whsec_" + "A" * 32] * 3)),
    ],
)
def test_a_weak_or_broken_secret_stops_the_preview_and_is_never_printed(key: str, value: str) -> None:
    (found,) = settings(**{key: {"value": value, "secret": True}})

    assert found.detail.startswith(f"{key} must be ")
    assert value not in str(found)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("apiToken", "t" * 32),
        ("apiToken", f"shop:{'t' * 32} {'u' * 512}"),
        ("webhookSecret", "whsec_" + "A" * 32),
        ("webhookSecret", "whsec_" + "A" * 86 + "=="),
        ("webhookSecret", "whsec_" + "A" * 32 + " whsec_" + "B" * 43 + "="),
    ],
)
def test_two_are_valid_while_one_is_being_replaced(key: str, value: str) -> None:
    assert [check.state for check in settings(**{key: {"value": value, "secret": True}})] == ["ok"]


def test_a_wrong_prefix_is_put_right_to_what_the_stacks_data_was_made_with() -> None:
    own = RIGHT | {"namePrefix": {"value": "PR_7"}}
    (check,) = settings_checks(own, stack="prod", has_token=True, made_prefix=lambda: "pr-7-")
    assert check.fix == "pulumi config set namePrefix pr-7- -s prod"


CALLERS = MANIFEST.replace("orchestrator:", "callers: {shop: {may: [plan]}, ops: {may: [read]}}\norchestrator:")


def callers(**tokens: str) -> list[Check]:
    own = RIGHT | {"callers": {"objectValue": tokens, "secret": True}, "secrets": {"objectValue": {"KEY": "k"}}}
    return secrets_checks(own, derive(parse(CALLERS)), stack="prod")


def test_each_caller_has_a_token_of_its_own() -> None:
    assert [check.state for check in callers(shop="s" * 32, ops=f"{'o' * 32} {'p' * 40}")] == ["ok"]


def test_a_token_of_nobody_that_is_declared_is_no_problem() -> None:
    assert [check.state for check in callers(shop="s" * 32, ops="o" * 32, former="f" * 32)] == ["ok"]


@pytest.mark.parametrize(
    ("tokens", "detail", "fix"),
    [
        ({"shop": "s" * 32}, "callers.ops is not set", "pulumi config set --secret --path callers.ops -s prod"),
        ({"shop": "s" * 31, "ops": "o" * 32}, "callers.shop must be tokens of 32", "--path callers.shop -s prod"),
        ({"shop": f"x:{'s' * 32}", "ops": "o" * 32}, "callers.shop must be", "--path callers.shop -s prod"),
        ({"shop": " ".join(["s" * 32] * 3), "ops": "o" * 32}, "callers.shop must be", "--path callers.shop -s prod"),
    ],
)
def test_what_is_wrong_with_callers_is_told_with_its_command(tokens: dict[str, str], detail: str, fix: str) -> None:
    (found,) = callers(**tokens)

    assert found.detail.startswith(detail)
    assert found.fix.endswith(fix)


ALERTS = MANIFEST.replace("orchestrator:", "alerts: {down: {when: health.down, to: [slack, webhook]}}\norchestrator:")


def alerts(stack: str = "prod", prefix: str = "", **urls: str) -> list[str]:
    own: dict[str, Any] = {"alertUrls": {"objectValue": urls, "secret": True}, "namePrefix": {"value": prefix}}
    secrets = {"secrets": {"objectValue": {"KEY": "k", "SPARE": "s"}}}
    return [check.detail for check in secrets_checks(RIGHT | own | secrets, derive(parse(ALERTS)), stack=stack)]


def test_each_channel_of_the_alerts_has_a_url_that_can_be_called() -> None:
    url = "https://alerts.example.com/hook"
    assert alerts(slack=url, webhook=url, former=url) == ["all set"]
    assert alerts(slack=url) == ["alertUrls.webhook is not set"]
    (wrong,) = alerts(slack=url, webhook="http://127.0.0.1/hook")
    assert wrong.startswith("alertUrls.webhook cannot be called: ")


def test_on_a_stage_and_on_the_stack_local_nobody_has_to_be_told() -> None:
    assert alerts(prefix="pr-7-") == alerts(stack="local") == ["all set"]
    assert alerts(stack="local", webhook="http://127.0.0.1:9/hook") == ["all set"]
    assert alerts(prefix="pr-7-", webhook="hunter2")[0].startswith("alertUrls.webhook cannot be called")


def test_a_secret_in_plain_text_is_a_problem_wherever_it_stands() -> None:
    config = {
        "shop:apiToken": "canary",
        "shop:webhookSecret": {"secure": "v1:AbC"},
        "shop:secrets": {"STRIPE_API_KEY": "canary", "MAIL_API_KEY": {"secure": "v1:AbC"}},
        "shop:callers": {"ops": {"secure": "v1:AbC"}, "shop": "canary"},
        "shop:r2AccessKeyId": "not a secret",
        "other:apiToken": "of another project",
    }

    found = plain_secrets_checks({"config": config}, project="shop", stack="prod")

    assert [check.detail.partition(" ")[0] for check in found] == ["apiToken", "callers.shop", "secrets.STRIPE_API_KEY"]
    assert "pulumi config set --secret --path secrets.STRIPE_API_KEY -s prod" in found[-1].fix
    assert "canary" not in str(found)


@pytest.mark.parametrize("document", [None, [], {}, {"config": None}, {"config": []}, "text"])
def test_a_stack_file_of_another_form_has_no_secret(document: object) -> None:
    assert plain_secrets_checks(document, project="shop", stack="prod") == []
