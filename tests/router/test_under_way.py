"""A run that its autopilot has taken and not ended: a repeat asks again, and what is not said of it changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from typing import Any

from tests.support.eventually import eventually
from tests.support.payments import COMMAND_TOKEN, Payments, new_key
from tests.support.project import ROOT


def run_id(key: str, caller: str = "default") -> str:
    return f"run_{sha256(json.dumps([caller, key], separators=(',', ':')).encode()).hexdigest()[:32]}"


def answers(*told: tuple[int, Any]) -> dict[str, Any]:
    return {"answers": [{"status": status, "json": document} for status, document in told]}


def test_it_is_asked_again_until_it_has_ended(payments: Payments) -> None:
    key = new_key()
    run = run_id(key)
    going = {"run": run, "status": "in progress"}
    meta = answers((202, going), (202, going), (201, {"run": run, "status": "paid"}))

    told = [payments.pay(key, meta) for _ in range(2)]
    between = payments.run(run)
    told += [payments.pay(key, meta) for _ in range(2)]

    assert [each.status_code for each in told] == [202, 202, 201, 201]
    assert (between["status"], between["outcome"], between["finishedAt"]) == ("running", None, None)
    assert between["why"] == "It is in progress."
    assert told[3].headers["idempotency-replayed"] == "true"
    assert len(payments.calls(key)) == 3
    assert {json.loads(call["body"])["run"]["attempt"] for call in payments.calls(key)} == {1}
    assert (payments.run(run)["status"], payments.run(run)["outcome"]) == ("done", "done")


def test_of_several_that_could_do_it_the_one_that_has_it_is_asked(payments: Payments) -> None:
    key = new_key()
    run = run_id(key)
    meta = answers(*[(202, {"run": run})] * 10, (201, {"run": run}))

    told = [payments.pay(key, meta, task="pay_either") for _ in range(11)]

    assert [each.status_code for each in told] == [*[202] * 10, 201], told[-1].json()
    assert {each.headers["x-autopilot"] for each in told} == {told[0].headers["x-autopilot"]}


def test_an_autopilot_that_names_no_run_is_called_once(payments: Payments) -> None:
    key = new_key()
    meta = answers((202, {"status": "accepted"}), (201, {}))

    first, again = payments.pay(key, meta), payments.pay(key, meta)

    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
    assert len(payments.calls(key)) == 1


def test_a_refusal_that_says_nothing_of_the_run_does_not_free_its_key(payments: Payments) -> None:
    """Money may have moved before."""
    key = new_key()
    run = run_id(key)
    refusal = {"title": "Not configured", "outcome": "rejected"}
    meta = answers((202, {"run": run}), (503, refusal))

    first, again = payments.pay(key, meta), payments.pay(key, meta)

    assert (first.status_code, again.status_code) == (202, 503)
    assert payments.run(run)["status"] == "running"
    assert payments.pay(key, {"another": 1}).status_code == 422


def test_where_it_is_unknown_in_the_end_a_person_is_asked(payments: Payments) -> None:
    key = new_key()
    run = run_id(key)
    meta = answers((202, {"run": run}), (409, {"run": run, "outcome": "unknown"}))

    first, again = payments.pay(key, meta), payments.pay(key, meta)

    assert (again.status_code, "resolve" in again.json()["hint"]) == (409, True)
    assert payments.run(run)["status"] == "unknown"
    wait_for_journal(payments, f"requestId={first.headers['x-request-id']}", "partly")
    wait_for_journal(payments, f"requestId={again.headers['x-request-id']}", "unknown")
    assert payments.resolve(run, "not-done").status_code == 200


def test_where_it_is_refused_in_the_end_the_journal_names_who_refused_it(payments: Payments) -> None:
    """Without an autopilot's name a 422 is one of the catalogue's, which sends nothing."""
    key = new_key()
    run = run_id(key)
    meta = answers((202, {"run": run}), (422, {"run": run, "outcome": "rejected"}))

    payments.pay(key, meta)
    again = payments.pay(key, meta)

    [entry] = wait_for_journal(payments, f"requestId={again.headers['x-request-id']}", "rejected")
    assert (entry["status"], entry["capability"], entry["autopilot"]) == (422, "pay.run", "payer")
    assert payments.run(run)["status"] == "not-done"


def test_two_that_ask_at_once_leave_what_is_final(payments: Payments) -> None:
    key = new_key()
    run = run_id(key)
    meta = answers((202, {"run": run}), (201, {"run": run}), (202, {"run": run}))
    payments.pay(key, meta)
    payments.pay(key, meta)

    assert payments.pay(key, meta).status_code == 201
    assert payments.run(run)["status"] == "done"


def test_the_command_line_tells_that_it_goes_on(payments: Payments) -> None:
    key = new_key()
    run = run_id(key, "command")
    meta = answers((202, {"run": run, "status": "waiting for approval"}), (201, {"run": run}))

    told = [plan(payments, key, meta) for _ in range(2)]

    assert [each.returncode for each in told] == [4, 0]
    assert "it is waiting for approval" in told[0].stderr
    wait_for_journal(payments, "caller=command", "done", "partly")


def wait_for_journal(payments: Payments, which: str, *expected: str) -> list[dict[str, Any]]:
    """The entries that the filter finds, once they have these outcomes: they are written after the answers, and on a
    busy machine not in their order."""

    def entries() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = payments.request("GET", f"/autopilot/journal?{which}").json()["entries"]
        return sorted(found, key=lambda each: str(each["outcome"]))

    def outcomes() -> list[str]:
        return [each["outcome"] for each in entries()]

    eventually(lambda: outcomes() == [*expected], lambda: f"{expected}: {outcomes()}")
    return entries()


def plan(payments: Payments, key: str, meta: object) -> subprocess.CompletedProcess[str]:
    url = f"http://router.localhost:{payments.port}"
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "plan", "pay", "--idempotency-key", key, "--meta", json.dumps(meta)],
        cwd=ROOT,
        env={**os.environ, "ORCHESTRATOR_URL": url, "ORCHESTRATOR_TOKEN": COMMAND_TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
