"""A refusal as RFC 9457 describes it: one value for the decision, the dispatch and what is printed.

Pure. The titles are part of the contract, word for word, so that scripts can match them; `router/src/http/problem.ts`
has the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/problem+json"
_TYPES = "urn:problem:autopilot-orchestrator:"
FORWARD_FAILED = "Failed to forward task"
NOT_READY = "Infrastructure not ready"


def unsupported(capability: str) -> str:
    """The title for a capability that no autopilot has."""
    return f"No autopilot currently supports {capability}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`status` is the HTTP status; `slug` the end of its type, made of the title where that is always the same;
    `members` are the extension members, `headers` what the answer carries beside."""

    status: int
    title: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    slug: str = ""

    @property
    def type(self) -> str:
        """Which problem this is, for programs."""
        words = re.sub(r"\[.*\]", "", self.title.lower())
        return _TYPES + (self.slug or "-".join(re.findall("[a-z0-9]+", words)))

    def to_object(self) -> dict[str, Any]:
        """The problem document, without `requestId`, which only an answer has."""
        return {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


def invalid_request(errors: Sequence[Mapping[str, str]]) -> Problem:
    """A request whose members are wrong: `errors` has `{pointer, message}` for each."""
    return Problem(
        status=422,
        title="Invalid request",
        detail="; ".join(f"{error['pointer']} {error['message']}" for error in errors) + ".",
        members={"errors": list(errors)},
    )


def content_too_large(limit: int) -> Problem:
    """A task of more than `limit` bytes."""
    return Problem(
        status=413,
        title="Content too large",
        detail=f"The body is larger than {limit} bytes ({limit // 1024} KiB).",
        members={"limit": limit, "hint": "Store large data, for example in R2, and pass where it is."},
    )


def not_configured(secret: str, why: str) -> Problem:
    """A secret that is absent or broken: nothing is sent unsigned."""
    return Problem(
        status=503,
        title="Not configured",
        detail=f"{secret} {why}.",
        members={
            "missing": [secret],
            "hint": 'Set it: `echo "whsec_$(openssl rand -base64 32)" | pulumi config set --secret webhookSecret`, '
            "then run `pulumi up`.",
        },
    )
