"""A model of Workers AI, asked over the account's API. It costs neurons, so nothing is asked twice.

Touches the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.cloudflare.calls import AccountCalls

_SECONDS = 60


def run_model(account: AccountCalls, model: str, inputs: Mapping[str, Any]) -> Any:
    """The model's answer, as it gave it. Raises CloudflareError where there is none; a 429 (the day's neurons are
    spent, or there is no room) is not waited out."""
    return account.result("POST", f"/ai/run/{model}", json=dict(inputs), waits=False, timeout=_SECONDS)
