"""How the routing Worker refuses."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.api_document import DOCUMENT

TYPES = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]


def refused(response: httpx.Response, status: int, title: str) -> dict[str, Any]:
    """Checks that this is a problem document of RFC 9457, and returns it."""
    document: dict[str, Any] = response.json()
    assert (response.status_code, document["status"], document["title"]) == (status, status, title)
    assert response.headers["content-type"] == "application/problem+json"
    assert document["type"] in TYPES
    assert document["detail"].endswith(".")
    assert document["requestId"] == response.headers["x-request-id"]
    return document
