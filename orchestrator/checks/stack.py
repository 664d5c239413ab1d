"""What `doctor` finds in a stack's configuration: the same rules as the program's, a finding for each.

Pure: the configuration comes as Pulumi prints it, by key, `{"value": …, "secret": true}` each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from orchestrator.checks.check import Check
from orchestrator.desired.bindings import SECRETS_BY_CONFIG_KEY
from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import SecretBinding
from orchestrator.limits import Plan
from orchestrator.stack.rules import (
    NAME_LISTS,
    RULES,
    SettingProblem,
    alert_problems,
    caller_problems,
    names_problems,
    secret_problems,
    set_secret,
    setting_problems,
    size_problems,
)
from orchestrator.stack.setting_names import plain_secret_problems, unknown_setting_problems
from orchestrator.stack.watch_rules import WATCH_KEYS, watch_problems

Config = Mapping[str, Mapping[str, Any]]


def settings_checks(own: Config, *, stack: str, has_token: bool, made_prefix: Callable[[], str] = str) -> list[Check]:
    """The project's settings; `has_token`: whether there is a Cloudflare API token, in the configuration or outside."""
    keys = {*(rule.key for rule in RULES), *WATCH_KEYS} & own.keys()
    values = {key: str(own[key].get("value", "")) for key in keys}
    problems = [
        *setting_problems(values, stack=stack, has_token=has_token, made_prefix=made_prefix),
        *watch_problems(values, stack=stack),
    ]
    for key in NAME_LISTS:
        problems += names_problems(key, own.get(key, {}).get("value"), stack=stack)
    problems += unknown_setting_problems(own, stack=stack)
    return _checks("settings", problems) or [Check(name="settings", state="ok", detail="complete")]


def plain_secrets_checks(document: Any, *, project: str, stack: str) -> list[Check]:
    """The secrets that stand in plain text in `document`, the stack's file as it was parsed; none where all is well."""
    return _checks("settings", plain_secret_problems(document, project=project, stack=stack))


def secrets_checks(own: Config, desired: Desired, *, stack: str) -> list[Check]:
    """The Workers' secrets; an optional one that is not set is told, and no problem."""
    kept = own.get("secrets", {}).get("objectValue") or {}
    names = {*kept, *SECRETS_BY_CONFIG_KEY.values()}  # the program's own are among the settings
    plan: Plan = "paid" if own.get("plan", {}).get("value") == "paid" else "free"
    texts = {name: str(value) for name, value in kept.items()}
    if problems := [
        *secret_problems(desired, names, stack=stack),
        *size_problems(texts, plan=plan, stack=stack),
        *caller_problems(desired, own.get("callers", {}).get("objectValue"), plan=plan, stack=stack),
        *alert_problems(
            desired,
            own.get("alertUrls", {}).get("objectValue"),
            stack=stack,
            name_prefix=str(own.get("namePrefix", {}).get("value", "")),
        ),
    ]:
        return _checks("secrets", problems)
    left = _wanted(desired) - names
    if not left:
        return [Check(name="secrets", state="ok", detail="all set")]
    command = set_secret("NAME", stack)
    detail = f"the required ones are set; optional and not set: {', '.join(sorted(left))} ({command})"
    return [Check(name="secrets", state="ok", detail=detail)]


def _wanted(desired: Desired) -> set[str]:
    bindings = (binding for worker in desired.workers for binding in worker.bindings)
    return {binding.secret for binding in bindings if isinstance(binding, SecretBinding)}


def _checks(name: str, problems: Sequence[SettingProblem] | Collection[SettingProblem]) -> list[Check]:
    return [Check(name=name, state="problem", detail=each.what, fix=each.command) for each in problems]
