"""The whole API as one ASGI application: every service's routes, the permissions, errors in the envelope.

Starlette routes; what a call may do is decided here, once, from the route's own data.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp

from local_cloudflare.api import envelope, errors
from local_cloudflare.api.account import routes as _account
from local_cloudflare.api.ai import routes as _ai
from local_cloudflare.api.auth import Token, Tokens, bearer
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.cloud import Cloud
from local_cloudflare.api.d1 import routes as _d1
from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.graphql import routes as _graphql
from local_cloudflare.api.kv import routes as _kv
from local_cloudflare.api.local.controls import Controls
from local_cloudflare.api.local.routes import local_routes
from local_cloudflare.api.observability import routes as _observability
from local_cloudflare.api.queues import routes as _queues
from local_cloudflare.api.r2 import routes as _r2
from local_cloudflare.api.s3.app import S3
from local_cloudflare.api.wire import PREFIX, STALE, HostCheck, RawPath, WholeRequest, Wire
from local_cloudflare.api.workers import routes as _workers
from local_cloudflare.api.zones import routes as _zones
from local_cloudflare.runtime.errors import DataError

ROUTES: tuple[Route, ...] = (
    *(*_account.ROUTES, *_kv.ROUTES, *_r2.ROUTES, *_d1.ROUTES, *_queues.ROUTES),
    *(*_workers.ROUTES, *_zones.ROUTES, *_graphql.ROUTES),
    *(*_observability.ROUTES, *_ai.ROUTES),
)
"""Every call that is answered; docs/local-cloudflare.md lists them, and a test holds the two against each other."""

_ACCOUNT_ID = re.compile(r"[0-9a-f]{32}")
_VERIFICATIONS = ("/user/tokens/verify", "/accounts/{account_id}/tokens/verify")


def create_app(controls: Controls, others: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The application, with the controls of `/_local` and `others` of that place beside the API."""
    api = [
        StarletteRoute(
            f"{PREFIX}{route.path}", _endpoint(route, controls.cloud, controls.tokens), methods=[route.method]
        )
        for route in ROUTES
    ]
    starlette = Starlette(
        routes=[*api, *local_routes(controls), *others],
        exception_handlers={
            ApiError: _refused,
            404: _not_routed,
            405: _wrong_method,
            DataError: _refused_by_store,
            Exception: _failed,
        },
    )
    starlette.router.redirect_slashes = False

    def limited(token: str) -> tuple[bool, dict[str, str]]:
        cloud = controls.cloud
        return controls.rate_limit.take(token, cloud.settings.rate_limit, cloud.clock().timestamp())

    api_and_s3 = S3(starlette, controls.cloud, controls.tokens)
    return HostCheck(
        WholeRequest(RawPath(Wire(api_and_s3, calls=controls.calls, faults=controls.faults, limited=limited)))
    )


def _endpoint(route: Route, cloud: Cloud, tokens: Tokens) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        params = {name: unquote(value) for name, value in request.path_params.items()}
        token = _authorise(route, request, params, cloud, tokens) if route.authenticated else None
        seen = replace(cloud, store=cloud.store.previous()) if request.scope.get(STALE) else cloud
        answer = await route.handler(Call(cloud=seen, request=request, params=params, token=token))
        if isinstance(answer, Response):
            return answer
        return JSONResponse(envelope.success(answer), answer.status)

    return endpoint


def _authorise(route: Route, request: Request, params: dict[str, str], cloud: Cloud, tokens: Tokens) -> Token:
    """The token of a call that may be made. Raises the ApiError that the real API answers otherwise."""
    token = tokens.find(bearer(request.headers))
    if token is None or (token.status != "active" and route.path not in _VERIFICATIONS):
        raise _unknown_token(route)
    account_id = params.get("account_id", cloud.account_id)
    if not _ACCOUNT_ID.fullmatch(account_id):
        raise errors.no_route(request.url.path)
    if account_id != cloud.account_id:
        raise errors.account_not_accessible() if route.path == "/accounts/{account_id}" else errors.not_permitted()
    if not token.may(route.permission):
        raise errors.not_permitted()
    return token


def _unknown_token(route: Route) -> ApiError:
    """Three parts of the real API say it in three ways."""
    if route.path in _VERIFICATIONS:
        return errors.invalid_api_token()
    if route.path.startswith("/accounts/{account_id}/"):
        return errors.unable_to_authenticate()
    return errors.invalid_access_token()


def _answer(error: ApiError) -> JSONResponse:
    return JSONResponse(envelope.failure(error), error.status, error.headers)


async def _refused(_request: Request, error: Exception) -> Response:
    return _answer(error) if isinstance(error, ApiError) else _answer(errors.internal_error())


async def _not_routed(request: Request, _error: Exception) -> Response:
    return _answer(errors.no_route(request.url.path))


async def _wrong_method(request: Request, error: Exception) -> Response:
    allow = error.headers["Allow"] if isinstance(error, HTTPException) and error.headers else ""
    return _answer(errors.method_not_allowed(request.method, allow))


async def _refused_by_store(_request: Request, error: Exception) -> Response:
    """KV and R2 have rules of their own beyond the ones checked here; the words are theirs."""
    return _answer(errors.refused(str(error)))


async def _failed(_request: Request, _error: Exception) -> Response:
    """Starlette raises the error again after this answer, so that the server's log has its traceback."""
    return _answer(errors.internal_error())
