"""What a message of the queue does: a try, by one of all that come, again, or the end."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.router.test_runs_command import runs
from tests.support.eventually import eventually
from tests.support.later import Later, message
from tests.support.payments import new_key
from tests.support.refusals import refused
from tests.support.tokens import token_of


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

    def test_a_message_that_comes_a_little_too_soon_waits_for_its_time(self, later: Later) -> None:
        run = later.queued("report", at=datetime.fromtimestamp(time.time() + 60, UTC).isoformat())
        at = int(1000 * time.time()) + 300
        later.sql("UPDATE runs SET due_at = ? WHERE id = ?", at, run["id"])

        assert later.deliver({**message(run), "at": at}).acknowledged == {"message-0"}

        assert 1000 * time.time() >= at
        assert later.show(run)["status"] == "done"

    def test_a_message_that_comes_much_too_soon_goes_back_to_the_queue(self, later: Later) -> None:
        run = later.queued("report", at=datetime.fromtimestamp(time.time() + 60, UTC).isoformat())
        at = int(1000 * time.time()) + 60_000

        assert 50 < later.deliver({**message(run), "at": at}).again["message-0"] <= 60

        assert later.calls(run["idempotencyKey"]) == []

    def test_where_the_records_took_all_the_time_no_try_is_counted(self, later: Later) -> None:
        run = later.queued("report_late")
        for _ in range(5):
            later.make_due(run)
            assert (later.try_run(run) or 0) > 0

        shown = later.show(run)
        assert (shown["status"], shown["outcome"], shown["attemptsLeft"]) == ("queued", "not-sent", 3)
        assert "the orchestrator's own records took all the time there was" in shown["why"]
        assert later.calls(run["idempotencyKey"]) == []

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
        refused(later.request("POST", path, token=token_of("shop")), 403, "Forbidden")

        assert later.request("POST", path, token=token_of("ops")).status_code == 202
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

    def test_who_finds_no_place_looks_again_less_and_less_often(self, later: Later) -> None:
        going_on = [later.queued("narrow") for _ in range(2)]
        waiting = later.queued("narrow")
        an_hour = 3_600_000
        for run in going_on:
            later.sql(
                "UPDATE runs SET status = 'running', expires_at = created_at + ? WHERE id = ?", an_hour, run["id"]
            )

        assert 1 <= (later.try_run(waiting) or 0) <= 3
        assert later.show(waiting)["nextTryAt"] is not None
        assert later.show(waiting)["why"] == "narrow has as many runs as it may have."
        later.make_due(waiting)
        assert 150 <= (later.try_run(waiting, attempts=30) or 0) <= 450

        for run in going_on:
            later.sql("UPDATE runs SET expires_at = 1 WHERE id = ?", run["id"])
        later.make_due(waiting)
        later.try_run(waiting)
        assert later.show(waiting)["status"] == "done"

    def test_the_messages_of_a_batch_wait_for_a_place_together(self, later: Later) -> None:
        """For longer than one alone would; when there is one, all of them are done, one after the other."""
        going_on, waiting = ([later.queued("narrow") for _ in range(count)] for count in (2, 3))
        for run in going_on:
            until = int(1000 * time.time()) + 2_600
            later.sql("UPDATE runs SET status = 'running', expires_at = ? WHERE id = ?", until, run["id"])

        done = later.deliver(*map(message, waiting))

        assert done.acknowledged == {"message-0", "message-1", "message-2"}
        assert [later.show(run)["status"] for run in waiting] == ["done"] * 3

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
