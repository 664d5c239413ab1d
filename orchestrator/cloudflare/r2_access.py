"""R2's S3 API of an account, opened for one bucket.

An R2 token's keys are its id and the SHA-256 of its value (R2's page "Authentication"), so an API token that may use R2
has them too. Touches the network.
"""

from __future__ import annotations

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.s3 import S3
from orchestrator.cloudflare.s3_signature import S3Keys
from orchestrator.cloudflare.survey import verify_token
from orchestrator.errors import CloudflareError

_REFUSED = (400, 401, 403)


def open_s3(account: Account, bucket: str, jurisdiction: str) -> S3 | None:
    """The S3 API for one bucket; close it. None where it cannot be had: no address, or R2 refuses the API token.

    Keys that were given must do: CloudflareError where they do not.
    """
    settings = account.r2
    if settings.endpoint is None:
        return None
    keys = settings.keys or S3Keys(id=verify_token(account).id, secret=settings.token_sha256)
    end = "" if jurisdiction == "default" else f".{jurisdiction}"
    endpoint = settings.endpoint.replace(account.account_id, f"{account.account_id}{end}")
    s3 = S3(endpoint=endpoint, bucket=bucket, keys=keys, **settings.options)
    try:
        s3.check()
    except CloudflareError as refused:
        s3.close()
        if settings.keys is None and refused.status in _REFUSED:
            return None
        raise
    return s3
