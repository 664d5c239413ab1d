"""payout-batch: no money moves in this version, and what callers must send is already asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.autopilots import Autopilot, running

CAPABILITIES = ["payouts.batch.run", "payouts.transfer.single"]


@pytest.fixture(scope="module")
def without_key() -> Iterator[Autopilot]:
    with running("payout-batch") as autopilot:
        yield autopilot


@pytest.fixture(scope="module")
def with_key() -> Iterator[Autopilot]:
    with running("payout-batch", bindings={"STRIPE_API_KEY": "sk_test_1234"}) as autopilot:
        yield autopilot


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("key", [None, "payout-1"])
def test_without_a_stripe_key_it_is_not_configured(without_key: Autopilot, capability: str, key: str | None) -> None:
    answer = without_key.call(capability, {}, idempotency_key=key)

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["title"]) == (503, "Not configured")
    assert answer.json()["missing"] == ["STRIPE_API_KEY"]


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("key", [None, ""])
def test_with_a_key_an_idempotency_key_is_required(with_key: Autopilot, capability: str, key: str | None) -> None:
    answer = with_key.call(capability, {}, idempotency_key=key)

    assert (answer.status_code, answer.json()["title"]) == (400, "Idempotency-Key required")


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_with_both_it_says_that_transfers_are_switched_off(with_key: Autopilot, capability: str) -> None:
    answer = with_key.call(capability, {}, idempotency_key="payout-1")

    assert (answer.status_code, answer.json()["title"]) == (501, "Transfers are switched off")
    assert "Nothing was transferred" in answer.json()["detail"]
    assert "sk_test" not in answer.text


def test_health_is_well_with_a_key_and_warns_without(without_key: Autopilot, with_key: Autopilot) -> None:
    assert [autopilot.get("/health").json()["status"] for autopilot in (without_key, with_key)] == ["warn", "pass"]
