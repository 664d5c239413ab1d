"""The upload of static assets. Its second call brings the session's token instead of an API token."""

from __future__ import annotations

import base64
import binascii

from local_cloudflare.api.auth import WORKERS_WRITE, bearer
from local_cloudflare.api.call import Call, Route
from local_cloudflare.api.envelope import Answer
from local_cloudflare.api.workers import errors
from local_cloudflare.api.workers.assets import Assets


async def begin_session(call: Call) -> Answer:
    return Answer(result=Assets(call.cloud).begin((await call.json_object()).get("manifest")))


async def upload_assets(call: Call) -> Answer:
    """A form with one part for each file, named by its hash, base64 where the query says so."""
    token = bearer(call.request.headers)
    contents = {part.name: part.content for part in await call.parts()}
    if call.query.get("base64") == "true":
        try:
            contents = {hash: base64.b64decode(content, validate=True) for hash, content in contents.items()}
        except binascii.Error as error:
            raise errors.unparsable_upload(f"a part is not base64: {error}") from error
    completed = Assets(call.cloud).upload(token, contents)
    return Answer(result=completed, status=201 if completed else 202)


_WORKERS = "/accounts/{account_id}/workers"

ROUTES = (
    Route(
        method="POST",
        path=f"{_WORKERS}/scripts/{{script_name}}/assets-upload-session",
        handler=begin_session,
        permission=WORKERS_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_WORKERS}/assets/upload",
        handler=upload_assets,
        permission=None,
        authenticated=False,
    ),
)
