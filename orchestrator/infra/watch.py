"""What lets the routing Worker watch over its account: optional, so each part is bound only where it is configured.

Tokens to diagnose and to read the day's use with, where a heal is asked for, where alerts go, and how long the journal
is kept; what they must say is in `orchestrator.stack.watch_rules`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

import pulumi

from orchestrator.desired.bindings import SECRETS_BY_CONFIG_KEY, router_texts
from orchestrator.names import HEAL
from orchestrator.stack.rules import SettingProblem
from orchestrator.stack.watch_rules import TOKEN_KEYS, WATCH_KEYS, parse_heal, watch_problems


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is bound to the routing Worker, by the names of the bindings; `problems`: what is wrong with it."""

    secrets: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    problems: tuple[SettingProblem, ...] = ()


def read_watch(config: pulumi.Config, *, stack: str, account_id: str) -> Watch:
    """Read it from the stack's configuration; nothing of it needs to be there."""
    values = {key: value for key in WATCH_KEYS if (value := config.get(key)) is not None}
    if problems := watch_problems(values, stack=stack):
        return Watch(problems=tuple(problems))
    secrets = {
        SECRETS_BY_CONFIG_KEY[key]: pulumi.Output.secret(values[key])
        for key in (*TOKEN_KEYS, "alertUrl")
        if key in values
    }
    if "heal" in values:
        secrets[HEAL] = pulumi.Output.secret(json.dumps(parse_heal(values["heal"]), sort_keys=True))
    texts = router_texts(
        account_id=account_id,
        secrets=secrets.keys(),
        api_url=os.environ.get("CLOUDFLARE_BASE_URL") or pulumi.Config("cloudflare").get("baseUrl"),
        journal_days=values.get("journalDays"),
    )
    return Watch(secrets=secrets, texts=texts)
