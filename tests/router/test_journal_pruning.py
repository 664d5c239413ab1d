"""What the journal costs of D1's written rows, and how it is kept from growing: in workerd, with real D1."""

from __future__ import annotations

import time

import pytest

from tests.support.journals import Journal

DAY = 24 * 60 * 60 * 1000  # milliseconds


class TestPruning:
    @pytest.mark.parametrize(
        ("days", "left"),
        [(None, [1, 29]), ("30", [1, 29]), ("2", [1]), ("90", [1, 29, 31]), ("x", [1, 29]), ("0", [1, 29])],
    )
    def test_what_is_older_goes(self, empty_journal: Journal, days: str | None, left: list[int]) -> None:
        now = time.time_ns() // 1_000_000
        empty_journal.fill([{"at": now - age * DAY, "task": f"{age}"} for age in (1, 29, 31, 100)])

        pruned = empty_journal.prune(days)

        assert [entry["task"] for entry in empty_journal.get().json()["entries"]] == [str(age) for age in left]
        assert pruned == 4 - len(left)

    def test_one_run_removes_a_bounded_number_the_oldest_first(self, empty_journal: Journal) -> None:
        """What is removed counts as written: 100,000 rows a day."""
        now = time.time_ns() // 1_000_000
        empty_journal.fill([{"at": now - 40 * DAY - number, "task": f"{number}"} for number in range(700)])

        assert [empty_journal.prune(), empty_journal.prune(), empty_journal.prune()] == [400, 300, 0]

    def test_so_do_the_counts_of_what_is_older(self, empty_journal: Journal) -> None:
        now = time.time_ns() // 1_000_000
        empty_journal.fill([{"at": now - age * DAY} for age in (40, 29)])
        empty_journal.count()

        empty_journal.prune()

        kept = empty_journal.sql("SELECT start FROM journal_counts")["results"]
        assert [now - row["start"] < 30 * DAY for row in kept] == [True, True]

    def test_an_entry_is_one_written_row_and_so_is_its_end(self, empty_journal: Journal) -> None:
        """An index would be one more."""
        columns = "at, id, serial, request_id, kind, caller, outcome"
        written = empty_journal.sql(f"INSERT INTO journal ({columns}) VALUES (1, 1, 1, 'r', 'plan', 'c', 'done')")  # noqa: S608

        removed = empty_journal.sql("DELETE FROM journal")

        assert [written["meta"]["rows_written"], removed["meta"]["rows_written"]] == [1, 1]
