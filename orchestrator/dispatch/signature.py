"""Standard Webhooks signatures (https://www.standardwebhooks.com): the twin of `packages/worker-kit/signature.ts`.

Pure. An autopilot refuses a call that is not signed with its own secret, so what Python forwards is signed like what
the routing Worker forwards. While a secret is being replaced there are two, and a message is signed with each.

Each autopilot has a secret of its own, made of the stack's `webhookSecret` and its name: who can verify the tasks of
one autopilot can forge none for another.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64  # as Standard Webhooks has it


def signature_headers(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers that sign `body`; `timestamp` is in seconds. Raises ValueError like `key_of`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def secret_of(root: str, autopilot: str) -> str:
    """The secret of one autopilot, of the stack's: HKDF-SHA-256 (RFC 5869) of its bytes, without salt, the name as
    info, 32 bytes. Raises ValueError like `key_of`."""
    extracted = hmac.digest(bytes(32), key_of(root), "sha256")
    expanded = hmac.digest(extracted, autopilot.encode() + b"\x01", "sha256")
    return _PREFIX + base64.b64encode(expanded).decode()


def secrets_of(roots: str, autopilots: Sequence[str]) -> str:
    """The secrets of `autopilots` for each of the stack's, which have a space between them, and so do these."""
    return " ".join(secret_of(root, autopilot) for root in roots.split() for autopilot in autopilots)


def key_of(secret: str) -> bytes:
    """The bytes of a secret: `whsec_` and the base64 of 24 to 64 bytes. Raises ValueError, which does not show the
    secret, for anything else."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        rule = f"whsec_ and the base64 of {_LEAST_BYTES} to {_MOST_BYTES} bytes"
        raise ValueError(f"not a Standard Webhooks secret ({rule})")
    return key
