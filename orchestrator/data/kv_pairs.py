"""A pair of a KV namespace as a line of a backup has it, and a namespace to try a restore on.

Pure. Cloudflare's limits: https://developers.cloudflare.com/kv/platform/limits/.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.data.d1.values import Row, Sum
from orchestrator.errors import UserError

Pair = dict[str, Any]
"""As Cloudflare's bulk upload takes it: `{key, value, base64?, metadata?, expiration?}`."""

_KEY_BYTES = 512
_METADATA_BYTES = 1024
_VALUE_BYTES = 25 * 2**20
_NO_KEYS = ("", ".", "..")


def pair_of(key: Mapping[str, Any], value: bytes) -> Pair:
    """Of a key as it is listed, `{name, metadata?, expiration?}`, and its value."""
    try:
        written: Pair = {"value": value.decode()}
    except UnicodeDecodeError:
        written = {"value": base64.b64encode(value).decode(), "base64": True}
    about = {name: key[name] for name in ("metadata", "expiration") if key.get(name) is not None}
    return {"key": key["name"], **written, **about}


def value_of(pair: Mapping[str, Any]) -> bytes:
    return base64.b64decode(pair["value"]) if pair.get("base64") else str(pair["value"]).encode()


def row_of(pair: Mapping[str, Any]) -> Row:
    """For a sum: the same for two pairs that are the same."""
    return (json.dumps(pair, sort_keys=True).encode(),)


class ScratchNamespace:
    """Takes and refuses what Cloudflare does, and keeps the sum of it."""

    def __init__(self) -> None:
        self.sum = Sum()

    def put(self, pairs: Sequence[Pair]) -> None:
        """Write them, as they arrive over the API. Raises UserError for one that would be refused."""
        for sent in json.loads(json.dumps(pairs)):
            value = value_of(sent)
            key = {"name": sent["key"], "metadata": sent.get("metadata"), "expiration": sent.get("expiration")}
            if reason := _refusal(key, value):
                raise UserError(
                    f"the key {sent['key']!r} could not come back: {reason}", "delete it, then run it again"
                )
            self.sum.add(row_of(pair_of(key, value)))


def _refusal(key: Mapping[str, Any], value: bytes) -> str:
    metadata = json.dumps(key["metadata"], separators=(",", ":"), ensure_ascii=False).encode()
    if key["name"] in _NO_KEYS or len(key["name"].encode()) > _KEY_BYTES:
        return f"a key has 1 to {_KEY_BYTES} bytes, and is not . or .."
    if len(value) > _VALUE_BYTES:
        return f"its value has {len(value):,} bytes; {_VALUE_BYTES:,} are the most"
    if len(metadata) > _METADATA_BYTES:
        return f"its metadata has {len(metadata):,} bytes; {_METADATA_BYTES:,} are the most"
    return ""
