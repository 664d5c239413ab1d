"""Tasks that nobody waits for: taken in with 202, tried by messages that come twice, late or in any order, given up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook

from orchestrator.dispatch.signature import secret_of
from tests.router.test_runs_command import runs
from tests.support.eventually import eventually
from tests.support.later import TOKENS, Later, message, running
from tests.support.payments import SECRET, new_key
from tests.support.refusals import refused


@pytest.fixture(scope="module")
def later() -> Iterator[Later]:
    with running() as running_later:
        yield running_later


@pytest.fixture(autouse=True)
def _well(later: Later) -> None:
    """No autopilot is paused, and no circuit is open."""
    later.sql("DELETE FROM pauses") if later.sql("SELECT 1 FROM sqlite_master WHERE name = 'pauses'") else None
    for router in ("router", "elsewhere"):
        later.try_run(later.queued("report", router=router), router=router)


class TestTakingIn:
    def test_it_answers_202_and_where_to_ask(self, later: Later) -> None:
        answer = later.ask("report", {"text": "made"})

        assert answer.status_code == 202
        run = answer.json()
        assert answer.headers["location"] == f"/autopilot/runs/{run['id']}"
        assert answer.headers["x-run-id"] == run["id"]
        assert (run["status"], run["attempts"], run["attemptsLeft"], run["startedAt"]) == ("queued", 0, 3, None)
        assert later.calls(run["idempotencyKey"]) == []

    def test_what_came_of_it_is_its_callers_alone(self, later: Later) -> None:
        run = later.queued(
            "report", {"text": '{"n": 9007199254740993}', "type": "application/json"}, token="shop-token"
        )

        assert later.try_run(run) is None

        shown = later.request("GET", f"/autopilot/runs/{run['id']}", token="shop-token")
        assert '"result":{"status":201,"type":"application/json","body":{"n": 9007199254740993}}' in shown.text
        assert (shown.json()["status"], shown.json()["attempts"]) == ("done", 1)
        assert "result" not in later.show(run, token="ops-token")
        refused(later.request("GET", f"/autopilot/runs/{run['id']}", token="desk-token"), 404, "No such run")

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


class TestTrying:
    def test_a_message_that_comes_twice_does_nothing_the_second_time(self, later: Later) -> None:
        run = later.queued("pay", key=new_key())

        later.try_run(run)
        assert later.try_run(run) is None

        assert len(later.calls(run["idempotencyKey"])) == 1
        assert later.show(run)["attempts"] == 1

    def test_two_isolates_at_once_send_it_once(self, later: Later) -> None:
        run = later.queued("pay", {"do": "hold"}, key=new_key())
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(later.try_run, run, router=router) for router in ("router", "elsewhere")]
            eventually(lambda: any(each.done() for each in both), "neither of the two has ended")
            later.release(run["idempotencyKey"])
            again = [each.result() for each in both]

        assert len(later.calls(run["idempotencyKey"])) == 1
        assert sorted(each is None for each in again) == [False, True]
        assert max(each for each in again if each is not None) > 25  # looks again when the lease of the other is over

    def test_each_message_of_a_batch_is_acknowledged_by_itself(self, later: Later) -> None:
        well, ill = later.queued("report"), later.queued("report", {"status": 503})

        done = later.deliver(message(ill), message(well), {"what": "is this"})

        assert done.acknowledged == {"message-1", "message-2"}
        assert 15 <= done.again["message-0"] <= 30

    def test_what_may_be_done_twice_is_tried_again_until_it_works(self, later: Later) -> None:
        run = later.queued("report", {"status": 500, "times": 2})
        assert later.try_run(run) is not None
        between = later.show(run)
        assert (between["status"], between["outcome"], between["attemptsLeft"]) == ("queued", "unknown", 2)
        assert between["nextTryAt"] is not None

        for _ in range(2):
            later.make_due(run)
            later.try_run(run)

        ended = later.show(run)
        assert (ended["status"], ended["attempts"], ended["nextTryAt"]) == ("done", 3, None)
        assert len({each["headers"]["idempotency-key"] for each in later.calls(run["idempotencyKey"])}) == 1

    def test_it_is_not_tried_before_its_time(self, later: Later) -> None:
        run = later.queued("report", {"status": 500, "times": 1})
        later.try_run(run)

        assert 0 < (later.try_run(run) or 0) <= 30
        assert len(later.calls(run["idempotencyKey"])) == 1

    def test_of_what_must_not_be_done_twice_an_unknown_end_stays_so(self, later: Later) -> None:
        run = later.queued("pay", {"status": 500}, key=new_key())

        assert later.try_run(run) is None
        assert later.try_run(run) is None

        assert later.show(run)["status"] == "unknown"
        assert len(later.calls(run["idempotencyKey"])) == 1
        refused(later.request("POST", f"/autopilot/runs/{run['id']}/retry"), 409, "Not retried")

    def test_what_was_refused_for_certain_is_tried_again_though_it_is_once(self, later: Later) -> None:
        run = later.queued("pay", {"status": 403, "times": 1}, key=new_key())

        assert later.try_run(run) is not None
        later.make_due(run)
        later.try_run(run)

        assert later.show(run)["status"] == "done"

    def test_a_timeout_of_what_is_neither_ends_it(self, later: Later) -> None:
        run = later.queued("report_once", {"status": 500})

        assert later.try_run(run) is None

        assert later.show(run)["status"] == "unknown"
        assert run["id"] not in later.request("POST", "/__scheduled").json()["unknownRuns"]

    def test_an_isolate_that_died_leaves_it_to_the_next_message(self, later: Later) -> None:
        repeatable, once = later.queued("report"), later.queued("pay", key=new_key())
        for run in (repeatable, once):
            later.sql("UPDATE runs SET status = 'running', attempts = 1, expires_at = 1 WHERE id = ?", run["id"])

        later.deliver(message(repeatable), message(once))

        assert (later.show(repeatable)["status"], later.show(once)["status"]) == ("done", "unknown")
        assert later.calls(once["idempotencyKey"]) == []


class TestGivingUp:
    @pytest.fixture
    def dead(self, later: Later) -> dict[str, Any]:
        run = later.queued("report", {"status": 500, "times": 3})
        for _ in range(3):
            later.make_due(run)
            later.try_run(run)
        return run

    def test_it_says_why_and_keeps_the_answer(self, later: Later, dead: dict[str, Any]) -> None:
        shown = later.show(dead)

        assert (shown["status"], shown["attempts"], shown["attemptsLeft"]) == ("dead", 3, 0)
        assert "500" in shown["why"]
        assert shown["result"]["status"] == 500
        assert later.try_run(dead) is None

    def test_a_person_has_it_tried_again(self, later: Later, dead: dict[str, Any]) -> None:
        path = f"/autopilot/runs/{dead['id']}/retry"
        refused(later.request("POST", path, token="shop-token"), 403, "Forbidden")

        assert later.request("POST", path, token="ops-token").status_code == 202
        later.try_run(dead)

        assert (later.show(dead)["status"], later.show(dead)["attempts"]) == ("done", 4)
        refused(later.request("POST", path), 409, "Not retried")

    def test_the_command_that_shows_it_names_the_one_that_tries_it_again(
        self, later: Later, dead: dict[str, Any]
    ) -> None:
        shown = runs(later, "show", dead["id"])
        assert f"python -m orchestrator runs retry {dead['id']}" in shown.stderr

        assert runs(later, "retry", dead["id"]).returncode == 0
        later.try_run(dead)
        assert later.show(dead)["status"] == "done"

    def test_one_that_waits_is_cancelled_by_its_command(self, later: Later) -> None:
        run = later.queued("report")

        assert runs(later, "cancel", run["id"]).returncode == 0

        assert later.show(run)["status"] == "not-done"


class TestCancelling:
    def test_what_has_not_begun_is_cancelled_by_who_asked_for_it(self, later: Later) -> None:
        run = later.queued("report", token="shop-token")
        path = f"/autopilot/runs/{run['id']}"
        refused(later.request("DELETE", path, token="desk-token"), 404, "No such run")

        assert later.request("DELETE", path, token="shop-token").json()["status"] == "not-done"
        assert later.try_run(run) is None

        assert later.calls(run["idempotencyKey"]) == []
        refused(later.request("DELETE", path, token="shop-token"), 409, "Not cancelled")


class TestManyAtOnce:
    def test_as_many_go_on_as_may_in_all_isolates(self, later: Later) -> None:
        runs = [later.queued("narrow", {"do": "hold"}) for _ in range(4)]
        with ThreadPoolExecutor(2) as pool:
            batches = [
                pool.submit(later.deliver, *map(message, runs[part::2]), router=router)
                for part, router in enumerate(("router", "elsewhere"))
            ]

            def held() -> list[dict[str, Any]]:
                return [run for run in runs if later.show(run)["status"] == "running"]

            seen: list[int] = []
            released: set[str] = set()
            while not all(batch.done() for batch in batches):
                going_on = held()
                seen.append(len(going_on))
                for run in going_on:
                    if len(going_on) == 2 or len(released) >= 2:
                        later.release(run["idempotencyKey"])
                        released.add(run["id"])
            for batch in batches:
                batch.result()

        assert max(seen) == 2

    def test_an_autopilot_that_asks_for_it_is_left_alone_and_the_others_go_on(self, later: Later) -> None:
        tired, waiting = (
            later.queued("limited", {"status": 429, "headers": {"retry-after": "3600"}}),
            later.queued("limited"),
        )
        other = later.queued("report")

        again = later.deliver(message(tired), message(other)).again
        assert 3590 < again["message-0"] <= 3600
        assert later.show(other)["status"] == "done"
        assert 3590 < (later.try_run(waiting, router="elsewhere") or 0) <= 3600

        assert later.calls(waiting["idempotencyKey"]) == []
        shown = later.show(tired)
        assert (shown["status"], shown["attemptsLeft"]) == ("queued", 3)  # what it asked for costs no try


class TestAtATime:
    def test_it_waits_for_its_time(self, later: Later) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3_600))
        run = later.queued("report_now", at=at)

        assert run["nextTryAt"] == at.replace("Z", ".000Z")
        assert 3590 < (later.try_run(run) or 0) <= 3600

    def test_what_is_further_away_than_a_queue_can_wait_is_fed_to_it_by_the_cron(self, later: Later) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 100_000))
        run = later.queued("report_now", at=at)
        assert later.sql("SELECT sent_at FROM runs WHERE id = ?", run["id"]) == [{"sent_at": None}]
        later.request("POST", "/__scheduled")
        assert later.sql("SELECT sent_at FROM runs WHERE id = ?", run["id"]) == [{"sent_at": None}]

        later.sql("UPDATE runs SET due_at = ? WHERE id = ?", int(time.time() * 1000) + 60_000, run["id"])
        assert later.request("POST", "/__scheduled").json()["fed"] >= 1

        assert later.sql("SELECT sent_at FROM runs WHERE id = ?", run["id"]) != [{"sent_at": None}]

    @pytest.mark.parametrize(
        "at", ["tomorrow", "2026-13-01T00:00:00Z", "2020-01-01T00:00:00Z", "2026-12-24T18:00:00", 7]
    )
    def test_a_time_that_is_none_is_refused(self, later: Later, at: object) -> None:
        document = refused(later.ask("report_now", at=at), 422, "Invalid request")
        assert document["errors"][0]["pointer"] == "/at"


class TestCallbacks:
    def test_its_caller_is_told_signed_and_once(self, later: Later) -> None:
        key = new_key()
        run = later.queued(
            "report", {"text": "made"}, callback=f"https://hooks.example.com/hook?key={key}", token="shop-token"
        )
        later.try_run(run)
        assert later.calls(key) == []

        for _ in range(2):
            assert later.deliver({"callback": run["id"]}).acknowledged == {"message-0"}

        (told,) = later.calls(key)
        document = Webhook(secret_of(SECRET, "callback.shop")).verify(told["body"], told["headers"])
        assert document["type"] == "run.done"
        assert document["data"]["result"]["body"] == "made"
        assert later.show(run, token="shop-token")["callback"]["status"] == "told"

    def test_a_callback_that_fails_is_tried_again_and_given_up_at_last(self, later: Later) -> None:
        key = new_key()
        run = later.queued("report", callback=f"https://hooks.example.com/hook?key={key}&status=302")
        later.try_run(run)

        assert later.deliver({"callback": run["id"]}).again["message-0"] > 0
        assert later.deliver({"callback": run["id"]}, attempts=10).again == {}

        assert later.show(run)["callback"]["status"] == "failed"

    @pytest.mark.parametrize(
        "url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://router.example.net/", "x"]
    )
    def test_an_address_that_is_private_is_never_called(self, later: Later, url: str) -> None:
        document = refused(later.ask("report", callback=url), 422, "Invalid request")
        assert document["errors"][0]["pointer"] == "/callback"


class TestSchedules:
    @pytest.fixture
    def schedule(self, later: Later) -> Iterator[dict[str, Any]]:
        answer = later.ask("report", {"text": "again"}, every="* * * * *", token="shop-token")
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"/autopilot/schedules/{made['id']}"
        yield made
        later.request("DELETE", f"/autopilot/schedules/{made['id']}", token="shop-token")

    def runs_of(self, later: Later, schedule: Mapping[str, Any]) -> list[dict[str, Any]]:
        return later.sql(
            "SELECT id, due_at, sent_at, meta FROM runs WHERE schedule = ? ORDER BY due_at", schedule["id"]
        )

    def test_the_cron_makes_its_runs_ahead_and_none_twice(self, later: Later, schedule: dict[str, Any]) -> None:
        for _ in range(2):
            assert later.request("POST", "/__scheduled").json()["missed"] == []

        runs = self.runs_of(later, schedule)
        assert 29 <= len(runs) <= 32  # until the cron, every 15 minutes, has come twice more
        assert len({run["due_at"] for run in runs}) == len(runs)
        assert {run["due_at"] % 60_000 for run in runs} == {0}
        assert all(run["sent_at"] is not None and run["meta"] == '{"text": "again"}' for run in runs)

    def test_what_was_missed_is_caught_up_once_and_told(self, later: Later, schedule: dict[str, Any]) -> None:
        day_before = int(time.time() * 1000) // 60_000 * 60_000 - 24 * 60 * 60_000
        later.sql("UPDATE schedules SET next_at = ? WHERE id = ?", day_before, schedule["id"])

        (missed,) = later.request("POST", "/__scheduled").json()["missed"]

        assert missed["id"] == schedule["id"]
        assert 1430 <= missed["times"] <= 1441
        now = time.time() * 1000
        assert len([run for run in self.runs_of(later, schedule) if run["due_at"] <= now]) in (1, 2, 3, 4, 5, 6, 7)
        (shown,) = [
            each
            for each in later.request("GET", "/autopilot/schedules", token="shop-token").json()["schedules"]
            if each["id"] == schedule["id"]
        ]
        assert shown["missed"] == missed["times"]

    def test_it_is_its_callers_and_ends_when_it_is_removed(self, later: Later, schedule: dict[str, Any]) -> None:
        path = f"/autopilot/schedules/{schedule['id']}"
        assert schedule["id"] not in later.request("GET", "/autopilot/schedules", token="desk-token").text
        refused(later.request("DELETE", path, token="desk-token"), 404, "No such schedule")

        assert later.request("DELETE", path, token="shop-token").status_code == 204

        assert schedule["id"] not in later.request("GET", "/autopilot/schedules", token="ops-token").text

    def test_those_of_the_file_are_there_and_stay(self, later: Later) -> None:
        later.request("POST", "/__scheduled")

        (nightly,) = [
            each
            for each in later.request("GET", "/autopilot/schedules").json()["schedules"]
            if each["source"] == "declared"
        ]
        assert (nightly["id"], nightly["task"], nightly["timezone"]) == ("file:nightly", "report", "Europe/Berlin")
        local = datetime.fromisoformat(nightly["nextAt"]).astimezone(ZoneInfo("Europe/Berlin"))
        assert (local.hour, local.minute) == (3, 0)
        refused(later.request("DELETE", "/autopilot/schedules/file:nightly"), 409, "Declared schedule")

    @pytest.mark.parametrize(
        "wanted",
        [
            {"every": "every day"},
            {"every": "0 0 31 2 *"},
            {"every": "0 22-2 * * *"},
            {"every": "0 0 * * *", "timezone": "Mars/Base"},
        ],
    )
    def test_a_time_that_never_comes_is_refused(self, later: Later, wanted: dict[str, str]) -> None:
        document = refused(later.ask("report", **wanted), 422, "Invalid request")
        assert document["errors"][0]["pointer"] == "/every"


class TestByAnAutopilot:
    def wanted(self, **more: Any) -> dict[str, Any]:
        key = new_key()
        return {"schedule": {"task": "report", "meta": "{}", "caller": "shop", "key": key, "requestId": key, **more}}

    def test_a_task_that_it_wants_done_later_is_its_callers_run(self, later: Later) -> None:
        message = self.wanted(at=time.time() * 1000 + 60_000)

        for _ in range(2):
            assert later.deliver(message).acknowledged == {"message-0"}

        (run,) = later.sql("SELECT id, status, task FROM runs WHERE key = ?", message["schedule"]["key"])
        assert later.show(run, token="shop-token")["status"] == "queued"

    def test_what_its_caller_may_not_ask_for_is_not_done(self, later: Later) -> None:
        message = self.wanted(caller="desk", task="pay")

        assert later.deliver(message).acknowledged == {"message-0"}

        assert later.sql("SELECT id FROM runs WHERE key = ?", message["schedule"]["key"]) == []

    def test_again_and_again_is_a_schedule(self, later: Later) -> None:
        later.deliver(self.wanted(every="0 4 * * *"))

        listed = later.request("GET", "/autopilot/schedules", token="shop-token").json()["schedules"]
        assert [each["every"] for each in listed] == ["0 4 * * *"]
        later.request("DELETE", f"/autopilot/schedules/{listed[0]['id']}", token="shop-token")
