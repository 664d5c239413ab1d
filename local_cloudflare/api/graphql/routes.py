"""The one call of GraphQL. As there, what is refused is an answer with 200 and `errors`, without the envelope."""

from __future__ import annotations

from starlette.responses import JSONResponse

from local_cloudflare.api import errors
from local_cloudflare.api.auth import ANALYTICS_READ
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.graphql.datasets import rows_of
from local_cloudflare.api.graphql.schema import answer


async def query(call: Call) -> JSONResponse:
    body = await call.json_object()
    variables = body.get("variables")
    if not isinstance(body.get("query"), str) or not (variables is None or isinstance(variables, dict)):
        raise errors.invalid_body()
    cloud, now = call.cloud, call.cloud.clock()
    ai = await cloud.runtime.ai()
    rows = rows_of(
        await cloud.runtime.counts(), cloud.messages.operations(), today=ai["day"], neurons=float(ai["neurons"])
    )
    is_allowed = call.token is not None and call.token.may(ANALYTICS_READ)
    return JSONResponse(answer(body, account=cloud.account_id, is_allowed=is_allowed, now=now, rows=rows))


ROUTES = (Route(method="POST", path="/graphql", handler=query, permission=None),)
