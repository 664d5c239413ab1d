"""Standard Webhooks signatures (https://www.standardwebhooks.com): the twin of `router/src/forward/signature.ts`.

Pure. An autopilot refuses a call that is not signed with the stack's secret, so what Python forwards is signed like
what the routing Worker forwards. While a secret is being replaced there are two, and a message is signed with each.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"


def signature_headers(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers that sign `body`; `timestamp` is in seconds. Raises ValueError like `key_of`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def key_of(secret: str) -> bytes:
    """The bytes of a secret `whsec_<base64>`. Raises ValueError, without the secret in it, for anything else."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or not key:
        raise ValueError("not a Standard Webhooks secret `whsec_<base64>`")
    return key
