"""boto3 on the local Cloudflare's S3 API."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import Any

from tests.support.local_cloudflare import LocalCloudflare

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import boto3
    from botocore.config import Config


@dataclass(frozen=True, kw_only=True)
class S3Keys:
    id: str
    secret: str


def keys_of(server: LocalCloudflare) -> S3Keys:
    """Of the main token, as R2's page says: its id, which `verify` tells, and the SHA-256 of its value."""
    id = server.call("GET", "/tokens/verify").json()["result"]["id"]
    return S3Keys(id=id, secret=hashlib.sha256(server.token.encode()).hexdigest())


def s3_client(server: LocalCloudflare, keys: S3Keys, *, jurisdiction: str = "default", **options: Any) -> Any:
    """A client of one of the account's endpoints; `options` as below."""
    return s3_client_at(f"{server.s3_url}{'' if jurisdiction == 'default' else f'.{jurisdiction}'}", keys, **options)


def s3_client_at(url: str, keys: S3Keys, *, region: str = "auto", config: Config | None = None) -> Any:
    """A client that tries once."""
    plain = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=keys.id,
        aws_secret_access_key=keys.secret,
        region_name=region,
        config=plain.merge(config) if config else plain,
    )
