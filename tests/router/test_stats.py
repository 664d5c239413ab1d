"""Counts, error rates and latencies of each autopilot, in workerd with real D1."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from tests.support.journals import Journal
from tests.support.refusals import refused

Client = Callable[[str], httpx.Client]
PATH = "/autopilot/stats"
HOUR = 60 * 60 * 1000  # milliseconds


def now() -> int:
    return time.time_ns() // 1_000_000


def percentile(durations: list[int], percent: int) -> int:
    """By the nearest rank: the least value that `percent` of all do not exceed; to two significant figures."""
    exact = sorted(durations)[math.ceil(percent / 100 * len(durations)) - 1]
    return int(str(exact)[:2].ljust(len(str(exact)), "0"))


def test_there_is_nothing_to_count_at_first(empty_journal: Journal) -> None:
    document = empty_journal.get(PATH).json()

    assert (document["decisions"], document["autopilots"], document["unrouted"]) == (0, {}, {})
    assert document["complete"] is True


NEW_WORDS = {"autopilot-error": "unknown", "autopilot-refused": "rejected"}


@pytest.mark.parametrize("seed", range(3))
def test_each_autopilot_is_counted(empty_journal: Journal, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - figures, no secret
    ends = [("done", 200)] * 3 + [("partly", 207), ("rejected", 422), ("rejected", 502), ("not-sent", 502)]
    ends += [("unknown", 500), ("unknown", 409), ("autopilot-error", 500), ("autopilot-refused", 404)]  # the old words
    rows = [
        {
            "at": now() - number,
            "autopilot": rng.choice(["a", "b", "c"]),
            **dict(zip(("outcome", "status"), rng.choice(ends), strict=True)),
            "duration_ms": rng.choice([0, rng.randrange(100), rng.randrange(30_000)]),
        }
        for number in range(rng.choice([3, 30, 300]))
    ]
    empty_journal.fill(rows)

    document = empty_journal.get(PATH).json()

    assert document["decisions"] == len(rows)
    assert set(document["autopilots"]) == {row["autopilot"] for row in rows}
    for name, figures in document["autopilots"].items():
        mine = [row for row in rows if row["autopilot"] == name]
        counts = Counter(NEW_WORDS.get(str(row["outcome"]), row["outcome"]) for row in mine)
        errors = sum(row["outcome"] in ("not-sent", "unknown") or int(str(row["status"])) >= 500 for row in mine)
        durations = [int(str(row["duration_ms"])) for row in mine]
        assert figures == {
            "decisions": len(mine),
            "outcomes": dict(counts),
            "errors": errors,
            "errorRate": pytest.approx(errors / len(mine)),
            "latencyMs": {f"p{each}": percentile(durations, each) for each in (50, 90, 99)},
        }


def test_a_real_task_is_in_it(empty_journal: Journal) -> None:
    empty_journal.entry(empty_journal.plan("echo"))
    empty_journal.entry(empty_journal.plan("nobody.can"))

    document = empty_journal.get(PATH).json()

    assert document["autopilots"]["echo"]["outcomes"] == {"done": 1}
    assert document["unrouted"] == {"nobody": 1}


def test_tasks_alone_are_counted_of_the_last_day_unless_asked_otherwise(empty_journal: Journal) -> None:
    empty_journal.fill(
        [
            {"at": now() - HOUR, "autopilot": "a"},
            {"at": now() - HOUR, "autopilot": "a", "kind": "health"},
            {"at": now() - 25 * HOUR, "autopilot": "a"},
            {"at": now() - 26 * HOUR, "autopilot": None, "outcome": "nobody"},
        ]
    )

    assert empty_journal.get(PATH).json()["decisions"] == 1
    assert empty_journal.get(PATH, since="7d").json()["decisions"] == 3
    assert empty_journal.get(PATH, since="7d", until="2h").json()["unrouted"] == {"nobody": 1}


def test_what_took_no_time_that_is_known_has_no_latency(empty_journal: Journal) -> None:
    empty_journal.fill([{"at": now(), "autopilot": "a"}])

    assert empty_journal.get(PATH).json()["autopilots"]["a"]["latencyMs"] == {"p50": None, "p90": None, "p99": None}


def test_counted_entries_are_told_as_those_that_are_not_yet(empty_journal: Journal) -> None:
    """Each one once, whoever counts and however often, from the first hour of the time asked for to the last."""
    end = now()
    rng = random.Random(5)  # noqa: S311 - figures, no secret
    rows = [{"at": end - HOUR * 24 * 5 * n // 9_000, "autopilot": rng.choice(["a", "b"])} for n in range(9_000)]
    empty_journal.fill(sorted(rows, key=lambda row: int(str(row["at"]))))
    for _ in range(3):
        empty_journal.count()
    empty_journal.fill([{"at": end, "id": 2**40 + n, "autopilot": "a"} for n in range(400)])

    for since in ("1h", "24h", "30h", "50h", "3d", "30d"):
        document = empty_journal.get(PATH, since=since).json()
        first = datetime.fromisoformat(document["since"]).timestamp() * 1000
        assert first <= end - parsed_hours(since) * HOUR + 1000
        assert document["decisions"] == sum(int(str(row["at"])) >= first for row in rows) + 400
        assert document["complete"] is True


def parsed_hours(age: str) -> int:
    return int(age[:-1]) * (24 if age.endswith("d") else 1)


def test_what_figures_read_does_not_grow_with_the_journal(empty_journal: Journal) -> None:
    """D1 counts each row that is looked at: 5,000,000 a day on the free plan."""
    end = now()
    for start in range(0, 12_000, 4_000):
        empty_journal.fill([{"at": end - 60_000 + n, "id": n, "autopilot": "a"} for n in range(start, start + 4_000)])
    for _ in range(3):
        empty_journal.count()

    document = empty_journal.get(PATH).json()

    assert (document["decisions"], document["complete"]) == (12_000, True)
    kept = empty_journal.sql("SELECT count(*) AS n FROM journal_counts")["results"][0]["n"]
    assert kept <= 4  # of an hour and a day, or two of each
    again = empty_journal.sql("SELECT count(*) AS n FROM journal WHERE (at, id) > (SELECT at, id FROM journal_counted)")
    assert again["results"][0]["n"] == 0


def test_where_more_is_uncounted_than_a_call_may_count_the_answer_says_so(empty_journal: Journal) -> None:
    end = now()
    for start in range(0, 12_000, 4_000):
        empty_journal.fill([{"at": end - 60_000 + n, "id": n, "autopilot": "a"} for n in range(start, start + 4_000)])

    document = empty_journal.get(PATH).json()
    later = empty_journal.get(PATH).json()

    assert (document["decisions"], document["complete"]) == (6_500, False)
    assert (later["decisions"], later["complete"]) == (12_000, True)


def test_a_full_day_makes_it_incomplete(empty_journal: Journal) -> None:
    empty_journal.fill([{"at": now(), "autopilot": "a", "serial": 30_000}])

    assert empty_journal.get(PATH).json()["complete"] is False
    empty_journal.count()
    assert empty_journal.get(PATH).json()["complete"] is False


def test_wrong_parameters_are_refused(empty_journal: Journal) -> None:
    document = refused(empty_journal.get(PATH, since="soon", limit=3), 400, "Invalid parameters")

    assert [error["parameter"] for error in document["errors"]] == ["since", "limit"]
