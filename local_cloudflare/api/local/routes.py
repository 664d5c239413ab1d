"""Which control answers which path; each needs the main token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_cloudflare.api.auth import bearer
from local_cloudflare.api.d1 import files as d1_files
from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.local import account, reach, simulation, tokens
from local_cloudflare.api.local.controls import Controls, Handler

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/_local/health", account.get_health),
    ("GET", "/_local/state", account.get_state),
    ("POST", "/_local/reset", account.post_reset),
    ("GET", "/_local/account", account.get_account),
    ("PATCH", "/_local/account", account.patch_account),
    ("GET", "/_local/tokens", tokens.get_tokens),
    ("POST", "/_local/tokens", tokens.post_token),
    ("DELETE", "/_local/tokens/{id}", tokens.delete_token),
    ("GET", "/_local/faults", simulation.get_faults),
    ("PUT", "/_local/faults", simulation.put_faults),
    ("DELETE", "/_local/faults", simulation.delete_faults),
    ("GET", "/_local/calls", simulation.get_calls),
    ("DELETE", "/_local/calls", simulation.delete_calls),
    ("POST", "/_local/cron", simulation.post_cron),
    ("GET", "/_local/ai", simulation.get_ai),
    ("PUT", "/_local/ai", simulation.put_ai),
    ("PUT", "/_local/ports/{port}", reach.put_port),
    ("GET", "/_local/logs", reach.get_logs),
)


def local_routes(controls: Controls) -> list[Route]:
    guarded = [Route(path, _guarded(handler, controls), methods=[method]) for method, path, handler in ROUTES]
    return [*guarded, *d1_files.routes(controls.cloud)]


def _guarded(handler: Handler, controls: Controls) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            allowed = controls.tokens.is_main(bearer(request.headers))
        except ApiError:
            allowed = False
        if not allowed:
            return JSONResponse({"error": "the controls need the main API token"}, 401, {"WWW-Authenticate": "Bearer"})
        return await handler(controls, request)

    return endpoint
