"""What a stack's configuration must say, and the command that puts each thing right.

The rules are applied twice: by the Pulumi program before it declares anything, and by `doctor`, without a preview. No
problem has a value in it, since that could be a secret.

Pure: the configuration is a mapping of texts by key, without what is not set.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.desired.derive import Desired
from orchestrator.desired.resources import SecretBinding
from orchestrator.limits.plans import VARIABLE_SIZE, Plan
from orchestrator.names import LOCAL, PREFIX_PATTERN, PREFIX_RULE
from orchestrator.urls import check_endpoint


@dataclass(frozen=True)
class SettingProblem:
    """What is missing or wrong, and the command that puts it right."""

    what: str
    command: str

    def __str__(self) -> str:
        return f"{self.what}: {self.command}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The value of `key` matches `pattern` as a whole, or else it `fails`; `what` it is, where it must be set."""

    key: str
    pattern: str
    fails: str
    command: str
    what: str = ""


# RFC 6750's b64token. A caller's name may stand before it; `:` cannot be part of a token.
_BEARER = r"(?:[^\s:]{1,64}:)?[A-Za-z0-9._~+/-]{32,512}={0,2}"
TOKENS_PATTERN = f"{_BEARER}( {_BEARER})*"
_CALLERS_TOKENS = r"[A-Za-z0-9._~+/-]{32,512}={0,2}( [A-Za-z0-9._~+/-]{32,512}={0,2})?"
TOKENS_RULE = "tokens of 32 to 512 letters, digits and -._~+/=, with one space between two of them"
_SIGNING = r"whsec_(?=[A-Za-z0-9+/=]{32,88}(?: |$))(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"

RULES = (
    Rule(
        key="accountId",
        what="the Cloudflare account's id",
        pattern="[0-9a-f]{32}",
        fails="is not an account's id (32 hex digits)",
        command="pulumi config set accountId <the 32 hex digits in the dashboard's URL>",
    ),
    Rule(
        key="apiToken",
        what="the bearer token that callers of the orchestrator present",
        pattern=TOKENS_PATTERN,
        fails=f"must be {TOKENS_RULE}",
        command="openssl rand -hex 32 | pulumi config set --secret apiToken",
    ),
    Rule(
        key="webhookSecret",
        what="the Standard Webhooks secret that signs what is forwarded",
        pattern=rf"{_SIGNING}( {_SIGNING})?",
        fails="must be whsec_ and the base64 of 24 to 64 bytes, or two of these with a space between them",
        command='echo "whsec_$(openssl rand -base64 32)" | pulumi config set --secret webhookSecret',
    ),
    Rule(
        key="namePrefix",
        pattern=PREFIX_PATTERN,
        fails=f"must be {PREFIX_RULE}",
        command="pulumi config rm namePrefix",
    ),
    Rule(
        key="mark",
        pattern=r"[0-9a-f]{32}",
        fails="is not a platform's mark (32 hex digits)",
        command="pulumi config rm mark",
    ),
    Rule(key="plan", pattern="free|paid", fails="must be free or paid", command="pulumi config set plan free"),
    Rule(
        key="keepData", pattern="true|false", fails="must be true or false", command="pulumi config set keepData true"
    ),
    Rule(
        key="customDomains",
        pattern="true|false",
        fails="must be true or false",
        command="pulumi config set customDomains true",
    ),
    Rule(
        key="workersUrl",
        pattern=r".*\{worker\}.*",
        fails="must have {worker} where a Worker's name goes",
        command="pulumi config set workersUrl 'https://{worker}.<subdomain>.workers.dev'",
    ),
)

NAME_LISTS = ("startEmpty", "dropAddresses")
"""The settings that are lists of names."""


def setting_problems(
    values: Mapping[str, str], *, stack: str, has_token: bool, made_prefix: Callable[[], str] = str
) -> list[SettingProblem]:
    """A problem for each setting of RULES that is missing or wrong; `has_token`: of Cloudflare's API, from wherever.

    `made_prefix`: looks what the stack's data was made with, so that a wrong prefix is put right to that one.
    """
    problems = [
        SettingProblem(f"{rule.key} is not set ({rule.what})", f"{rule.command} -s {stack}")
        for rule in RULES
        if rule.what and not values.get(rule.key)
    ]
    if not has_token:
        problems.append(
            SettingProblem(
                "the Cloudflare API token is not set (docs/guide/deploying.md, lists its permissions)",
                f"export CLOUDFLARE_API_TOKEN=…, or: pulumi config set --secret cloudflare:apiToken -s {stack}",
            )
        )
    wrong = [rule for rule in RULES if (value := values.get(rule.key)) and not re.fullmatch(rule.pattern, value)]
    commands = {
        rule.key: f"pulumi config {prefix_command(made_prefix())}" if rule.key == "namePrefix" else rule.command
        for rule in wrong
    }
    return problems + [SettingProblem(f"{rule.key} {rule.fails}", f"{commands[rule.key]} -s {stack}") for rule in wrong]


def prefix_command(prefix: str) -> str:
    """What `pulumi config` does to make it the stack's `namePrefix`."""
    return f"set namePrefix {prefix}" if prefix else "rm namePrefix"


def secret_problems(desired: Desired, names: Collection[str], *, stack: str) -> list[SettingProblem]:
    """A problem for each secret that a Worker requires and that is not among `names`, those that the stack has."""
    return [
        SettingProblem(f"secrets.{binding.secret} is not set (Worker {worker.name})", set_secret(binding.secret, stack))
        for worker in desired.workers
        for binding in worker.bindings
        if isinstance(binding, SecretBinding) and not binding.optional and binding.secret not in names
    ]


def caller_problems(desired: Desired, tokens: object, *, plan: Plan, stack: str) -> list[SettingProblem]:
    """A problem for each declared caller without a right token: one, or two while one is replaced.

    `tokens`: the stack's `callers`, by name; None where there are none. Those of nobody that is declared open nothing,
    and stay for when the caller comes back.
    """
    declared = desired.routes.callers
    if not isinstance(tokens, Mapping | None) or not all(isinstance(each, str) for each in (tokens or {}).values()):
        return [SettingProblem("callers must be tokens by name", set_caller("NAME", stack))]
    given: Mapping[str, str] = tokens or {}
    problems = [
        SettingProblem(f"callers.{name} is not set (its token)", set_caller(name, stack))
        for name in sorted(declared.keys() - given.keys())
    ]
    problems += [
        SettingProblem(f"callers.{name} must be {TOKENS_RULE}", set_caller(name, stack))
        for name in sorted(declared.keys() & given.keys())
        if not re.fullmatch(_CALLERS_TOKENS, given[name])
    ]
    if (size := len(bound_json(given).encode())) > (most := VARIABLE_SIZE.of(plan) or size):
        problems.append(
            SettingProblem(f"the callers' tokens have {size:,} bytes, and may have {most:,}", "take shorter ones")
        )
    return problems


def bound_json(texts: object) -> str:
    """What CALLER_TOKENS and ALERT_URLS are bound to: JSON of texts by name, the same for the same; of none `{}`."""
    return json.dumps(dict(texts) if isinstance(texts, Mapping) else {}, sort_keys=True)


def set_caller(name: str, stack: str) -> str:
    """The command that gives a caller a new token."""
    return f"openssl rand -hex 32 | pulumi config set --secret --path callers.{name} -s {stack}"


def alert_problems(desired: Desired, urls: object, *, stack: str, name_prefix: str) -> list[SettingProblem]:
    """A problem for each channel of the file's alerts without a URL that can be called.

    `urls`: the stack's `alertUrls`, by channel; None where there are none. Those that no alert names stay. On the stack
    `local`, and on a stage, which has a prefix, nobody has to be told of anything.
    """
    if not isinstance(urls, Mapping | None) or not all(isinstance(each, str) for each in (urls or {}).values()):
        return [SettingProblem("alertUrls must be URLs by channel", set_alert_url("CHANNEL", stack))]
    given: Mapping[str, str] = urls or {}
    problems = []
    for channel in sorted({each for rule in desired.routes.alerts.values() for each in rule.to}):
        if channel not in given:
            if stack != LOCAL and not name_prefix:
                problems.append(SettingProblem(f"alertUrls.{channel} is not set", set_alert_url(channel, stack)))
        elif refusal := check_endpoint(given[channel], allow_loopback_http=stack == LOCAL):
            why = f"alertUrls.{channel} cannot be called: {refusal.message}"
            problems.append(SettingProblem(why, set_alert_url(channel, stack)))
    return problems


def set_alert_url(channel: str, stack: str) -> str:
    """The command that gives a channel of alerts its URL."""
    return f"pulumi config set --secret --path alertUrls.{channel} https://… -s {stack}"


def size_problems(secrets: Mapping[str, str], *, plan: Plan, stack: str) -> list[SettingProblem]:
    """A problem for each value that is empty, or larger than Cloudflare takes; `secrets`: the Workers' own, by name."""
    most = VARIABLE_SIZE.of(plan) or 0
    problems = [
        SettingProblem(f"secrets.{name} is empty", set_secret(name, stack))
        for name, value in sorted(secrets.items())
        if not value
    ]
    return problems + [
        SettingProblem(
            f"secrets.{name} has {size:,} bytes, and a secret may have {most:,}",
            f"keep what is larger in KV or R2, and set a shorter one: {set_secret(name, stack)}",
        )
        for name, value in sorted(secrets.items())
        if (size := len(value.encode())) > most
    ]


def set_secret(name: str, stack: str) -> str:
    """The command that sets a Worker's secret."""
    return f"pulumi config set --secret --path secrets.{name} -s {stack}"


def names_problems(key: str, text: str | None, *, stack: str) -> list[SettingProblem]:
    """A problem where `text`, as the configuration has it under `key`, is no list of names."""
    listed = _listed(text)
    if text is None or (listed is not None and all(isinstance(each, str | int) for each in listed)):
        return []
    return [SettingProblem(f"{key} must be a list of names", f"pulumi config rm {key} -s {stack}")]


def listed_names(text: str | None) -> tuple[str, ...]:
    """The names in it; Pulumi keeps `123` and `true` as what they look like."""
    listed = _listed(text) or []
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in listed)


def _listed(text: str | None) -> list[Any] | None:
    try:
        value = json.loads(text or "[]")
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def start_empty_command(names: Sequence[str], already: Sequence[str], stack: str) -> str:
    """What lets these stores begin empty; `already`: what the configuration lists."""
    return _append_command("startEmpty", names, already, stack)


def drop_addresses_command(names: Sequence[str], already: Sequence[str], stack: str) -> str:
    """What lets these hosts and routes go with their Workers; `already`: what the configuration lists."""
    return _append_command("dropAddresses", names, already, stack)


def _append_command(key: str, names: Sequence[str], already: Sequence[str], stack: str) -> str:
    told = [f"{key}[{len(already) + number}]={name}" for number, name in enumerate(names)]
    return f"pulumi config set-all --path {' '.join(f'--plaintext {shlex.quote(each)}' for each in told)} -s {stack}"


def not_ready(stack: str, problems: Sequence[SettingProblem]) -> str:
    """The problems as one message."""
    return "\n".join([f"the stack {stack} is not ready:", *(f"  - {problem}" for problem in problems)])
