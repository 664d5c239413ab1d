"""What opens R2's S3 API: its address and the keys of an R2 token, from the environment or a stack's configuration.

Touches the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.cloudflare.s3_signature import S3Keys
from orchestrator.errors import SettingsError
from orchestrator.names import PUBLIC_API_URL

ENDPOINT = "https://{account_id}.r2.cloudflarestorage.com"


@dataclass(frozen=True, kw_only=True)
class R2Settings:
    """`keys`: of the R2 token that was given, None for those of the API token itself, of which `token_sha256` is one.
    `endpoint`: the S3 API of the account, None where it is not known. `options`: as S3 takes them."""

    token_sha256: str = field(repr=False)
    keys: S3Keys | None = None
    endpoint: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def endpoint_of(account_id: str, base_url: str) -> str | None:
    """R2's own address; R2_ENDPOINT_URL where it is set; None where the API is somewhere else and nobody says."""
    own = ENDPOINT.format(account_id=account_id) if base_url == PUBLIC_API_URL else None
    return os.environ.get("R2_ENDPOINT_URL") or own


def keys_of_environment() -> S3Keys | None:
    """R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY. Raises SettingsError where only one is set."""
    names = ("R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY")
    id, secret = (os.environ.get(name) for name in names)
    if id and secret:
        return S3Keys(id=id, secret=secret)
    if id or secret:
        there, missing = names if id else names[::-1]
        raise SettingsError(f"{there} is set, and {missing} is not", "export both, or none")
    return None


def keys_of_config(stack: str, own: Mapping[str, Mapping[str, Any]]) -> S3Keys | None:
    """The keys in a stack's configuration. Raises SettingsError where only one is set, or the secret one is plain."""
    id, secret = own.get("r2AccessKeyId", {}), own.get("r2SecretAccessKey", {})
    if not id.get("value") and not secret.get("value"):
        return None
    if not id.get("value") or not secret.get("value"):
        missing = "--secret r2SecretAccessKey" if id.get("value") else "r2AccessKeyId"
        raise SettingsError(
            f"the stack {stack} has one of r2AccessKeyId and r2SecretAccessKey without the other",
            f"pulumi config set {missing} -s {stack}",
        )
    if not secret.get("secret"):
        raise SettingsError(
            f"r2SecretAccessKey of the stack {stack} is not encrypted",
            f"pulumi config set --secret r2SecretAccessKey -s {stack}, and make a new R2 token if the file was shared",
        )
    return S3Keys(id=str(id["value"]), secret=str(secret["value"]))
