"""A task that must not be done twice, under load, with workerd killed in the middle: tests/support/at_most_once.py says
how; `python -m bench.at_most_once` is the same with thousands of requests."""

from __future__ import annotations

from tests.support.at_most_once import measure


def test_no_run_is_done_twice_and_no_success_is_wrong() -> None:
    figures = measure(keys=60, repeats=6, kills=2, at_once=32)

    assert figures.most_deeds == 1
    assert (figures.wrong_successes, figures.changed_answers) == (0, 0)
    assert figures.most_calls <= 2, "one more only after a refusal with nothing done"
    # The load was what it is meant to be.
    assert (figures.kills, figures.requests) == (2, 60 * 7)
    assert {"201", "201 replayed", "409 Outcome unknown", "no answer"} <= set(figures.answers)
