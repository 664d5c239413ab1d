"""What the local stack gives the routing Worker to watch over its account: a token that reads it, and where to ask for
a heal. On a real account a person sets both (docs/guide/drift-and-heal.md)."""

from __future__ import annotations

import json
import shlex
import sys

import httpx

from local_cloudflare.settings import Settings
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.survey import verify_token
from orchestrator.errors import CloudflareError, OrchestratorError
from orchestrator.kinds import Kind

HEAL_COMMAND = shlex.join([sys.executable, "-m", "scripts.heal"])
# As docs/guide/drift-and-heal.md says for a real account: reading is enough to diagnose.
_PERMISSIONS = (
    "Workers Scripts Read",
    "Workers KV Storage Read",
    "Workers R2 Storage Read",
    "D1 Read",
    "Account Settings Read",
)


def watch_secrets(cloudflare: Settings, known: str | None) -> dict[str, str]:
    """The stack's secrets `heal` and `diagnoseToken`; the token `known`, as long as the account takes it."""
    api = cloudflare.base_url.removesuffix("/client/v4")
    heal = {"url": f"{api}/_local/heal", "token": cloudflare.heal_token}
    return {
        "heal": json.dumps(heal),
        "diagnoseToken": known if known and _is_valid(cloudflare, known) else _mint(cloudflare),
    }


def _is_valid(cloudflare: Settings, token: str) -> bool:
    with Account(account_id=cloudflare.account_id, token=token, base_url=cloudflare.base_url) as account:
        try:
            account.names(Kind.D1_DATABASE)  # a token that an older checkout made may not read them
            return verify_token(account).status == "active"
        except CloudflareError:
            return False


def _mint(cloudflare: Settings) -> str:
    url = f"{cloudflare.base_url.removesuffix('/client/v4')}/_local/tokens"
    wanted = {"name": "diagnosis", "permissions": _PERMISSIONS}
    answer = httpx.post(url, json=wanted, headers={"Authorization": f"Bearer {cloudflare.api_token}"})
    if not answer.is_success:
        raise OrchestratorError(
            f"the local Cloudflare gave no token for diagnosis: {answer.text}", "run `make up` again"
        )
    return str(answer.json()["value"])
