"""The Workers that the tests of the routing Worker talk to."""

import pytest

from tests.support.payments import Payments, new_key
from tests.support.router_fixtures import (
    client,
    empty_journal,
    journal,
    later,
    later_workers,
    payments,
    planner,
    watched_world,
    workerd_url,
    world,
)

__all__ = [
    "client",
    "empty_journal",
    "journal",
    "later",
    "later_workers",
    "payments",
    "planner",
    "watched_world",
    "workerd_url",
    "world",
]


@pytest.fixture(autouse=True)
def _paid_before(request: pytest.FixtureRequest) -> None:
    """The payer has answered well last, so that no row of failures grows from test to test and opens its circuit."""
    if "payments" in request.fixturenames:
        payments: Payments = request.getfixturevalue("payments")
        for router in ("router", "elsewhere"):
            assert payments.pay(new_key(), router=router).status_code == 201
