"""Who and what the account is, in the shapes that clients ask for. There is one account and one user."""

from __future__ import annotations

from typing import Any

from local_cloudflare.api.auth import Token
from local_cloudflare.api.cloud import Cloud

NAME = "Local Cloudflare"
_EMAIL = "local@example.com"
_SINCE = "2026-01-01T00:00:00Z"


def account(cloud: Cloud) -> dict[str, Any]:
    return {
        "id": cloud.account_id,
        "name": NAME,
        "type": "standard",
        "settings": {"enforce_twofactor": False, "abuse_contact_email": None},
        "created_on": _SINCE,
    }


def membership(cloud: Cloud) -> dict[str, Any]:
    return {
        "id": f"membership-{cloud.account_id}"[:32],
        "code": "",
        "status": "accepted",
        "account": account(cloud),
        "roles": ["Super Administrator - All Privileges"],
        "permissions": {},
    }


def user() -> dict[str, Any]:
    return {
        "id": "0" * 32,
        "email": _EMAIL,
        "username": "local",
        "first_name": None,
        "last_name": None,
        "suspended": False,
        "two_factor_authentication_enabled": False,
        "created_on": _SINCE,
        "modified_on": _SINCE,
    }


def verification(token: Token) -> dict[str, Any]:
    return {"id": token.id, "status": token.status}
