"""Whether the R2 token that was given, by its S3 keys, opens the account's buckets, and what is wrong where not.

A token may be for some buckets only, so one that can be read is enough. Touches the network by the Account that it is
given, and changes nothing; no key is told.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

import httpx

from orchestrator.checks.check import Check
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.r2_access import open_s3
from orchestrator.cloudflare.s3 import PASSING
from orchestrator.errors import CloudflareError

NAME = "R2 token"
_MOST = 20
_ANY_BUCKET = "orchestrator-doctor"  # which need not be there: R2 looks at the keys first
_NEW = "make a new R2 token (dashboard: R2, Manage API tokens; Object Read & Write), and set both of its S3 keys"


def r2_token_check(account: Account, buckets: Collection[str]) -> Check:
    """`buckets`: those of the account, outside of jurisdictions."""
    read: list[str] = []
    tried = sorted(buckets)[:_MOST] or [_ANY_BUCKET]
    for bucket in tried:
        try:
            if (s3 := open_s3(account, bucket, "default")) is None:
                return Check(name=NAME, state="unknown", detail="not checked: R2's address is not known")
            with closing(s3):
                read.append(bucket)
        except CloudflareError as refused:
            if (found := _refusal(refused)) is not None:
                return found
    if read:
        return Check(name=NAME, state="ok", detail=f"valid: reads {len(read)} of {len(tried)} buckets")
    if not buckets:
        return Check(name=NAME, state="ok", detail="valid; there is no bucket yet")
    return Check(name=NAME, state="problem", detail=f"valid, and may read none of {', '.join(tried)}", fix=_NEW)


def _refusal(refused: CloudflareError) -> Check | None:
    """What a refusal says of the keys; None where it is of the bucket alone."""
    if refused.status in PASSING:
        return Check(name=NAME, state="unknown", detail=refused.message)
    if refused.status == httpx.codes.UNAUTHORIZED:
        return Check(name=NAME, state="problem", detail="R2 knows no token with this access key id", fix=_NEW)
    if "[SignatureDoesNotMatch]" in refused.message:
        detail = "the secret access key is not the one of this access key id"
        return Check(name=NAME, state="problem", detail=detail, fix=_NEW)
    if refused.status == httpx.codes.BAD_REQUEST:
        return Check(name=NAME, state="problem", detail=refused.message, fix=_NEW)
    return None
