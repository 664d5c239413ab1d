"""What the local stack gives the routing Worker to watch over its account: tokens that read it and its analytics, and
where to ask for a heal. On a real account a person sets them (docs/guide/drift-and-heal.md)."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable

import httpx

from local_cloudflare.settings import Settings
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.survey import verify_token
from orchestrator.errors import CloudflareError, OrchestratorError
from orchestrator.kinds import Kind

HEAL_COMMAND = shlex.join([sys.executable, "-m", "scripts.heal"])
# As docs/guide/drift-and-heal.md says for a real account: reading is enough.
_PERMISSIONS = {
    "diagnoseToken": (
        "Workers Scripts Read",
        "Workers KV Storage Read",
        "Workers R2 Storage Read",
        "D1 Read",
        "Account Settings Read",
    ),
    "analyticsToken": ("Account Analytics Read",),
}


def watch_secrets(cloudflare: Settings, known: Callable[[str], str | None]) -> dict[str, str]:
    """The stack's secrets `heal` and those with tokens; each token that is `known`, as long as the account takes it."""
    api = cloudflare.base_url.removesuffix("/client/v4")
    url = f"{api}/_local/heal"
    heal = {"url": url, "statusUrl": url, "token": cloudflare.heal_token}
    return {
        "heal": json.dumps(heal),
        **{
            key: token if (token := known(key)) and _is_valid(cloudflare, key, token) else _mint(cloudflare, key)
            for key in _PERMISSIONS
        },
    }


def _is_valid(cloudflare: Settings, key: str, token: str) -> bool:
    with Account(account_id=cloudflare.account_id, token=token, base_url=cloudflare.base_url) as account:
        try:
            if key == "diagnoseToken":
                account.names(Kind.D1_DATABASE)  # a token that an older checkout made may not read them
            return verify_token(account).status == "active"
        except CloudflareError:
            return False


def _mint(cloudflare: Settings, key: str) -> str:
    url = f"{cloudflare.base_url.removesuffix('/client/v4')}/_local/tokens"
    wanted = {"name": key, "permissions": _PERMISSIONS[key]}
    answer = httpx.post(url, json=wanted, headers={"Authorization": f"Bearer {cloudflare.api_token}"})
    if not answer.is_success:
        raise OrchestratorError(f"the local Cloudflare gave no {key}: {answer.text}", "run `make up` again")
    return str(answer.json()["value"])
