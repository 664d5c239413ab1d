"""What the controls act on, and how they read a request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local_cloudflare.api.auth import Tokens
from local_cloudflare.api.calls import Calls
from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.faults import Faults
from local_cloudflare.api.rate_limit import RateLimit


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What the controls act on. Faults and recorded calls live in memory: a restart begins without them."""

    cloud: Cloud
    tokens: Tokens
    faults: Faults = field(default_factory=Faults)
    calls: Calls = field(default_factory=Calls)
    rate_limit: RateLimit = field(default_factory=RateLimit)


Handler = Callable[[Controls, Request], Awaitable[Response]]


async def read_body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise wrong(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise wrong("the body must be a JSON object")
    return body


def wrong(message: str) -> ApiError:
    return ApiError(400, 1, message)
