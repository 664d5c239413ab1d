"""The journal in workerd, with real D1: what is written of a task, and what never is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.journals import Journal
from tests.support.workers import SECRET, SHOP_TOKEN, TOKEN

Client = Callable[[str], httpx.Client]


class TestEntry:
    def test_it_says_who_asked_for_what_and_what_became_of_it(self, journal: Journal) -> None:
        before = datetime.now(UTC)

        request_id = journal.plan("echo", {"x": 1}, authorization=f"Bearer {SHOP_TOKEN}")

        entry = journal.entry(request_id)
        at, duration = datetime.fromisoformat(entry.pop("at")), entry.pop("durationMs")
        assert (at - before).total_seconds() < 60
        assert duration >= 0
        assert entry == {
            "requestId": request_id,
            "kind": "plan",
            "caller": "shop",
            "task": "echo",
            "capability": "echo.run",
            "autopilot": "echo",
            "outcome": "done",
            "status": 200,
            "detail": None,
        }

    @pytest.mark.parametrize(
        ("task", "meta", "outcome", "status", "capability", "autopilot"),
        [
            ("echo", {"do": "plain", "status": 422, "text": ""}, "rejected", 422, "echo.run", "echo"),
            ("echo", {"do": "plain", "status": 500, "text": ""}, "unknown", 500, "echo.run", "echo"),
            ("echo", {"do": "plain", "status": 207, "text": ""}, "partly", 207, "echo.run", "echo"),
            ("echo", {"do": "redirect", "status": 307}, "rejected", 502, "echo.run", "echo"),
            ("echo", {"do": "cut"}, "unknown", 502, "echo.run", "echo"),
            ("echo_soon", {"do": "never"}, "unknown", 504, "echo.run", "echo"),
            ("gone.run", {}, "not-sent", 502, "gone.run", "gone"),
            ("nobody.can", {}, "nobody", 404, "nobody.can", None),
            ("echo", [], "invalid", 422, None, None),
        ],
    )
    def test_each_end_of_a_task_has_a_word(
        self,
        journal: Journal,
        task: str,
        meta: object,
        outcome: str,
        status: int,
        capability: str | None,
        autopilot: str | None,
    ) -> None:
        entry = journal.entry(journal.plan(task, meta))

        assert (entry["outcome"], entry["status"]) == (outcome, status)
        assert (entry["capability"], entry["autopilot"]) == (capability, autopilot)

    def test_so_has_a_task_that_came_back(self, journal: Journal) -> None:
        entry = journal.entry(journal.plan("echo", **{"x-autopilot-hop": "1"}))

        assert (entry["outcome"], entry["status"], entry["task"]) == ("loop", 508, None)

    def test_of_a_mistake_no_task_is_kept_that_was_not_checked(self, journal: Journal) -> None:
        entry = journal.entry(journal.plan("x" * 257))

        assert (entry["outcome"], entry["task"]) == ("invalid", None)

    def test_what_is_only_explained_is_not_journalled(self, journal: Journal) -> None:
        explained = journal.post({"task": "echo", "explain": True})
        refusal = journal.post({"task": "nobody.can"}, "/autopilot/plan?explain=1")
        journal.entry(journal.plan("echo"))  # comes after

        assert [journal.get(requestId=each).json()["entries"] for each in (explained, refusal)] == [[], []]

    def test_nor_is_a_call_without_a_token(self, journal: Journal) -> None:
        refusal = journal.plan("echo", authorization="Bearer wrong")
        journal.entry(journal.plan("echo"))

        assert journal.get(requestId=refusal).json()["entries"] == []

    def test_a_full_day_takes_no_more(self, empty_journal: Journal) -> None:
        """So that D1's rows of a day are left for those that must be written."""
        empty_journal.fill([{"at": time.time_ns() // 1_000_000, "serial": 29_998, "id": 1}])

        for _ in range(10):
            empty_journal.plan("echo")

        empty_journal.wait_for_serial(30_000)
        assert len(empty_journal.get().json()["entries"]) == 3

    def test_but_what_the_router_itself_does_and_what_is_never_done_twice(self, empty_journal: Journal) -> None:
        empty_journal.fill([{"at": time.time_ns() // 1_000_000, "serial": 30_000, "id": 1}])

        empty_journal.post({}, "/__scheduled")
        paid = empty_journal.plan("pay", **{"idempotency-key": "a-full-day"})
        again = empty_journal.plan("pay", **{"idempotency-key": "a-full-day"})

        assert empty_journal.entry(paid)["outcome"] == "done"
        eventually(lambda: empty_journal.get(kind="scheduled").json()["entries"], "the run is journalled")
        empty_journal.entry(empty_journal.plan("pay", **{"idempotency-key": "a-full-day-more"}))
        assert empty_journal.get(requestId=again).json()["entries"] == []

    def test_wrong_requests_do_not_fill_a_day(self, empty_journal: Journal) -> None:
        """One in twenty is written when the day has many entries."""
        empty_journal.fill([{"at": time.time_ns() // 1_000_000, "serial": 5_000, "id": 1}])

        for _ in range(40):
            empty_journal.plan("echo", [])
        empty_journal.entry(empty_journal.plan("echo"))

        assert len(empty_journal.get(outcome="invalid").json()["entries"]) < 20


def test_a_router_whose_database_is_broken_answers_all_the_same(client: Client) -> None:
    response = client("broken").post(
        "/autopilot/plan", json={"task": "echo"}, headers={"authorization": f"Bearer {TOKEN}"}
    )

    assert response.status_code == 200


def test_nothing_that_a_task_carries_is_written(client: Client, journal: Journal) -> None:
    """A canary in each place of a request and of an answer; then in all that the database holds there is none."""
    canary = "canary-9c1f"
    headers = {
        "idempotency-key": f"{canary}-key",
        "cookie": f"session={canary}",
        "user-agent": f"{canary}-agent",
        "x-secret": canary,
        "referer": f"https://example.com/?{canary}",
        "baggage": f"x={canary}",
    }
    meta = {"do": "plain", "status": 500, "text": canary, canary: canary, "password": canary}
    sent = [
        journal.post({"task": "echo", "meta": meta}, "/autopilot/plan?explain=0", **headers),
        journal.post({"task": "ask_partner", "meta": {**meta, "do": "problem"}}, **headers),
        journal.post({"task": "echo", "meta": {"do": "throw", "x": canary}}, **headers),
        journal.post({"task": "echo", "meta": canary, "more": {canary: canary}}, **headers),
        journal.post({"task": {"name": canary}}, **headers),
        journal.post({"task": "echo"}, f"/autopilot/plan?token={canary}", **headers),
    ]
    wrong = journal.post({"task": "echo"}, authorization=f"Bearer {canary}")
    entries = [journal.entry(request_id) for request_id in sent]

    held = journal.dump()

    assert journal.get(requestId=wrong).json()["entries"] == []
    assert len(entries) == len(sent)
    assert all(request_id in held for request_id in sent)
    for secret in (canary, TOKEN, SHOP_TOKEN, SECRET, SECRET.removeprefix("whsec_"), "hunter2"):
        assert secret not in held
        assert secret not in journal.get(limit=500).text
