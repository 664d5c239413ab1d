"""Tasks that nobody waits for are taken in with 202: who may ask, when, under which key, and how it is cancelled."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.support.later import TOKENS, Later
from tests.support.payments import new_key
from tests.support.refusals import refused
from tests.support.tokens import token_of


class TestTakingIn:
    def test_it_answers_202_and_where_to_ask(self, later: Later) -> None:
        answer = later.ask("report", {"text": "made"})

        assert answer.status_code == 202
        run = answer.json()
        assert answer.headers["location"] == f"/autopilot/runs/{run['id']}"
        assert answer.headers["x-run-id"] == run["id"]
        assert (run["status"], run["attempts"], run["attemptsLeft"], run["startedAt"]) == ("queued", 0, 3, None)
        assert later.calls(run["idempotencyKey"]) == []

    def test_what_does_not_fit_the_catalogue_is_not_taken_in(self, later: Later) -> None:
        key = new_key()
        soon = datetime.fromtimestamp(time.time() + 3_600, UTC).isoformat()

        for more in ({}, {"at": soon}, {"every": "0 3 1 1 *"}):
            problem = refused(later.ask("checked", {}, key=key, **more), 422, "Invalid meta")
            assert problem["errors"] == [{"pointer": "/meta/text", "message": "is required"}]

        run = later.queued("checked", {"text": "made"}, key=key)
        refused(later.ask("checked", {}, key=key), 422, "Idempotency-Key reused")
        assert later.try_run(run) is None

    def test_what_came_of_it_is_its_callers_alone(self, later: Later) -> None:
        run = later.queued(
            "report", {"text": '{"n": 9007199254740993}', "type": "application/json"}, token=token_of("shop")
        )

        assert later.try_run(run) is None

        shown = later.request("GET", f"/autopilot/runs/{run['id']}", token=token_of("shop"))
        assert '"result":{"status":201,"type":"application/json","body":{"n": 9007199254740993}}' in shown.text
        assert (shown.json()["status"], shown.json()["attempts"]) == ("done", 1)
        assert "result" not in later.show(run, token=token_of("ops"))
        refused(later.request("GET", f"/autopilot/runs/{run['id']}", token=token_of("desk")), 404, "No such run")

    def test_any_task_is_done_later_where_its_caller_prefers_that(self, later: Later) -> None:
        answer = later.ask("report_now", prefer="respond-async")

        assert answer.status_code == 202
        assert answer.headers["preference-applied"] == "respond-async"
        assert later.ask("report_now", prefer="handling=lenient").status_code == 201

    def test_without_a_queue_the_preference_is_ignored_and_a_task_that_needs_one_refused(self, later: Later) -> None:
        waited = later.ask("report_now", prefer="respond-async", router="queueless")

        assert (waited.status_code, "preference-applied" in waited.headers) == (201, False)
        assert refused(later.ask("report", router="queueless"), 503, "Not configured")["missing"] == ["TASK_QUEUE"]

    def test_a_caller_may_wait_for_a_while(self, later: Later) -> None:
        run = later.queued("report")
        begun = time.monotonic()
        waiting = later.request("GET", f"/autopilot/runs/{run['id']}", headers={"prefer": "wait=1"})
        assert time.monotonic() - begun >= 1
        assert (waiting.json()["status"], waiting.headers["preference-applied"]) == ("queued", "wait=1")

        with ThreadPoolExecutor(1) as pool:
            patient = pool.submit(
                lambda: later.request("GET", f"/autopilot/runs/{run['id']}", headers={"prefer": "wait=30"})
            )
            later.try_run(run)
            assert patient.result().json()["status"] == "done"

    def test_the_same_key_is_the_same_run(self, later: Later) -> None:
        key = new_key()
        first = later.queued("report", {"text": "once"}, key=key)

        assert later.queued("report", {"text": "once"}, key=key)["id"] == first["id"]
        refused(later.ask("report", {"text": "other"}, key=key), 422, "Idempotency-Key reused")
        later.try_run(first)
        repeated = later.ask("report", {"text": "once"}, key=key)
        assert (repeated.status_code, repeated.text) == (201, "once")

    def test_what_must_not_be_done_twice_needs_a_key(self, later: Later) -> None:
        refused(later.ask("pay"), 400, "Idempotency-Key required")

    def test_who_may_not_ask_for_it_may_not_ask_for_it_later(self, later: Later) -> None:
        refused(later.ask("pay", key=new_key(), token=TOKENS["desk"]), 403, "Forbidden")

    def test_a_task_of_nobody_is_refused_at_once(self, later: Later) -> None:
        refused(later.ask("nobody"), 404, "No autopilot currently supports nobody.run")


class TestAtATime:
    def test_it_waits_for_its_time(self, later: Later) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3_600))
        run = later.queued("report_now", at=at)

        assert run["nextTryAt"] == at.replace("Z", ".000Z")
        assert 3590 < (later.try_run(run) or 0) <= 3600

    @pytest.mark.parametrize(
        "at", ["tomorrow", "2026-13-01T00:00:00Z", "2020-01-01T00:00:00Z", "2026-12-24T18:00:00", 7]
    )
    def test_a_time_that_is_none_is_refused(self, later: Later, at: object) -> None:
        document = refused(later.ask("report_now", at=at), 422, "Invalid request")
        assert document["errors"][0]["pointer"] == "/at"


class TestCancelling:
    def test_what_has_not_begun_is_cancelled_by_who_asked_for_it(self, later: Later) -> None:
        run = later.queued("report", token=token_of("shop"))
        path = f"/autopilot/runs/{run['id']}"
        refused(later.request("DELETE", path, token=token_of("desk")), 404, "No such run")

        assert later.request("DELETE", path, token=token_of("shop")).json()["status"] == "not-done"
        assert later.try_run(run) is None

        assert later.calls(run["idempotencyKey"]) == []
        refused(later.request("DELETE", path, token=token_of("shop")), 409, "Not cancelled")
