"""`/autopilot/journal` in workerd, with real D1: filters, pages, and what is wrong with parameters."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.support.journals import Journal
from tests.support.refusals import refused
from tests.support.workers import TOKEN

Client = Callable[[str], httpx.Client]


class TestReading:
    NOW = 1_800_000_000_000  # Fri, 15 Jan 2027 08:00:00 GMT

    @pytest.fixture
    def filled(self, empty_journal: Journal) -> Journal:
        """Ten entries, a minute apart, of two autopilots."""
        empty_journal.fill(
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
        return empty_journal

    def ids(self, response: httpx.Response) -> list[str]:
        assert response.status_code == 200, response.text
        return [entry["requestId"] for entry in response.json()["entries"]]

    @pytest.mark.parametrize(("old", "word"), [("autopilot-error", "unknown"), ("autopilot-refused", "rejected")])
    def test_an_old_word_is_read_as_it_is_written_today(self, empty_journal: Journal, old: str, word: str) -> None:
        empty_journal.fill([{"at": self.NOW, "request_id": "r", "outcome": old}])

        (entry,) = empty_journal.get(outcome=word).json()["entries"]

        assert entry["outcome"] == word
        assert empty_journal.get(outcome=old).status_code == 400

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
            ({"requestId": "r7"}, "7"),
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

    def test_entries_of_one_millisecond_are_paged_too(self, empty_journal: Journal) -> None:
        empty_journal.fill([{"at": self.NOW, "request_id": f"r{number}"} for number in range(5)])

        first = empty_journal.get(limit=2).json()
        second = empty_journal.get(limit=9, cursor=first["next"])

        assert self.ids(second) == ["r2", "r1", "r0"]

    def test_a_rare_one_is_found_page_by_page(self, empty_journal: Journal) -> None:
        """A page looks at 10,000 entries and no more; `next` continues from there."""
        rows = [{"at": self.NOW + number} for number in range(12_000)]
        empty_journal.fill([{**rows[0], "task": "rare"}, *rows[1:]])

        first = empty_journal.get(task="rare").json()
        second = empty_journal.get(task="rare", cursor=first["next"]).json()

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
