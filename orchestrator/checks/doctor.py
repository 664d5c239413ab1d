"""Preflight: everything that `pulumi up` will need, looked at before it is needed, each problem with its fix.

Touches what it asks: the tools, Pulumi's state backend, and the account, which is asked only once the stack says which
one it is. Changes nothing. What could not be asked (offline, or since something before it is missing) is a finding of
its own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.checks.account import account_checks
from orchestrator.checks.check import Check
from orchestrator.checks.r2_token import NAME as R2_TOKEN
from orchestrator.checks.r2_token import r2_token_check
from orchestrator.checks.stack import Config, plain_secrets_checks, secrets_checks, settings_checks
from orchestrator.checks.tools import tool_checks
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.r2_settings import keys_of_config, keys_of_environment
from orchestrator.cloudflare.survey import take_survey
from orchestrator.desired.derive import derive
from orchestrator.errors import CloudflareError, ManifestError, OrchestratorError, SettingsError
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.names import PREFIX_PATTERN, PUBLIC_API_URL
from orchestrator.stack.config import (
    read_config,
    read_project_name,
    read_stack_file,
    read_stack_name,
    refuse_local_state,
    run_pulumi,
)
from orchestrator.stack.moved import made_prefix
from orchestrator.stack.state import exported_state

_TIMEOUT_S = 10
# What Pulumi says when nobody answered, as opposed to a refusal.
_NO_ANSWER = re.compile(r"no such host|dial tcp|connection refused|i/o timeout|unreachable|deadline exceeded", re.I)
_OF_THE_STACK = ("settings", "secrets")


def examine(stack: str | None, root: Path) -> list[Check]:
    """All checks for `stack` (None: the one that is selected) of the project in `root`, in the order they build up."""
    tools = tool_checks(root)
    if any(check.name == "Pulumi" and check.state != "ok" for check in tools):
        return [*tools, *_unchecked("Pulumi is missing", "state backend", "stack", *_OF_THE_STACK), *_account()]
    backend = _backend(root)
    if backend.state != "ok":
        return [*tools, backend, *_unchecked("the state backend does not answer", "stack", *_OF_THE_STACK), *_account()]
    try:
        name = read_stack_name(stack, root)
        refuse_local_state(name, root)
        config = read_config(name, root)
    except OrchestratorError as error:
        found = Check(name="stack", state="problem", detail=error.message, fix=error.hint or _fix(error.message, stack))
        return [*tools, backend, found, *_unchecked("there is no stack", *_OF_THE_STACK), *_account()]
    return [*tools, backend, Check(name="stack", state="ok", detail=name), *_check_configured(name, config, root)]


def _fix(words: str, stack: str | None) -> str:
    """What to do where the configuration could not be read; `words`: Pulumi's."""
    if re.search(r"no stack named|no previous (deployment|stack)|not find stack", words):
        return f"make it: pulumi stack init {stack or 'prod'}"
    if "passphrase" in words:
        return (
            "export PULUMI_CONFIG_PASSPHRASE=<the one that the stack was made with>, or PULUMI_CONFIG_PASSPHRASE_FILE"
        )
    return ""


def _check_configured(stack: str, config: Config, root: Path) -> list[Check]:
    project = read_project_name(root)
    own = _own(config, project)
    has_token = bool(_token(config))
    settings = settings_checks(own, stack=stack, has_token=has_token, made_prefix=lambda: _made_prefix(stack, root))
    plain = plain_secrets_checks(read_stack_file(stack, root), project=project, stack=stack)
    return [
        *([] if plain and settings[0].state == "ok" else settings),
        *plain,
        *_manifest_and_secrets(own, stack, root),
        *_account(config, own, stack, queues=_has_queues(own, root)),
    ]


def _made_prefix(stack: str, root: Path) -> str:
    """What the stack's data was made with; nothing where its state cannot be read."""
    exported = run_pulumi(["stack", "export", "--stack", stack], root, check=False)
    return made_prefix(exported_state(exported.output)) if exported.code == 0 else ""


def _backend(root: Path) -> Check:
    """Where Pulumi keeps its state, and whether it answers."""
    finished = run_pulumi(["whoami", "--verbose", "--json", "--non-interactive"], root, check=False)
    if finished.code == 0:
        who = json.loads(finished.output)
        return Check(name="state backend", state="ok", detail=f"{who['url']}, as {who['user']}")
    words = (finished.errors or finished.output).strip().removeprefix("error: ")
    if _NO_ANSWER.search(words):
        return Check(name="state backend", state="unknown", detail=f"no answer: {words}")
    return Check(name="state backend", state="problem", detail=words, fix="docs/state.md says how to log in")


def _manifest_and_secrets(own: Config, stack: str, root: Path) -> list[Check]:
    file = _text(own, "manifest") or DEFAULT_FILE
    try:
        desired = derive(load(root / file, project=root), name_prefix=_prefix(own), stage=stack)
    except SettingsError as error:
        found = Check(name=file, state="problem", detail=error.message, fix=error.hint)
        return [found, *_unchecked("the names are not valid", "secrets")]
    except ManifestError as error:
        detail = f"{len(error.issues)} mistakes, the first in line {error.issues[0].line}: {error.issues[0].message}"
        found = Check(name=file, state="problem", detail=detail, fix=f"python -m orchestrator validate {file}")
        return [found, *_unchecked(f"{file} is not right", "secrets")]
    return [Check(name=file, state="ok", detail="right"), *secrets_checks(own, desired, stack=stack)]


def _has_queues(own: Config, root: Path) -> bool:
    """Whether the file has a task that is done later; not where it cannot be read, which is told of the file."""
    try:
        return load(root / (_text(own, "manifest") or DEFAULT_FILE)).does_later
    except ManifestError:
        return False


def _account(
    config: Config | None = None, own: Config | None = None, stack: str = "", *, queues: bool = False
) -> list[Check]:
    """What the account says; without a stack, the account that the environment names. `queues`: whether the file has
    any, which take a permission of their own."""
    account_id = _text(own or {}, "accountId") or os.environ.get("CLOUDFLARE_ACCOUNT_ID")
    if not account_id or not _token(config or {}):
        return _unchecked("the account's id or the Cloudflare API token is not set", "token", "account")
    token, url = (_text(config or {}, f"cloudflare:{key}") for key in ("apiToken", "baseUrl"))
    try:
        keys = keys_of_environment() or keys_of_config(stack, own or {})
    except SettingsError as error:
        found = Check(name=R2_TOKEN, state="problem", detail=error.message, fix=error.hint)
        return [found, *_unchecked("the R2 token is not right", "token", "account")]
    try:
        account = Account.from_environment(account_id, token, base_url=url, r2_keys=keys, timeout=_TIMEOUT_S)
    except SettingsError as error:
        found = Check(name="token", state="problem", detail=error.message, fix=error.hint)
        return [found, *_unchecked("the token is not right", "account")]
    with account:
        where = (
            account.host if account.host in PUBLIC_API_URL else f"{account.host} (CLOUDFLARE_BASE_URL), not Cloudflare"
        )
        survey = take_survey(account, queues=queues)
        checks = [Check(name="API", state="ok", detail=where), *account_checks(survey)]
        if keys is not None and not isinstance(survey.r2, CloudflareError):
            checks.append(r2_token_check(account, survey.r2))
        return checks


def _prefix(own: Config) -> str:
    """The prefix of names; none where it is not valid, which is told among the settings."""
    prefix = _text(own, "namePrefix")
    return prefix if re.fullmatch(PREFIX_PATTERN, prefix) else ""


def _own(config: Config, project: str) -> dict[str, Mapping[str, Any]]:
    """The project's own part of a configuration, by key."""
    return {key.removeprefix(f"{project}:"): entry for key, entry in config.items() if key.startswith(f"{project}:")}


def _token(config: Config) -> str:
    """The API token, where the provider looks for it."""
    return _text(config, "cloudflare:apiToken") or os.environ.get("CLOUDFLARE_API_TOKEN", "")


def _text(config: Config, key: str) -> str:
    return str(config.get(key, {}).get("value") or "")


def _unchecked(why: str, *names: str) -> list[Check]:
    return [Check(name=name, state="unknown", detail=f"not checked: {why}") for name in names]
