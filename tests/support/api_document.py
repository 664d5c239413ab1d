"""Holds what the routing Worker answers against its own document, router/openapi.yaml."""

from __future__ import annotations

from typing import Any

import httpx
import schemathesis
import yaml
from schemathesis.config import SchemathesisConfig

from tests.support.project import ROOT
from tests.support.workers import TOKEN

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "router/openapi.yaml").read_text())
API = schemathesis.openapi.from_dict(
    DOCUMENT, config=SchemathesisConfig.from_dict({"auth": {"openapi": {"token": {"bearer": TOKEN}}}})
)
REFUSED_BEFORE_ANY_ENDPOINT = {401, 404, 405, 503}
"""Without a valid token, on a path that is not there, with another method, without a token configured."""


def check(response: httpx.Response) -> None:
    """Fails unless the document has this answer of the router: it carries a request id. What an autopilot answers,
    passed on or not, may be any."""
    response.read()
    if "x-request-id" not in response.headers or "x-autopilot" in response.headers:
        return
    if response.request.method == "OPTIONS" and response.status_code == 204:
        return  # a browser's question, not a client's
    request = response.request
    method = "GET" if request.method == "HEAD" else request.method
    operation = API.find_operation_by_path(method, request.url.path)
    if operation is None:
        assert response.status_code in REFUSED_BEFORE_ANY_ENDPOINT, f"{method} {request.url.path}: {response}"
        operation = API["/openapi.json"]["GET"]
    elif request.method != "HEAD":
        plain = httpx.Response(  # the check wants to read the request's body, which may be a stream that is gone
            response.status_code,
            headers={name: value for name, value in response.headers.items() if name != "content-encoding"},
            content=response.content,
            request=httpx.Request(method, request.url),
        )
        plain.elapsed = response.elapsed
        operation.validate_response(plain)
    documented = operation.definition.raw["responses"]
    allowed = documented.keys() | {str(status) for status in REFUSED_BEFORE_ANY_ENDPOINT}
    assert str(response.status_code) in allowed, f"{request.method} {request.url.path}: {response.status_code}"


CHECKED = {"response": [check]}
"""The event hooks of a client whose every answer is held against the document."""
