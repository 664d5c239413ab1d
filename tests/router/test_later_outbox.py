"""Runs whose message is missing, and callers that were not told: the cron finds them, in minutes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.later import Later, message
from tests.support.payments import new_key

MINUTE = 60_000


def sent_at(later: Later, run: dict[str, Any]) -> int | None:
    (row,) = later.sql("SELECT sent_at FROM runs WHERE id = ?", run["id"])
    at: int | None = row["sent_at"]
    return at


def is_sent_again(later: Later, run: dict[str, Any]) -> bool:
    """Whether the cron, which comes now, sends another message for it."""
    before = sent_at(later, run)
    later.request("POST", "/__scheduled")
    return sent_at(later, run) != before


def aged(later: Later, *, due: float, sent: float, task: str = "report") -> dict[str, Any]:
    """A run that should have been tried so many minutes ago, and whose message was sent so many minutes ago."""
    run = later.queued(task)
    now = int(time.time() * 1000)
    later.sql(
        "UPDATE runs SET due_at = ?, sent_at = ? WHERE id = ?",
        *(int(now - due * MINUTE), int(now - sent * MINUTE), run["id"]),
    )
    return run


class TestMessages:
    def test_what_is_further_away_than_a_queue_can_wait_is_fed_to_it_by_the_cron(self, later: Later) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 100_000))
        run = later.queued("report_now", at=at)
        assert sent_at(later, run) is None
        later.request("POST", "/__scheduled")
        assert sent_at(later, run) is None

        later.sql("UPDATE runs SET due_at = ? WHERE id = ?", int(time.time() * 1000) + 60_000, run["id"])
        assert later.request("POST", "/__scheduled").json()["fed"] >= 1

        assert sent_at(later, run) is not None

    def test_one_that_the_queue_did_not_take_is_sent_when_the_cron_comes(self, later: Later) -> None:
        run = later.queued("report", router="unfed")
        assert sent_at(later, run) is None

        assert is_sent_again(later, run)

    def test_one_that_did_not_come_is_sent_again_after_minutes(self, later: Later) -> None:
        lost, on_its_way = aged(later, due=11, sent=11), aged(later, due=5, sent=5)

        assert is_sent_again(later, lost)
        assert not is_sent_again(later, on_its_way)
        assert not is_sent_again(later, lost)

    def test_a_queue_that_is_far_behind_is_not_filled(self, later: Later) -> None:
        assert not is_sent_again(later, aged(later, due=100, sent=40))
        assert is_sent_again(later, aged(later, due=100, sent=60))

    def test_a_run_that_waits_for_its_next_try_has_its_message(self, later: Later) -> None:
        run = aged(later, due=11, sent=60)
        later.sql("UPDATE runs SET due_at = ? WHERE id = ?", int(time.time() * 1000) + MINUTE, run["id"])

        assert not is_sent_again(later, run)

    def test_what_died_with_its_message_is_tried_again_by_another_one(self, later: Later) -> None:
        run = aged(later, due=11, sent=11)
        later.sql(
            "UPDATE runs SET status = 'running', attempts = 1, due_at = NULL, expires_at = ? WHERE id = ?",
            *(int(time.time() * 1000) - 11 * MINUTE, run["id"]),
        )

        assert is_sent_again(later, run)
        later.try_run(run)
        assert (later.show(run)["status"], later.show(run)["attempts"]) == ("done", 2)

    def test_an_autopilot_that_is_out_is_asked_after_less_and_less_often(self, later: Later) -> None:
        run = later.queued("report")
        of_nobody = {**message(run), "task": "nobody"}

        assert later.deliver(of_nobody).again["message-0"] == 60
        assert later.show(run)["nextTryAt"] is not None
        later.make_due(run)
        assert later.deliver(of_nobody, attempts=5).again["message-0"] == 304
        later.make_due(run)
        assert later.deliver(of_nobody, attempts=50).again["message-0"] == 900

        assert not is_sent_again(later, run)


class TestCallbacks:
    def test_who_was_not_told_is_told_in_minutes(self, later: Later) -> None:
        key = new_key()
        run = later.queued("report", callback=f"https://hooks.example.com/hook?key={key}")
        later.try_run(run)
        assert not is_sent_again(later, run)
        ago = int(time.time() * 1000) - 11 * MINUTE
        later.sql("UPDATE runs SET finished_at = ?, sent_at = ? WHERE id = ?", ago, ago, run["id"])

        assert is_sent_again(later, run)
        assert not is_sent_again(later, run)

    def test_a_try_that_is_to_come_is_waited_for(self, later: Later) -> None:
        run = later.queued("report", callback=f"https://hooks.example.com/hook?key={new_key()}&status=500")
        later.try_run(run)
        later.sql("UPDATE runs SET finished_at = 1 WHERE id = ?", run["id"])

        assert later.deliver({"callback": run["id"]}, attempts=9).again["message-0"] > 1200

        assert not is_sent_again(later, run)


@pytest.mark.parametrize("router", ["router", "queueless"])
def test_people_see_that_tasks_wait(later: Later, router: str) -> None:
    """Also where the queue was taken away meanwhile."""
    run = later.queued("report")
    later.sql("UPDATE runs SET started_at = started_at - ? WHERE id = ?", 120 * MINUTE, run["id"])

    later.request("POST", "/__scheduled", router=router)

    waiting = later.request("GET", "/autopilot/stats", router=router).json()["waiting"]
    assert waiting["runs"] >= 1
    assert waiting["oldestSeconds"] >= 7200
    (check,) = later.request("GET", "/health", router=router).json()["checks"]["orchestrator:queue"]
    assert (check["status"], "should have been tried at" in check["output"]) == ("warn", True)
    metrics = dict(line.rsplit(" ", 1) for line in later.request("GET", "/metrics", router=router).text.splitlines())
    assert float(metrics["orchestrator_waiting_runs"]) >= 1
    assert float(metrics["orchestrator_oldest_waiting_run_timestamp_seconds"]) <= time.time() - 7200
    later.request("DELETE", f"/autopilot/runs/{run['id']}")
