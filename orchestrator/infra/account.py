"""The stack's account, for what the program must read before it declares anything."""

from __future__ import annotations

import pulumi

from orchestrator.cloudflare.account import Account
from orchestrator.infra.settings import StackSettings


def stack_account(settings: StackSettings, *, timeout: float = 30) -> Account:
    """The account that the provider works on, with the provider's token; `timeout`: seconds to wait for an answer."""
    return Account.from_environment(settings.account_id, pulumi.Config("cloudflare").get("apiToken"), timeout=timeout)
