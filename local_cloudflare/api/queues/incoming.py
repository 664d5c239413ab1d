"""What producers send, from its three forms: a Worker's binding (one message, a batch), and the REST API. Pure.

The limits are those that Cloudflare documents: 128 KB a message, 100 messages and 256 KB a batch, 12 hours of delay.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from local_cloudflare.api.queues import errors
from local_cloudflare.api.queues.messages import CONTENT_TYPES, ContentType, Incoming
from local_cloudflare.api.queues.settings import TWELVE_HOURS_S

MESSAGE_BYTES = 128_000
_BATCH_MESSAGES = 100
_BATCH_BYTES = 256_000


def message_of(headers: Mapping[str, str], body: bytes) -> list[Incoming]:
    """`send`: the body is the message, the headers say the rest. Raises ApiError."""
    delay = _delay(headers.get("x-msg-delay-secs"))
    return [_incoming(body, headers.get("x-msg-fmt", "v8"), delay)]


def batch_of(headers: Mapping[str, str], body: bytes) -> list[Incoming]:
    """`sendBatch`: JSON with the messages in base64. Raises ApiError."""
    every = _delay(headers.get("x-msg-delay-secs"))
    try:
        given = json.loads(body)["messages"]
        messages = [
            _incoming(
                base64.b64decode(each["body"], validate=True),
                each.get("contentType", "v8"),
                _delay(each["delaySecs"]) if "delaySecs" in each else every,
            )
            for each in given
        ]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise errors.invalid_message(f"the batch cannot be read: {error}") from error
    size = sum(len(each.body) for each in messages)
    if len(messages) > _BATCH_MESSAGES:
        raise errors.invalid_message(f"a batch has at most {_BATCH_MESSAGES} messages, not {len(messages)}")
    if size > _BATCH_BYTES:
        raise errors.message_too_large(size, _BATCH_BYTES)
    return messages


def incoming_of(document: Mapping[str, Any]) -> Incoming:
    """A message of the REST API: `{body, content_type, delay_seconds}`. Raises ApiError."""
    body, type = document.get("body"), document.get("content_type", "text")
    if type == "text" and isinstance(body, str):
        content = body.encode()
    elif type == "json" and "body" in document:
        content = json.dumps(body, separators=(",", ":")).encode()
    else:
        raise errors.invalid_message("content_type must be text or json, and body fit it")
    return _incoming(content, type, _delay(document.get("delay_seconds")))


def _incoming(body: bytes, type: str, delay_s: int | None) -> Incoming:
    if len(body) > MESSAGE_BYTES:
        raise errors.message_too_large(len(body), MESSAGE_BYTES)
    return Incoming(body=body, content_type=_content_type(type), delay_s=delay_s)


def _content_type(type: str) -> ContentType:
    for known in CONTENT_TYPES:
        if type == known:
            return known
    raise errors.invalid_message(f"content type {type} is none of {', '.join(CONTENT_TYPES)}")


def _delay(given: Any) -> int | None:
    if given is None:
        return None
    try:
        seconds = int(given)
    except (TypeError, ValueError) as error:
        raise errors.invalid_message(f"delay {given!r} is no number") from error
    if not 0 <= seconds <= TWELVE_HOURS_S:
        raise errors.invalid_message(f"a delay is 0 to {TWELVE_HOURS_S} seconds, not {seconds}")
    return seconds
