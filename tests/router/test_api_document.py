"""The API document: it is served, it names every endpoint, and what it promises holds for any request.

That every other answer of these tests is one that the document has, is checked by the client itself (conftest.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tests.support.api_document import API, DOCUMENT
from tests.support.refusals import refused
from tests.support.workers import TOKEN

AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}
EXAMPLES = 25  # of each operation
METHODS = {"get", "post", "put", "patch", "delete"}
# A valid request may be refused for the state that things are in: If-Match, a name that is taken or unknown, a token
# for diagnosis that is not set (503).
LEFT_OUT: Any = schemathesis.checks.CHECKS.get_by_names(["positive_data_acceptance", "not_a_server_error"])


def test_it_is_served(client: Callable[[str], httpx.Client]) -> None:
    assert client("router").get("/openapi.json", headers=AUTHORIZED).json() == DOCUMENT
    unbound = refused(client("broken").get("/openapi.json", headers=AUTHORIZED), 503, "Not configured")
    assert unbound["missing"] == ["ASSETS"]


def test_it_names_every_endpoint_and_no_other(client: Callable[[str], httpx.Client]) -> None:
    document = client("router").get("/nowhere", headers=AUTHORIZED).json()

    served = {re.sub(r":(\w+)", r"{\1}", path) for path in document["endpoints"]}
    assert served == set(DOCUMENT["paths"])


def test_it_names_every_method(client: Callable[[str], httpx.Client]) -> None:
    for path, item in DOCUMENT["paths"].items():
        answer = client("router").request("PATCH", path.format(name="x", id="x"), headers=AUTHORIZED)
        methods = {method.upper() for method in item.keys() & METHODS}

        assert set(answer.headers["allow"].split(", ")) - {"HEAD"} == methods, path


def _any_request_is_answered_as_the_document_says(method: str, path: str) -> Callable[..., None]:
    """The test of one operation. Schemathesis makes one of each by itself, but all with the same node id, of which
    xdist runs one."""

    @API.include(method=method, path=path).parametrize()
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        # The rules of a registration's names are strict: most of what is generated for them is thrown away.
        suppress_health_check=[HealthCheck.filter_too_much],
    )
    def test(case: schemathesis.Case[Any], workerd_url: str) -> None:
        headers = {"host": "any-request.example.net"}
        answer = case.call_and_validate(base_url=workerd_url, headers=headers, excluded_checks=LEFT_OUT)
        assert answer.status_code < 500 or answer.status_code == 503

    operation_test: Callable[..., None] = test
    return operation_test


for _path, _item in DOCUMENT["paths"].items():
    for _method in sorted(_item.keys() & METHODS):
        globals()[f"test_any_request_of_{_item[_method]['operationId']}"] = (
            _any_request_is_answered_as_the_document_says(_method.upper(), _path)
        )
