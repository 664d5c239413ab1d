"""The one call: a model's answer to its inputs, which are the whole body."""

from __future__ import annotations

from local_cloudflare.api.ai import errors
from local_cloudflare.api.auth import AI_READ
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer
from local_cloudflare.api.errors import no_route


async def run(call: Call) -> Answer:
    if not call["model"].startswith(("@cf/", "@hf/")):
        raise no_route(call.request.url.path)
    if not await call.request.body():
        raise errors.no_body()
    status, answer = await call.cloud.runtime.run_model(call["model"], await call.json_object())
    if status != 200:
        raise errors.refused(status, answer)
    return Answer(result=answer)


ROUTES = (Route(method="POST", path="/accounts/{account_id}/ai/run/{model:path}", handler=run, permission=AI_READ),)
