"""Nobody is paid twice and nobody is left out: kills at every step, every fault at every call, many runs at once.

The whole by `PAYOUT_ROUNDS=20`: as many rounds, each with another seed.
"""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.autopilots import SECRET, STORAGE_READER, built
from tests.support.eventually import eventually
from tests.support.killable_workerd import KillableWorkerd
from tests.support.paying import Payouts, assert_agrees
from tests.support.stripe_service import API_KEY, Stripe, stripe

ROUNDS = int(os.environ.get("PAYOUT_ROUNDS", "1"))
RUNS, AT_ONCE, ITEMS = 100, 20, 3
FAULTS: dict[str, dict[str, Any]] = {
    "dropped before": {"effect": "drop"},
    "dropped after": {"effect": "drop", "when": "after"},
    "500 before": {"status": 500},
    "500 after": {"status": 500, "when": "after"},
    "429": {"status": 429, "retryAfter": 1},
    "409": {"status": 409},
}
if ROUNDS > 1:  # each takes as long as Stripe is waited for
    FAULTS |= {f"hung {when}": {"effect": "hang", "when": when} for when in ("before", "after")}
TWICE: dict[str, dict[str, Any]] = {f"{name}, twice": {**fault, "times": 2} for name, fault in FAULTS.items()}


@pytest.fixture(scope="module")
def bank() -> Iterator[Stripe]:
    with stripe() as service:
        yield service


@pytest.fixture(scope="module")
def workerd(bank: Stripe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableWorkerd]:
    common = {"modules": True, "compatibilityDate": "2026-07-01"}
    storage: dict[str, Any] = {"d1Databases": {"EFH_PAYOUTS": "payouts"}, "r2Buckets": {"EFH_PRIVATE": "private"}}
    bindings = {"WEBHOOK_SECRET": SECRET, "AUTOPILOTS": "payout-batch", "STAGE": "local"}
    stripe_key = bank.url.replace("://", f"://{API_KEY}@")
    worker = {
        "name": "payer",
        "scriptPath": built("payout-batch"),
        "bindings": bindings | {"STRIPE_API_KEY": stripe_key},
    }
    reader = {"name": "storage", "script": STORAGE_READER, "routes": ["storage.localhost/*"]}
    workers = [{**common, **storage, **each} for each in (worker, reader)]
    with KillableWorkerd(workers, tmp_path_factory.mktemp("d1")) as running:
        yield running


@pytest.fixture
def payouts(workerd: KillableWorkerd, bank: Stripe) -> Payouts:
    bank.reset()
    found = Payouts(workerd.url)
    found.pay("warm", {"payouts": []})  # makes the tables
    found.sql("DELETE FROM items")
    found.sql("DELETE FROM batches")
    return found


def batch(key: str, reference: str | None = None) -> dict[str, Any]:
    named = {} if reference is None else {"reference": reference}
    payouts = [{"destination": f"acct_{key}{number}", "amount": 100 + number, **named} for number in range(ITEMS)]
    return {"currency": "eur", "total": sum(each["amount"] for each in payouts), "payouts": payouts}


def expected(*keys: str) -> dict[tuple[str, str], int]:
    return {(f"acct_{key}{number}", key): 100 + number for key in keys for number in range(ITEMS)}


def new_key() -> str:
    return uuid.uuid4().hex


@pytest.mark.parametrize("fault", [*FAULTS.values(), *TWICE.values()], ids=[*FAULTS, *TWICE])
def test_every_fault_at_every_call(payouts: Payouts, bank: Stripe, fault: dict[str, Any]) -> None:
    """Of transfers and of look-ups, one after another, until a run comes through without meeting it."""
    keys = []
    for number in range(12):
        key = new_key()
        before = len(bank.state()["calls"])
        bank.fail({"path": "/v1/transfers", "after": number, **fault})
        answer = payouts.settle(key, batch(key))
        keys.append(key)
        assert answer.status_code == 201, answer.text
        if not any(call["fault"] for call in bank.state()["calls"][before:]):
            break
    else:
        raise AssertionError("the fault never came to an end")
    bank.fail()
    assert len(keys) > ITEMS
    assert_agrees(payouts, bank, expected(*keys))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(ITEMS))
def test_killed_at_each_call(payouts: Payouts, workerd: KillableWorkerd, bank: Stripe, call: int, when: str) -> None:
    """Before the money moves, and after it, with the calls beside it made and not recorded."""
    key = new_key()
    bank.fail({"method": "POST", "path": "/v1/transfers", "effect": "hang", "when": when, "after": call})
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(payouts.pay, key, batch(key))
        eventually(lambda: any(each["fault"] for each in bank.state()["calls"]), "the call hangs")
        workerd.kill()
        assert isinstance(lost.exception(), httpx.HTTPError)
    bank.fail()
    workerd.start()
    payouts = Payouts(workerd.url)

    answer = payouts.settle(key, batch(key))

    assert (answer.status_code, answer.json()["status"]) == (201, "paid")
    assert_agrees(payouts, bank, expected(key))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_many_runs_at_once_with_faults(payouts: Payouts, bank: Stripe, seed: int) -> None:
    """A hundred runs, of which twenty want the same items in pairs: one of each pair is paid."""
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    keys = [new_key() for _ in range(RUNS)]
    pairs = {key: keys[number - 1] for number, key in enumerate(keys[:20]) if number % 2}
    metas = {key: batch(pairs.get(key, key), "July" if key in keys[:20] else None) for key in keys}
    bank.fail(
        *(
            {"path": "/v1/transfers", "after": chance.randrange(3 * RUNS), **chance.choice(list(FAULTS.values()))}
            for _ in range(RUNS)
        )
    )
    ended = threading.Event()

    def keep_due() -> None:
        while not ended.wait(0.3):
            payouts.sql("UPDATE items SET next_at = 0 WHERE next_at > 0")

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        clock = pool.submit(keep_due)
        try:
            answers = dict(
                zip(keys, pool.map(lambda key: payouts.settle(key, metas[key], due=False), keys), strict=True)
            )
        finally:
            ended.set()
        clock.result()

    paid = [key for key, answer in answers.items() if answer.status_code == 201]
    assert {answer.status_code for answer in answers.values()} == {201, 409}
    assert len(paid) == RUNS - len(pairs)
    assert_agrees(payouts, bank, expected(*(pairs.get(key, key) for key in paid)))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_any_moment(payouts: Payouts, workerd: KillableWorkerd, bank: Stripe, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    keys = [new_key() for _ in range(4)]
    with ThreadPoolExecutor(len(keys)) as pool:
        for _ in range(3):
            started = [pool.submit(payouts.pay, key, batch(key)) for key in keys]
            calls = chance.randrange(1, 2 * len(keys))
            seen = len(bank.state()["calls"])
            eventually(
                lambda: len(bank.state()["calls"]) >= seen + calls or all(each.done() for each in started),  # noqa: B023
                "some calls are made",
            )
            workerd.kill()
            for each in started:
                each.exception()
            workerd.start()
            payouts = Payouts(workerd.url)
            payouts.make_due()

    assert [payouts.settle(key, batch(key)).status_code for key in keys] == [201] * len(keys)
    assert_agrees(payouts, bank, expected(*keys))
