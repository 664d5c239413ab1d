"""API tokens with the permissions that a test wants."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local_cloudflare.api.local.controls import Controls, read_body, wrong

_STATUSES = ("active", "disabled", "expired")
_OWNERS = ("user", "account")


async def get_tokens(controls: Controls, _request: Request) -> Response:
    return JSONResponse([asdict(token) for token in controls.tokens.all()])


async def post_token(controls: Controls, request: Request) -> Response:
    """`{name, permissions, status, owner}`; the answer has the token's `value`, this once."""
    body = await read_body(request)
    status, owner = body.get("status", "active"), body.get("owner", "user")
    if status not in _STATUSES or owner not in _OWNERS or not isinstance(body.get("permissions"), list):
        raise wrong(
            f"token: must have `permissions` (a list), status ({', '.join(_STATUSES)}) and owner ({', '.join(_OWNERS)})"
        )
    try:
        token, value = controls.tokens.mint(
            name=str(body.get("name", "token")), permissions=body["permissions"], status=status, owner=owner
        )
    except ValueError as error:
        raise wrong(str(error)) from error
    return JSONResponse({**asdict(token), "value": value}, 201)


async def delete_token(controls: Controls, request: Request) -> Response:
    controls.tokens.revoke(request.path_params["id"])
    return JSONResponse({})
