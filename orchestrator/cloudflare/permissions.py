"""Which permissions the Cloudflare API token needs, by the names of the dashboard, and how each is found out.

The API refuses a call without saying which permission it wanted (`Authentication error [code: 10000]`), and a token
cannot be asked what it may do. So the table says which calls belong to which permission, and has for each a call that
tells without changing anything: a write that can never be valid is refused for its content (400) where the token may
write, and as a whole (10000) where it may not, since Cloudflare checks the permission first.

Pure; `router/src/account/permissions.ts` has the same table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.cloudflare.error_codes import ACCOUNT_UNKNOWN, R2_IS_OFF, ErrorCode

GrantState = Literal["granted", "missing", "unknown"]

TOKENS_PAGE = "dashboard, My Profile, API Tokens"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """An account permission as the dashboard names it; `area` is where its calls are, below the account.

    The probe is `method`, `path` (below the account as well) and a `body` of JSON, or none at all.
    """

    name: str
    area: str
    method: str
    path: str
    body: Mapping[str, Any] | None = field(default=None)


PERMISSIONS = (
    Permission(
        name="Workers Scripts Edit", area="/workers/", method="PUT", path="/workers/scripts/autopilot-permission-probe"
    ),
    Permission(
        name="Workers KV Storage Edit",
        area="/storage/kv/",
        method="POST",
        path="/storage/kv/namespaces",
        body={"title": ""},
    ),
    Permission(name="Workers R2 Storage Edit", area="/r2/", method="POST", path="/r2/buckets", body={"name": ""}),
    Permission(name="Account Settings Read", area="", method="GET", path=""),
    Permission(name="D1 Edit", area="/d1/", method="POST", path="/d1/database", body={"name": ""}),
)

QUEUES = Permission(name="Queues Edit", area="/queues", method="POST", path="/queues", body={"queue_name": ""})
"""Where the file has a task that is done later."""


OBSERVABILITY = Permission(name="Workers Observability Edit", area="/workers/observability/", method="", path="")
WORKERS_AI = Permission(name="Workers AI Read", area="/ai/", method="", path="")
"""Of the Workers' logs, which `analyze` reads where it may, and of its summary: no stack needs them, so nothing probes
them."""


def needed(*, queues: bool) -> tuple[Permission, ...]:
    """Those that a stack needs; `queues`: whether it has any."""
    return (*PERMISSIONS, QUEUES) if queues else PERMISSIONS


def permission_for(path: str) -> Permission | None:
    """The permission that a call of `path` (`/accounts/<id>/…`) needs; None where it is none of these."""
    account = re.match(r"/accounts/[^/]+", path)
    if not account:
        return None
    below = path[account.end() :]
    return next(
        (
            each
            for each in (OBSERVABILITY, WORKERS_AI, *PERMISSIONS, QUEUES)
            if (below.startswith(each.area) if each.area else not below)
        ),
        None,
    )


def grant_state(status: int, code: int) -> GrantState:
    """What the answer to a probe says: its HTTP status (0: there was none) and Cloudflare's error code (0: none)."""
    if code == ErrorCode.NOT_PERMITTED and status != 401:
        return "missing"
    # Of an account that does not exist nothing is known about what the token may do in the right one.
    if status == 401 or status == 429 or code in ACCOUNT_UNKNOWN or not 200 <= status < 500:
        return "unknown"
    # Where R2 is off the token was taken, or the code would have been that of a missing permission.
    return "missing" if status == 403 and code not in R2_IS_OFF else "granted"
