"""W3C Trace Context: the twin of `router/src/forward/trace.ts`.

Touches the operating system's random numbers, nothing else. A trace that a caller began is continued with a span of
its own; otherwise one begins here, sampled, so that an autopilot's log can be joined to the orchestrator's.
"""

from __future__ import annotations

import re
import secrets

# A later version may append members; what is known of version 00 is read from it all the same.
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1


def next_traceparent(received: str | None) -> str:
    """The `traceparent` of the forwarded request, given the caller's, if any."""
    match = _TRACEPARENT.fullmatch(received or "")
    if match and not (match[1] == "00" and match[4]):
        return f"00-{match[2]}-{secrets.token_hex(8)}-{int(match[3], 16) & _SAMPLED:02x}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{_SAMPLED:02x}"
