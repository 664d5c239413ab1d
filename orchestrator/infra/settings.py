"""The stack's configuration (Pulumi.<stack>.yaml), checked as a whole.

Everything that is missing or wrong is reported at once, a line each with the command that puts it right, so that
`pulumi preview` on a new stack is a to-do list. Secrets are wrapped as Pulumi secrets when they are read and are never
part of a message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from orchestrator.desired.bindings import SECRETS_BY_CONFIG_KEY
from orchestrator.desired.derive import Desired
from orchestrator.errors import SettingsError
from orchestrator.infra.own_state import begin_to_read_state
from orchestrator.infra.watch import read_watch
from orchestrator.limits import Plan
from orchestrator.names import ALERT_URLS, API_TOKEN, CALLER_TOKENS, WEBHOOK_SECRET
from orchestrator.stack.config import read_stack_file, refuse_local_state
from orchestrator.stack.deployed import SETTINGS, secrets_digest
from orchestrator.stack.moved import made_prefix
from orchestrator.stack.placeholders import SECRETS_LEFT_OUT
from orchestrator.stack.rules import (
    NAME_LISTS,
    RULES,
    SettingProblem,
    alert_problems,
    bound_json,
    caller_problems,
    listed_names,
    names_problems,
    not_ready,
    secret_problems,
    set_secret,
    setting_problems,
    size_problems,
)
from orchestrator.stack.setting_names import plain_secret_problems, unknown_setting_problems


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """What the stack's configuration says.

    `start_empty`: names of stores that may begin empty in place of full ones; `drop_addresses`: hosts and patterns of
    routes that may go with their Workers; `mark`: the platform's, where the state that knew it was lost. `secrets` by
    the name that Workers bind, the program's own too; `router_texts`: plain values that the routing Worker is bound to,
    by that name. `plain` and `secrets_digest`: what `deployment_hash` counts of the settings. `secrets_left_out`: each
    value of a secret is a placeholder, for a preview and nothing else.
    """

    stack: str
    account_id: str
    name_prefix: str
    plan: Plan
    keep_data: bool
    manifest: str
    workers_url: str | None
    start_empty: tuple[str, ...] = ()
    drop_addresses: tuple[str, ...] = ()
    callers: object = field(repr=False)
    alert_urls: object = field(repr=False)
    mark: str | None = None
    secrets: Mapping[str, pulumi.Output[str]]
    router_texts: Mapping[str, str]
    plain: Mapping[str, str]
    secrets_digest: str
    secrets_left_out: bool = False
    custom_domains: bool = True


def read_settings() -> StackSettings:
    """Read the current stack's configuration. Raises SettingsError with a line for each problem."""
    config, stack = pulumi.Config(), pulumi.get_stack()
    refuse_local_state(stack, Path.cwd())
    secrets_left_out = config.get_bool(SECRETS_LEFT_OUT) or False
    if secrets_left_out and not pulumi.runtime.is_dry_run():
        raise SettingsError(
            f"the stack {stack} has placeholders in place of its secrets, so it can be previewed and not updated",
            "update the stack that has them: `deploy` does, from main",
        )
    values = {rule.key: value for rule in RULES if (value := config.get(rule.key))}
    token = os.environ.get("CLOUDFLARE_API_TOKEN") or pulumi.Config("cloudflare").get("apiToken")
    problems = setting_problems(values, stack=stack, has_token=bool(token), made_prefix=_made_prefix)
    account_id = values.get("accountId", "")
    secrets = config.get_object("secrets") or {}
    if not isinstance(secrets, dict) or not all(isinstance(value, str) for value in secrets.values()):
        problems.append(SettingProblem("secrets must be texts by name", set_secret("NAME", stack)))
        secrets = {}
    plan: Plan = "paid" if values.get("plan") == "paid" else "free"
    problems.extend(size_problems(secrets, plan=plan, stack=stack))
    watch = read_watch(config, stack=stack, account_id=account_id)
    problems.extend(watch.problems)
    problems.extend(unknown_setting_problems(_project_keys(), stack=stack))
    for key in NAME_LISTS:
        problems.extend(names_problems(key, config.get(key), stack=stack))
    if problems:
        raise SettingsError(not_ready(stack, problems))
    callers, alert_urls = config.get_object("callers"), config.get_object("alertUrls")
    return StackSettings(
        callers=callers,
        alert_urls=alert_urls,
        stack=stack,
        account_id=account_id,
        name_prefix=values.get("namePrefix", ""),
        plan=plan,
        keep_data=values.get("keepData") != "false",
        custom_domains=values.get("customDomains") != "false",
        manifest=config.get("manifest") or "autopilots.yaml",
        workers_url=values.get("workersUrl"),
        start_empty=listed_names(config.get("startEmpty")),
        drop_addresses=listed_names(config.get("dropAddresses")),
        mark=values.get("mark"),
        secrets={
            **{name: pulumi.Output.secret(value) for name, value in secrets.items()},
            API_TOKEN: config.require_secret("apiToken"),
            WEBHOOK_SECRET: config.require_secret("webhookSecret"),
            CALLER_TOKENS: pulumi.Output.secret(bound_json(callers)),
            ALERT_URLS: pulumi.Output.secret(bound_json(alert_urls)),
            **watch.secrets,
        },
        router_texts=watch.texts,
        plain={key: value for key in SETTINGS if (value := config.get(key))},
        secrets_digest=secrets_digest(
            {**secrets, **{name: value for key, name in SECRETS_BY_CONFIG_KEY.items() if (value := config.get(key))}}
        ),
        secrets_left_out=secrets_left_out,
    )


def _project_keys() -> set[str]:
    """The keys of this project's settings; `pulumi.Config` reads only those whose name is known."""
    prefix = f"{pulumi.get_project()}:"
    keys = {**CONFIG.get(), **get_config_env()}
    return {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}


def _made_prefix() -> str:
    return made_prefix(begin_to_read_state(Path.cwd()).result())


def warn_of_plain_secrets(stack: str, root: Path) -> None:
    """A warning for each secret that stands in plain text in the stack's file, as `doctor` finds it."""
    document = read_stack_file(stack, root)
    for problem in plain_secret_problems(document, project=pulumi.get_project(), stack=stack):
        pulumi.log.warn(str(problem))


def require_secrets(settings: StackSettings, desired: Desired) -> None:
    """Raise SettingsError with a line for each secret of a Worker, and token of a caller, that the stack lacks."""
    if problems := [
        *secret_problems(desired, settings.secrets, stack=settings.stack),
        *caller_problems(desired, settings.callers, plan=settings.plan, stack=settings.stack),
        *alert_problems(desired, settings.alert_urls, stack=settings.stack, name_prefix=settings.name_prefix),
    ]:
        raise SettingsError(not_ready(settings.stack, problems))
