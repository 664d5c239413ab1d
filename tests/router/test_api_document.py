"""The API document: it is served, it names every endpoint, and what it promises holds for any request.

That every other answer of these tests is one that the document has, is checked by the client itself (conftest.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import schemathesis
from hypothesis import Phase, settings

from tests.support.api_document import API, DOCUMENT
from tests.support.workers import TOKEN

AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}
EXAMPLES = 25  # of each operation
# A valid request may be refused for the state that things are in: If-Match, a name that is taken or unknown.
LEFT_OUT = schemathesis.checks.CHECKS.get_by_names(["positive_data_acceptance"])


def test_it_is_served(client: Callable[[str], httpx.Client]) -> None:
    assert client("router").get("/openapi.json", headers=AUTHORIZED).json() == DOCUMENT


def test_it_names_every_endpoint_and_no_other(client: Callable[[str], httpx.Client]) -> None:
    refused = client("router").get("/nowhere", headers=AUTHORIZED).json()

    served = {re.sub(r":(\w+)", r"{\1}", path) for path in refused["endpoints"]}
    assert served == set(DOCUMENT["paths"])


def test_it_names_every_method(client: Callable[[str], httpx.Client]) -> None:
    for path, item in DOCUMENT["paths"].items():
        answer = client("router").request("PATCH", path.format(name="x", id="x"), headers=AUTHORIZED)
        methods = {method.upper() for method in item} & {"GET", "POST", "PUT", "PATCH", "DELETE"}

        assert set(answer.headers["allow"].split(", ")) - {"HEAD"} == methods, path


@API.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_any_request_is_answered_as_the_document_says(case: schemathesis.Case, workerd_url: str) -> None:
    headers = {"host": "router.example.net"}
    case.call_and_validate(base_url=workerd_url, headers=headers, excluded_checks=LEFT_OUT)
