"""One call of the API as a handler sees it, and a route: which method and path, which permission, which handler.

Routes are data: each service lists its own, and `app` serves them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local_cloudflare.api import errors
from local_cloudflare.api.auth import Token
from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.envelope import Answer, PageRequest
from local_cloudflare.api.errors import ApiError
from orchestrator import multipart

Handler = Callable[["Call"], Awaitable[Answer | Response]]


@dataclass(frozen=True, kw_only=True)
class Call:
    """`params` are the path's parameters, decoded; `token` is None only where the route does not ask for one."""

    cloud: Cloud
    request: Request
    params: Mapping[str, str]
    token: Token | None = None

    def __getitem__(self, name: str) -> str:
        return self.params[name]

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    def header(self, name: str, default: str = "") -> str:
        return self.request.headers.get(name, default)

    async def json(self) -> Any:
        """The JSON body. Raises ApiError where it is none."""
        try:
            return json.loads(await self.request.body())
        except ValueError as error:
            raise errors.invalid_body() from error

    async def json_object(self) -> dict[str, Any]:
        body = await self.json()
        if not isinstance(body, dict):
            raise errors.invalid_body()
        return body

    async def parts(self) -> list[multipart.Part]:
        """The parts of a multipart body. Raises ApiError where it is none."""
        try:
            return multipart.parse(await self.request.body(), self.header("content-type"))
        except ValueError as error:
            raise errors.invalid_body() from error

    def page(self, *, per_page: int, most: int, malformed: Callable[[str], ApiError]) -> PageRequest:
        """The wanted page; `malformed` makes the service's error of the query parameter that is none."""
        return PageRequest(
            page=self.integer("page", 1, malformed=malformed),
            per_page=min(self.integer("per_page", per_page, malformed=malformed), most),
        )

    def integer(self, name: str, default: int, *, malformed: Callable[[str], ApiError]) -> int:
        """A query parameter that counts from 1."""
        try:
            value = int(
                float(self.query.get(name, default))
            )  # the official SDK sends floats where the schema says number
        except (ValueError, OverflowError):
            value = 0
        if value < 1:
            raise malformed(name)
        return value


@dataclass(frozen=True, kw_only=True)
class Route:
    """`path` is below /client/v4, in Starlette's form. `permission` None: any valid token will do.

    `authenticated` is false for the one call that brings a credential of its own (the upload of assets).
    """

    method: str
    path: str
    handler: Handler
    permission: str | None
    authenticated: bool = True
