"""How a task with `once: true` may end, and when its key may be used again: only where certainly nothing was done."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from orchestrator.dispatch.dispatcher import Dispatcher
from orchestrator.routing.problem import Problem
from tests.support.eventually import eventually
from tests.support.payments import SECRET, TABLE, Payments, new_key
from tests.support.refusals import refused


def problem_outcome(outcome: str, status: int) -> dict[str, Any]:
    """`meta` for an autopilot that answers a problem document which tells the outcome."""
    document = {"type": "about:blank", "title": "No money", "status": status, "outcome": outcome}
    return {"status": status, "type": "application/problem+json", "text": json.dumps(document)}


class TestNothingDone:
    """Where it is certain that nothing was done, the same key may be used again."""

    @pytest.mark.parametrize("said", ["not-sent", "rejected"])
    @pytest.mark.parametrize("status", [422, 503])
    def test_the_autopilot_says_so(self, payments: Payments, said: str, status: int) -> None:
        key, meta = new_key(), problem_outcome(said, status)

        first, again = payments.pay(key, meta), payments.pay(key, meta)

        assert (first.status_code, again.status_code) == (status, status)
        assert "idempotency-replayed" not in again.headers
        bodies = [json.loads(call["body"])["run"]["attempt"] for call in payments.calls(key)]
        assert bodies == [1, 2]
        assert len({call["headers"]["webhook-id"] for call in payments.calls(key)}) == 1
        run = payments.run(first.headers["x-run-id"])
        assert (run["status"], run["attempts"], run["answer"]) == ("not-done", 2, None)

    @pytest.mark.parametrize("status", [401, 403, 404, 405, 413, 415, 421, 425, 429])
    def test_or_its_status_does(self, payments: Payments, status: int) -> None:
        key, meta = new_key(), {"status": status}

        first, again = payments.pay(key, meta), payments.pay(key, meta)

        assert (first.status_code, again.status_code) == (status, status)
        assert len(payments.calls(key)) == 2
        run = payments.run(first.headers["x-run-id"])
        assert (run["status"], run["outcome"]) == ("not-done", "rejected")

    def test_a_corrected_request_may_have_the_key(self, payments: Payments) -> None:
        key = new_key()
        payments.pay(key, problem_outcome("rejected", 422))

        assert payments.pay(key, {"corrected": True}).text == "paid, call 2"

        refused(payments.pay(key, problem_outcome("rejected", 422)), 422, "Idempotency-Key reused")

    def test_but_not_where_only_a_person_says_that_nothing_was_done(self, payments: Payments) -> None:
        key = new_key()
        run_id = payments.pay(key, {"status": 500}).headers["x-run-id"]
        payments.resolve(run_id, "not-done")

        refused(payments.pay(key, {"corrected": True}), 422, "Idempotency-Key reused")

    def test_it_could_not_be_sent(self, payments: Payments) -> None:
        key = new_key()

        documents = [refused(payments.pay(key, task="pay_nowhere"), 502, "Failed to forward task") for _ in range(2)]

        assert [(each["outcome"], each["retrySafe"]) for each in documents] == [("not-sent", True)] * 2
        run = payments.run(documents[0]["run"])
        assert (run["status"], run["attempts"]) == ("not-done", 2)
        assert "EFH_GONE" in run["why"]

    def test_it_could_not_be_signed(self, payments: Payments) -> None:
        key = new_key()

        refused(payments.pay(key, router="unsigned"), 503, "Not configured")

        assert payments.pay(key).text == "paid, call 1"

    def test_nobody_can_do_it(self, payments: Payments) -> None:
        refused(payments.pay(new_key(), task="pay_nobody"), 404, "No autopilot currently supports nobody.run")

    @pytest.mark.parametrize(("router", "title"), [("unrecorded", "Not configured"), ("broken", "Claim not recorded")])
    def test_without_a_record_nothing_is_sent(self, payments: Payments, router: str, title: str) -> None:
        key = new_key()

        refused(payments.pay(key, router=router), 503, title)

        assert payments.calls(key) == []


class TestUnknown:
    @pytest.mark.parametrize(
        ("task", "meta", "status", "why"),
        [
            ("pay_soon", {"do": "never"}, 504, "payer did not answer within 0.3 s."),
            ("pay", {"do": "throw"}, 502, "payer could not be reached, or broke the connection off"),
            ("pay", {"status": 302}, 502, "payer answered with a redirect (302)"),
            ("pay", {"bytes": 10 * 1024 * 1024 + 1}, 502, "payer answered with more than 10485760 bytes"),
            ("pay", {"status": 500}, 500, "payer answered 500."),
            ("pay", {"status": 408}, 408, "payer answered 408."),
            ("pay", problem_outcome("unknown", 409), 409, "payer answered 409."),
        ],
        ids=["time-out", "interrupted", "redirect", "too large", "fault", "late", "as the autopilot says"],
    )
    def test_it_is_not_sent_again(
        self, payments: Payments, task: str, meta: dict[str, Any], status: int, why: str
    ) -> None:
        key = new_key()

        first = payments.pay(key, meta, task=task)
        repeats = [payments.pay(key, meta, task=task, router=name) for name in ("router", "elsewhere")]

        assert first.status_code == status
        run = payments.run(first.headers.get("x-run-id") or first.json()["run"])
        assert (run["status"], run["outcome"], run["answer"]) == ("unknown", "unknown", None)
        if first.headers["content-type"] == "application/problem+json":
            told = first.json()
            assert (told["run"], told["outcome"], told["retrySafe"]) == (run["id"], "unknown", False)
            assert f"runs resolve {run['id']} --done or --not-done" in told["hint"]
        for repeat in repeats:
            document = refused(repeat, 409, "Outcome unknown")
            assert (document["run"], document["outcome"], document["retrySafe"]) == (run["id"], "unknown", False)
            assert why in document["detail"]
            assert f"POST /autopilot/runs/{run['id']}/resolve" in document["hint"]
            assert "retry-after" not in repeat.headers
        assert len(payments.calls(key)) == 1

    def test_what_an_isolate_left_behind_is_unknown_too(self, payments: Payments) -> None:
        key, meta = new_key(), {"do": "hold"}
        with ThreadPoolExecutor() as pool:
            first = pool.submit(payments.pay, key, meta)
            eventually(lambda: len(payments.calls(key)) == 1, "the payment is called for")
            run_id = payments.pay(key, meta).json()["run"]
            payments.abandon(run_id)

            document = refused(payments.pay(key, meta), 409, "Outcome unknown")
            payments.release(key)

        assert "was stopped before it could record" in document["detail"]
        assert first.result().status_code == 201  # it was not dead after all, so its end is known
        assert payments.pay(key, meta).headers["idempotency-replayed"] == "true"
        assert len(payments.calls(key)) == 1


class TestRecordLost:
    def test_no_success_is_told_that_a_repeat_would_not_see(self, payments: Payments) -> None:
        """The records are out of reach when the answer comes."""
        key, meta = new_key(), {"do": "hold"}
        with ThreadPoolExecutor() as pool:
            first = pool.submit(payments.pay, key, meta, router="fragile")
            eventually(lambda: len(payments.calls(key)) == 1, "the payment is called for")
            payments.sql("ALTER TABLE runs RENAME TO runs_out_of_reach", records="fragile-records")
            payments.release(key)
            document = refused(first.result(), 500, "Answer not recorded")
            payments.sql("ALTER TABLE runs_out_of_reach RENAME TO runs", records="fragile-records")

        assert (document["outcome"], document["retrySafe"]) == ("unknown", False)
        assert document["detail"].startswith("payer answered 201.")
        refused(payments.pay(key, meta, router="fragile"), 409, "Already running")
        assert len(payments.calls(key)) == 1


def test_python_alone_refuses_what_it_cannot_guard() -> None:
    """There is no record of keys without the routing Worker."""
    urls = {"efh-payer": "https://payer.example.com/"}
    with Dispatcher(TABLE, worker_urls=urls, webhook_secrets=[SECRET]) as dispatcher:
        problems = [dispatcher.plan(task, {}, new_key()) for task in ("pay", "pay.run")]

    for problem in problems:
        assert isinstance(problem, Problem)
        assert (problem.status, problem.title) == (403, "Only through the routing Worker")
        assert "ORCHESTRATOR_URL" in problem.members["hint"]
