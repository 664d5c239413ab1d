"""Tasks that are done again and again: asked for by callers, by autopilots, and by autopilots.yaml."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.eventually import eventually
from tests.support.later import Later
from tests.support.payments import new_key
from tests.support.refusals import refused
from tests.support.tokens import token_of


class TestSchedules:
    @pytest.fixture
    def schedule(self, later: Later) -> Iterator[dict[str, Any]]:
        answer = later.ask("report", {"text": "again"}, every="* * * * *", token=token_of("shop"))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"/autopilot/schedules/{made['id']}"
        yield made
        later.request("DELETE", f"/autopilot/schedules/{made['id']}", token=token_of("shop"))

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
            for each in later.request("GET", "/autopilot/schedules", token=token_of("shop")).json()["schedules"]
            if each["id"] == schedule["id"]
        ]
        assert shown["missed"] == missed["times"]

    def test_it_is_its_callers_and_ends_when_it_is_removed(self, later: Later, schedule: dict[str, Any]) -> None:
        path = f"/autopilot/schedules/{schedule['id']}"
        assert schedule["id"] not in later.request("GET", "/autopilot/schedules", token=token_of("desk")).text
        refused(later.request("DELETE", path, token=token_of("desk")), 404, "No such schedule")

        assert later.request("DELETE", path, token=token_of("shop")).status_code == 204

        assert schedule["id"] not in later.request("GET", "/autopilot/schedules", token=token_of("ops")).text

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
        answer = later.ask("report", **wanted)

        document = refused(answer, 422, "Invalid request")
        assert document["errors"][0]["pointer"] == "/every"
        which = f"/autopilot/journal?requestId={document['requestId']}"
        [entry] = eventually(lambda: later.request("GET", which).json()["entries"], "it is journalled")
        assert (entry["outcome"], entry["capability"]) == ("invalid", "report.run"), "nothing was queued"


class TestByAnAutopilot:
    def wanted(self, **more: Any) -> dict[str, Any]:
        key = new_key()
        return {"schedule": {"task": "report", "meta": "{}", "caller": "shop", "key": key, "requestId": key, **more}}

    def test_a_task_that_it_wants_done_later_is_its_callers_run(self, later: Later) -> None:
        message = self.wanted(at=time.time() * 1000 + 60_000)

        for _ in range(2):
            assert later.deliver(message).acknowledged == {"message-0"}

        (run,) = later.sql("SELECT id, status, task FROM runs WHERE key = ?", message["schedule"]["key"])
        assert later.show(run, token=token_of("shop"))["status"] == "queued"

    def test_what_its_caller_may_not_ask_for_is_not_done(self, later: Later) -> None:
        message = self.wanted(caller="desk", task="pay")

        assert later.deliver(message).acknowledged == {"message-0"}

        assert later.sql("SELECT id FROM runs WHERE key = ?", message["schedule"]["key"]) == []

    def test_again_and_again_is_a_schedule(self, later: Later) -> None:
        later.deliver(self.wanted(every="0 4 * * *"))

        listed = later.request("GET", "/autopilot/schedules", token=token_of("shop")).json()["schedules"]
        assert [each["every"] for each in listed] == ["0 4 * * *"]
        later.request("DELETE", f"/autopilot/schedules/{listed[0]['id']}", token=token_of("shop"))
