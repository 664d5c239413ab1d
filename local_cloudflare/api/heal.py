"""`/_local/heal`: ask for a heal, and see how it goes. For the main token, and for one that may do nothing else, which
the routing Worker is given."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_cloudflare.api.auth import Tokens, bearer
from local_cloudflare.api.errors import ApiError
from local_cloudflare.healer import Healer

PATH = "/_local/heal"
METHODS = ("GET", "POST")


def heal_routes(healer: Healer, tokens: Tokens, heal_token: str) -> list[Route]:
    def allowed(request: Request) -> bool:
        try:
            value = bearer(request.headers)
        except ApiError:
            return False
        return tokens.is_main(value) or hmac.compare_digest(value.encode(), heal_token.encode())

    async def endpoint(request: Request) -> Response:
        if not allowed(request):
            headers = {"WWW-Authenticate": "Bearer"}
            return JSONResponse({"error": "this needs the main API token, or the one for heals"}, 401, headers)
        if not healer.is_configured:
            return JSONResponse({"error": "no command heals here: `make down`, then `make up`"}, 404)
        if request.method == "POST":
            healer.ask()
            return JSONResponse({"status": "accepted"}, 202)
        return JSONResponse(healer.report())

    return [Route(PATH, endpoint, methods=METHODS)]
