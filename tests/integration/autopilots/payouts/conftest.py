"""A Stripe that begins empty in each test, and payouts Workers at it; what they have in their ledgers stays."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.support.autopilots import Autopilot, running
from tests.support.payout_calls import bound
from tests.support.stripe_service import Stripe, stripe


@pytest.fixture(scope="session")
def without_key() -> Iterator[Autopilot]:
    with running("payout-batch") as autopilot:
        yield autopilot


@pytest.fixture(scope="session")
def bank() -> Iterator[Stripe]:
    with stripe() as service:
        yield service


@pytest.fixture(scope="session")
def payer(bank: Stripe) -> Iterator[Autopilot]:
    with running("payout-batch", bindings=bound(bank)) as autopilot:
        yield autopilot


@pytest.fixture(scope="session")
def careful(bank: Stripe) -> Iterator[Autopilot]:
    """With caps, and one known payee."""
    caps = {"PAYOUT_CAP_ITEM": "eur:1000", "PAYOUT_CAP_BATCH": "eur:1500", "PAYOUT_CAP_DAY": "eur:100000"}
    with running("payout-batch", bindings=bound(bank) | caps | {"PAYOUT_PAYEES": "acct_1 acct_9"}) as autopilot:
        yield autopilot


@pytest.fixture(autouse=True)
def _fresh_bank(bank: Stripe) -> None:
    bank.reset()


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())
