"""Holds what the routing Worker answers against its own document, router/openapi.yaml, and against a client that is
made of it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import schemathesis
import yaml
from schemathesis.config import SchemathesisConfig

from tests.support.generated_client import parse
from tests.support.project import ROOT
from tests.support.workers import TOKEN

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "router/openapi.yaml").read_text())
API = schemathesis.openapi.from_dict(
    DOCUMENT, config=SchemathesisConfig.from_dict({"auth": {"openapi": {"token": {"bearer": TOKEN}}}})
)
REFUSED_BEFORE_ANY_ENDPOINT = {401, 404, 405, 503}
"""Without a valid token, on a path that is not there, with another method, without a token configured."""


def check(response: httpx.Response) -> None:
    """Fails unless the document has this answer of the router: it carries a request id. What an autopilot answers may
    be any, as the document says; passed on it has the router's headers."""
    response.read()
    if "x-request-id" not in response.headers:
        return
    if "x-autopilot" in response.headers:
        _check_understood(API["/autopilot/plan"]["POST"], response)
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
        _check_understood(operation, plain)
    documented = operation.definition.raw["responses"]
    allowed = documented.keys() | {str(status) for status in REFUSED_BEFORE_ANY_ENDPOINT}
    assert str(response.status_code) in allowed, f"{request.method} {request.url.path}: {response.status_code}"


def _check_understood(operation: Any, response: httpx.Response) -> None:
    """By the generated client. It reads JSON alone, and looks at no content type: an autopilot's other answers are read
    as they are."""
    type = response.headers.get("content-type", "")
    if "x-autopilot" in response.headers and not re.match(r"application/(problem\+)?json\b", type):
        return
    raw = operation.definition.raw
    if str(response.status_code) in raw["responses"] and response.status_code != 204:
        assert parse(raw["operationId"], response) is not None


CHECKED = {"response": [check]}
"""The event hooks of a client whose every answer is held against the document."""
