"""The journal in workerd, with real D1: what is written of a task, what never is, and how it is read and pruned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.conformance.journals import Journal
from tests.conformance.test_router_http import refused
from tests.conformance.workers import SECRET, SHOP_TOKEN, TOKEN

Client = Callable[[str], httpx.Client]
DAY = 24 * 60 * 60 * 1000  # milliseconds


@pytest.fixture
def journal(client: Client) -> Journal:
    return Journal(client)


@pytest.fixture
def empty(journal: Journal) -> Iterator[Journal]:
    """And empty again afterwards: a day may be full."""
    journal.clear()
    yield journal
    journal.clear()


class TestEntry:
    def test_it_says_who_asked_for_what_and_what_became_of_it(self, journal: Journal) -> None:
        before = datetime.now(UTC)

        request_id = journal.plan("echo", {"x": 1}, authorization=f"Bearer {SHOP_TOKEN}")

        entry = journal.entry(request_id)
        at, duration = datetime.fromisoformat(entry.pop("at")), entry.pop("duration_ms")
        assert (at - before).total_seconds() < 60
        assert duration >= 0
        assert entry == {
            "request_id": request_id,
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
        ("task", "meta", "outcome", "status", "autopilot"),
        [
            ("echo", {"do": "plain", "status": 422, "text": ""}, "autopilot-refused", 422, "echo"),
            ("echo", {"do": "plain", "status": 500, "text": ""}, "autopilot-error", 500, "echo"),
            ("echo", {"do": "redirect", "status": 307}, "rejected", 502, "echo"),
            ("echo", {"do": "cut"}, "unknown", 502, "echo"),
            ("echo_soon", {"do": "never"}, "unknown", 504, "echo"),
            ("gone.run", {}, "not-sent", 502, "gone"),
            ("nobody.can", {}, "nobody", 404, None),
            ("echo", [], "invalid", 422, None),
        ],
    )
    def test_each_end_of_a_task_has_a_word(
        self, journal: Journal, task: str, meta: object, outcome: str, status: int, autopilot: str | None
    ) -> None:
        entry = journal.entry(journal.plan(task, meta))

        assert (entry["outcome"], entry["status"], entry["autopilot"]) == (outcome, status, autopilot)

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

        assert [journal.get(request_id=each).json()["entries"] for each in (explained, refusal)] == [[], []]

    def test_nor_is_a_call_without_a_token(self, journal: Journal) -> None:
        refusal = journal.plan("echo", authorization="Bearer wrong")
        journal.entry(journal.plan("echo"))

        assert journal.get(request_id=refusal).json()["entries"] == []

    def test_a_full_day_takes_no_more(self, empty: Journal) -> None:
        """So that D1's rows of a day are left for those that must be written."""
        empty.fill([{"at": time.time_ns() // 1_000_000, "serial": 39_998, "id": 1}])

        for _ in range(10):
            empty.plan("echo")

        empty.wait_for_serial(40_000)
        assert len(empty.get().json()["entries"]) == 3


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
        journal.post({"task": "echo", "meta": meta}, f"/autopilot/plan?token={canary}&explain=0", **headers),
        journal.post({"task": "ask_partner", "meta": {**meta, "do": "problem"}}, **headers),
        journal.post({"task": "echo", "meta": {"do": "throw", "x": canary}}, **headers),
        journal.post({"task": "echo", "meta": canary, "more": {canary: canary}}, **headers),
        journal.post({"task": {"name": canary}}, **headers),
    ]
    wrong = journal.post({"task": "echo"}, authorization=f"Bearer {canary}")
    entries = [journal.entry(request_id) for request_id in sent]

    held = journal.dump()

    assert journal.get(request_id=wrong).json()["entries"] == []
    assert len(entries) == len(sent)
    assert all(request_id in held for request_id in sent)
    for secret in (canary, TOKEN, SHOP_TOKEN, SECRET, SECRET.removeprefix("whsec_"), "hunter2"):
        assert secret not in held
        assert secret not in journal.get(limit=500).text


class TestReading:
    NOW = 1_800_000_000_000  # Fri, 15 Jan 2027 08:00:00 GMT

    @pytest.fixture
    def filled(self, empty: Journal) -> Journal:
        """Ten entries, a minute apart, of two autopilots."""
        empty.fill(
            [
                {
                    "at": self.NOW + number * 60_000,
                    "request_id": f"r{number}",
                    "autopilot": "odd" if number % 2 else "even",
                    "outcome": "done" if number % 5 else "unknown",
                    "task": f"task_{number}",
                    "kind": "plan" if number < 8 else "health",
                    "caller": "shop" if number == 3 else "default",
                }
                for number in range(10)
            ]
        )
        return empty

    def ids(self, response: httpx.Response) -> list[str]:
        assert response.status_code == 200, response.text
        return [entry["request_id"] for entry in response.json()["entries"]]

    def test_the_newest_comes_first(self, filled: Journal) -> None:
        response = filled.get()

        assert self.ids(response) == [f"r{number}" for number in reversed(range(10))]
        assert response.json()["next"] is None
        assert response.json()["entries"][0]["at"] == "2027-01-15T08:09:00.000Z"

    @pytest.mark.parametrize(
        ("parameters", "found"),
        [
            ({"since": "2027-01-15T08:08:00Z"}, "98"),
            ({"until": "2027-01-15T09:01:00+01:00"}, "0"),
            ({"since": "2027-01-15T08:03:00Z", "until": "2027-01-15T08:05:00Z"}, "43"),
            ({"since": "2027-01-16"}, ""),
            ({"autopilot": "odd"}, "97531"),
            ({"autopilot": "odd", "outcome": "unknown"}, "5"),
            ({"task": "task_4"}, "4"),
            ({"kind": "health"}, "98"),
            ({"caller": "shop"}, "3"),
            ({"request_id": "r7"}, "7"),
            ({"outcome": "not-sent"}, ""),
        ],
    )
    def test_parameters_narrow_it(self, filled: Journal, parameters: dict[str, str], found: str) -> None:
        assert self.ids(filled.get(**parameters)) == [f"r{number}" for number in found]

    @pytest.mark.parametrize("limit", [1, 3, 5, 10])
    @pytest.mark.parametrize("parameters", [{}, {"kind": "plan"}])
    def test_the_pages_together_are_the_whole(self, filled: Journal, limit: int, parameters: dict[str, str]) -> None:
        pages = [filled.get(limit=limit, **parameters).json()]
        while pages[-1]["next"]:
            pages.append(filled.get(limit=limit, cursor=pages[-1]["next"], **parameters).json())

        assert all(len(page["entries"]) <= limit for page in pages)
        entries = [entry for page in pages for entry in page["entries"]]
        assert entries == filled.get(**parameters).json()["entries"]

    def test_entries_of_one_millisecond_are_paged_too(self, empty: Journal) -> None:
        empty.fill([{"at": self.NOW, "request_id": f"r{number}"} for number in range(5)])

        first = empty.get(limit=2).json()
        second = empty.get(limit=9, cursor=first["next"])

        assert self.ids(second) == ["r2", "r1", "r0"]

    def test_a_rare_one_is_found_page_by_page(self, empty: Journal) -> None:
        """A page looks at 10,000 entries and no more; `next` goes on from there."""
        rows = [{"at": self.NOW + number} for number in range(12_000)]
        empty.fill([{**rows[0], "task": "rare"}, *rows[1:]])

        first = empty.get(task="rare").json()
        second = empty.get(task="rare", cursor=first["next"]).json()

        assert (first["entries"], first["next"] is None) == ([], False)
        assert [entry["task"] for entry in second["entries"]] == ["rare"]
        assert second["next"] is None

    def test_all_that_is_wrong_with_the_parameters_is_said_at_once(self, journal: Journal) -> None:
        response = journal.get(since="yesterday", until="2027-13-01", limit=0, cursor="?", autopilot="", colour="red")

        document = refused(response, 400, "Invalid parameters")

        time_message = "must be a time (2026-11-22T10:00:00Z), a date, or an age (24h)"
        errors = [(error["parameter"], error["message"]) for error in document["errors"]]
        assert errors[:5] == [
            ("since", time_message),
            ("until", time_message),
            ("autopilot", "must be of 1 to 256 characters"),
            ("limit", "must be a whole number from 1 to 500"),
            ("cursor", "must be the `next` of a page before"),
        ]
        assert errors[5][0] == "colour"
        assert "since, until, autopilot" in errors[5][1]

    @pytest.mark.parametrize(
        "parameters", [{"limit": "501"}, {"limit": "1e2"}, {"cursor": "1.2.3"}, {"task": "x" * 257}, {"since": "1y"}]
    )
    def test_each_wrong_one_is_refused(self, journal: Journal, parameters: dict[str, str]) -> None:
        refused(journal.get(**parameters), 400, "Invalid parameters")

    def test_one_may_be_given_once(self, client: Client) -> None:
        headers = {"authorization": f"Bearer {TOKEN}"}

        response = client("journalled").get("/autopilot/journal?task=a&task=b", headers=headers)

        assert refused(response, 400, "Invalid parameters")["errors"][0]["message"] == "may be given once"

    def test_without_a_database_there_is_none(self, client: Client) -> None:
        refused(Journal(client, "unrecorded").get(), 503, "Not configured")


class TestPruning:
    @pytest.mark.parametrize(
        ("days", "left"),
        [(None, [1, 29]), ("30", [1, 29]), ("2", [1]), ("90", [1, 29, 31]), ("x", [1, 29]), ("0", [1, 29])],
    )
    def test_what_is_older_goes(self, empty: Journal, days: str | None, left: list[int]) -> None:
        now = time.time_ns() // 1_000_000
        empty.fill([{"at": now - age * DAY, "task": f"{age}"} for age in (1, 29, 31, 100)])

        pruned = empty.prune(days)

        assert [entry["task"] for entry in empty.get().json()["entries"]] == [str(age) for age in left]
        assert pruned == 4 - len(left)

    def test_one_run_removes_a_bounded_number_the_oldest_first(self, empty: Journal) -> None:
        """What is removed counts as written: 100,000 rows a day."""
        now = time.time_ns() // 1_000_000
        empty.fill([{"at": now - 40 * DAY - number, "task": f"{number}"} for number in range(700)])

        assert [empty.prune(), empty.prune(), empty.prune()] == [500, 200, 0]

    def test_an_entry_is_one_written_row_and_so_is_its_end(self, empty: Journal) -> None:
        """An index would be one more."""
        columns = "at, id, serial, request_id, kind, caller, outcome"
        written = empty.sql(f"INSERT INTO journal ({columns}) VALUES (1, 1, 1, 'r', 'plan', 'c', 'done')")  # noqa: S608

        removed = empty.sql("DELETE FROM journal")

        assert [written["meta"]["rows_written"], removed["meta"]["rows_written"]] == [1, 1]
