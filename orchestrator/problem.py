"""A refusal as RFC 9457 describes it: one value for the decision, the dispatch and what is printed.

Pure. The titles are part of the contract, word for word, so that scripts can match them; `router/src/problem.ts` has
the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/problem+json"
FORWARD_FAILED = "Failed to forward task"
NOT_READY = "Infrastructure not ready"


def unsupported(capability: str) -> str:
    """The title for a capability that no autopilot has."""
    return f"No autopilot currently supports {capability}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`status` is the HTTP status; `members` are the extension members, `headers` what the answer carries beside."""

    status: int
    title: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_object(self) -> dict[str, Any]:
        """The problem document, without `request_id`, which only an answer has."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
