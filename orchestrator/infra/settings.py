"""The stack's configuration (Pulumi.<stack>.yaml), checked as a whole.

Everything that is missing or wrong is reported at once, a line each with the command that puts it right, so that
`pulumi preview` on a new stack is a to-do list. Secrets are wrapped as Pulumi secrets when they are read and are never
part of a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import pulumi

from orchestrator.desired import Desired
from orchestrator.errors import SettingsError
from orchestrator.limits import Plan
from orchestrator.names import API_TOKEN, PREFIX_PATTERN, PREFIX_RULE, WEBHOOK_SECRET
from orchestrator.resources import SecretBinding

_SET = {
    "accountId": "pulumi config set accountId <the 32 hex digits in the dashboard's URL>",
    "apiToken": "openssl rand -hex 32 | pulumi config set --secret apiToken",
    "webhookSecret": 'echo "whsec_$(openssl rand -base64 32)" | pulumi config set --secret webhookSecret',
}
_WHAT = {
    "accountId": "the Cloudflare account's id",
    "apiToken": "the bearer token that callers of the orchestrator present",
    "webhookSecret": "the Standard Webhooks secret that signs what is forwarded",
}


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """What the stack's configuration says; `secrets` by the name that Workers bind, the program's own too."""

    stack: str
    account_id: str
    name_prefix: str
    plan: Plan
    keep_data: bool
    manifest: str
    workers_url: str | None
    secrets: Mapping[str, pulumi.Output[str]]


def read_settings() -> StackSettings:
    """Read the current stack's configuration. Raises SettingsError with a line for each problem."""
    config, stack, problems = pulumi.Config(), pulumi.get_stack(), []

    for key in ("accountId", "apiToken", "webhookSecret"):
        if not config.get(key):
            problems.append(f"{key} is not set ({_WHAT[key]}): {_SET[key]} -s {stack}")
    account_id = config.get("accountId") or ""
    if account_id and not re.fullmatch(r"[0-9a-f]{32}", account_id):
        problems.append(f"accountId is not an account's id (32 hex digits): {_SET['accountId']} -s {stack}")
    if (config.get("webhookSecret") or "whsec_").strip()[:6] != "whsec_":
        problems.append(f"webhookSecret does not begin with whsec_: {_SET['webhookSecret']} -s {stack}")
    if not os.environ.get("CLOUDFLARE_API_TOKEN") and not pulumi.Config("cloudflare").get("apiToken"):
        problems.append(
            "the Cloudflare API token is not set (README, “Deploy to a real account”, lists its permissions): "
            f"export CLOUDFLARE_API_TOKEN=…, or: pulumi config set --secret cloudflare:apiToken -s {stack}"
        )
    prefix = config.get("namePrefix") or ""
    if prefix and not re.fullmatch(PREFIX_PATTERN, prefix):
        problems.append(f"namePrefix must be {PREFIX_RULE}: pulumi config set namePrefix pr-7- -s {stack}")
    plan = config.get("plan") or "free"
    if plan not in get_args(Plan):
        problems.append(f"plan is {plan!r}, and must be free or paid: pulumi config set plan free -s {stack}")
    keep_data = config.get("keepData") or "true"
    if keep_data not in ("true", "false"):
        problems.append(f"keepData is {keep_data!r}, not true or false: pulumi config set keepData true -s {stack}")
    workers_url = config.get("workersUrl")
    if workers_url and "{worker}" not in workers_url:
        problems.append(
            "workersUrl must have {worker} where a Worker's name goes: "
            f"pulumi config set workersUrl 'https://{{worker}}.<subdomain>.workers.dev' -s {stack}"
        )
    secrets = config.get_object("secrets") or {}
    if not isinstance(secrets, dict) or not all(isinstance(value, str) for value in secrets.values()):
        problems.append(f"secrets must be texts by name: pulumi config set --secret --path secrets.NAME -s {stack}")
        secrets = {}
    if problems:
        raise SettingsError(_list(f"the stack {stack} is not ready", problems))
    return StackSettings(
        stack=stack,
        account_id=account_id,
        name_prefix=prefix,
        plan="paid" if plan == "paid" else "free",
        keep_data=keep_data == "true",
        manifest=config.get("manifest") or "autopilots.yaml",
        workers_url=workers_url,
        secrets={
            **{name: pulumi.Output.secret(value) for name, value in secrets.items()},
            API_TOKEN: config.require_secret("apiToken"),
            WEBHOOK_SECRET: config.require_secret("webhookSecret"),
        },
    )


def require_secrets(settings: StackSettings, desired: Desired) -> None:
    """Raise SettingsError with a line for each required secret of a Worker that the stack does not have."""
    problems = [
        f"secrets.{binding.secret} is not set (Worker {worker.name}): "
        f"pulumi config set --secret --path secrets.{binding.secret} -s {settings.stack}"
        for worker in desired.workers
        for binding in worker.bindings
        if isinstance(binding, SecretBinding) and not binding.optional and binding.secret not in settings.secrets
    ]
    if problems:
        raise SettingsError(_list(f"the stack {settings.stack} is not ready", problems))


def _list(title: str, problems: list[str]) -> str:
    return "\n".join([f"{title}:", *(f"  - {problem}" for problem in problems)])
