"""The claims of an earlier version, in R2: what they say stays so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from tests.support.autopilots import Autopilot, running
from tests.support.eventually import eventually
from tests.support.payout_calls import BATCH, BOTH_PAID, ONE, SINGLE, TWO, bound, named, pay
from tests.support.stripe_service import Stripe

# What no claim can be, by the key that it is planted under; TRANSFER is one that is right.
TRANSFER = {**ONE, "status": "paid", "id": "tr_old", "refusals": 0}
CLAIM = {"status": "done", "fingerprint": "f", "attempt": 1, "expiresAt": 0, "transfers": [TRANSFER]}
UNREADABLE: dict[str, object] = {
    "no-json": b'{"status": "do',
    "no-text": b"\xff\xfe\x00",
    "nothing": b"",
    "no-object": [],
    "no-members": {},
    "no-transfers": {key: value for key, value in CLAIM.items() if key != "transfers"},
    "transfers-no-list": CLAIM | {"transfers": "acct_1"},
    "transfer-no-object": CLAIM | {"transfers": [None]},
    "amount-a-text": CLAIM | {"transfers": [TRANSFER | {"amount": "1050"}]},
    "amount-a-fraction": CLAIM | {"transfers": [TRANSFER | {"amount": 10.5}]},
    "no-currency": CLAIM | {"transfers": [{key: value for key, value in TRANSFER.items() if key != "currency"}]},
    "a-word-of-its-own": CLAIM | {"status": "finished"},
    "no-fingerprint": CLAIM | {"fingerprint": ""},
    "an-answer-of-its-own": CLAIM | {"answer": "paid"},
}


def name_of(key: str) -> str:
    return sha256(json.dumps(["shop", key], separators=(",", ":")).encode()).hexdigest()[:32]


class TestEarlierVersion:
    """What its claims in R2 say stays so."""

    @pytest.fixture
    def upgraded(self, bank: Stripe) -> Iterator[Autopilot]:
        with running("payout-batch", bindings=bound(bank)) as autopilot:
            yield autopilot

    def claim(self, upgraded: Autopilot, key: str, status: str, transfers: list[dict[str, Any]], **more: Any) -> str:
        name = name_of(key)
        payouts = [
            {"destination": each["destination"], "amount": each["amount"], "currency": "eur"} for each in transfers
        ]
        for payout, transfer in zip(payouts, transfers, strict=True):
            payout |= {key: transfer[key] for key in ("description", "reference") if key in transfer}
        fingerprint = sha256(json.dumps(payouts, separators=(",", ":")).encode()).hexdigest()
        claim = {
            "status": status,
            "fingerprint": fingerprint,
            "attempt": 1,
            "expiresAt": 0,
            "transfers": [{"currency": "eur", "refusals": 0, **each} for each in transfers],
            **more,
        }
        upgraded.store("EFH_PRIVATE", f"payouts/{name}.json", json.dumps(claim).encode())
        return name

    def test_what_was_paid_is_answered_as_it_was(self, upgraded: Autopilot, bank: Stripe) -> None:
        transfers = [{**ONE, "status": "paid", "id": "tr_old"}, {**TWO, "status": "paid", "id": "tr_old2"}]
        answer = {"status": 201, "body": '{"status":"paid","payout":"old"}'}
        self.claim(upgraded, "old-1", "done", transfers, answer=answer)

        again = pay(upgraded, "old-1", {"payouts": [ONE, TWO]})

        assert (again.status_code, again.json()) == (201, {"status": "paid", "payout": "old"})
        assert pay(upgraded, "old-1", {"payouts": [ONE]}).status_code == 422
        assert bank.calls() == []

    def test_a_reference_that_was_paid_is_not_paid_again(self, upgraded: Autopilot, bank: Stripe) -> None:
        paid = {**ONE, "reference": "June", "status": "paid", "id": "tr_old"}
        self.claim(upgraded, "old-2", "done", [paid], answer={"status": 201, "body": "{}"})

        assert pay(upgraded, "new", named("June", ONE)).status_code == 409
        assert bank.calls() == []

    @pytest.mark.parametrize("status", ["unknown", "running"])
    def test_what_was_unknown_stays_so_until_a_person_says(
        self, upgraded: Autopilot, bank: Stripe, status: str
    ) -> None:
        name = self.claim(upgraded, "old-3", status, [{**ONE, "status": "unknown"}, {**TWO, "status": "waiting"}])
        form = {"amount": 1050, "currency": "eur", "destination": "acct_1", "transfer_group": name}
        bank.call("POST", "/v1/transfers", key=f"payout-{name}-0-0", **form, **{"metadata[index]": 0})

        before = pay(upgraded, "old-3", {"payouts": [ONE, TWO]})
        after = pay(upgraded, "old-3", {"payouts": [ONE, TWO]}, attempt=2)

        assert (before.status_code, before.json()["outcome"]) == (409, "unknown")
        assert (after.status_code, bank.paid()) == (201, BOTH_PAID)

    def test_nothing_is_paid_before_all_of_them_are_read(self, upgraded: Autopilot, bank: Stripe) -> None:
        for number in range(40):
            paid = {**ONE, "reference": f"r{number}", "status": "paid", "id": f"tr_{number}"}
            self.claim(upgraded, f"many-{number}", "done", [paid], answer={"status": 201, "body": "{}"})

        first = pay(upgraded, "new", named("r39", ONE))
        upgraded.run_cron()

        assert (first.status_code, first.json()["title"]) == (503, "Earlier payouts are being read")
        eventually(lambda: pay(upgraded, "new", named("r39", ONE)).status_code == 409, "all are read")
        assert bank.calls() == []
        assert upgraded.sql("EFH_PAYOUTS", "SELECT count(*) AS n FROM items")[0]["n"] == 40

    def test_claims_that_cannot_be_read_stop_nothing_and_are_unknown(self, upgraded: Autopilot, bank: Stripe) -> None:
        """Nobody knows what they were about, so a person says, and Stripe is asked before anything is sent."""
        for key, claim in UNREADABLE.items():
            content = claim if isinstance(claim, bytes) else json.dumps(claim).encode()
            upgraded.store("EFH_PRIVATE", f"payouts/{name_of(key)}.json", content)
        group = name_of("no-json")
        form: dict[str, Any] = {
            **{"amount": 1050, "currency": "eur", "destination": "acct_1", "transfer_group": group},
            "metadata[index]": 0,
        }
        bank.call("POST", "/v1/transfers", **form)

        other = pay(upgraded, "other", TWO, capability=SINGLE)
        first = {key: pay(upgraded, key, ONE, capability=SINGLE) for key in UNREADABLE}
        again = {key: pay(upgraded, key, ONE, capability=SINGLE) for key in UNREADABLE}
        sent = len(bank.transfers())
        said = {key: pay(upgraded, key, ONE, capability=SINGLE, attempt=2) for key in UNREADABLE}

        assert other.status_code == 201
        for answers in (first, again):
            assert {key: (each.status_code, each.json()["outcome"]) for key, each in answers.items()} == dict.fromkeys(
                UNREADABLE, (409, "unknown")
            )
        assert "cannot be read" in first["no-json"].json()["transfers"][0]["reason"]
        assert sent == 2
        assert {key: (each.status_code, each.json()["paid"]) for key, each in said.items()} == dict.fromkeys(
            UNREADABLE, (201, 1050)
        )
        # The one that Stripe had was not sent again.
        assert bank.paid() == sorted([("acct_1", 1050)] * len(UNREADABLE) + [("acct_2", 20)])

    def test_one_that_cannot_be_read_is_said_and_is_nobodys_key_for_something_else(
        self, upgraded: Autopilot, bank: Stripe
    ) -> None:
        upgraded.store("EFH_PRIVATE", f"payouts/{name_of('broken')}.json", b"{")
        assert pay(upgraded, "paid", named("June", ONE)).status_code == 201

        health = upgraded.get("/health").json()
        taken = pay(upgraded, "broken", named("June", ONE), attempt=2)
        asked = pay(upgraded, "broken", BATCH, attempt=2)
        other = pay(upgraded, "broken", TWO, capability=SINGLE, attempt=3)

        assert health["checks"]["payouts:unreadable"][0]["observedValue"] == 1
        assert (taken.status_code, taken.json()["title"]) == (409, "Already in the ledger")
        assert (asked.status_code, asked.json()["title"]) == (409, "Outcome unknown")
        assert (other.status_code, other.json()["title"]) == (422, "Idempotency-Key reused")
        assert upgraded.get("/health").json()["checks"]["payouts:unreadable"][0]["observedValue"] == 0
        assert bank.paid() == [("acct_1", 1050)]
