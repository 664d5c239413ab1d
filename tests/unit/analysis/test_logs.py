"""Log lines in groups: what is of one group, what is taken out of a text, and which failure a line belongs to."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.analysis.groups import FailureGroup, group
from orchestrator.analysis.log_lines import LogLine, read
from orchestrator.analysis.logs import LogGroup, group_logs, redacted
from orchestrator.analysis.rules import advice_for
from tests.unit.analysis.test_groups import entry


def event(source: Any, *, level: str = "error", request: Any = None, **metadata: Any) -> dict[str, Any]:
    return {
        "timestamp": 1_795_680_000_000,
        "source": source,
        "$workers": {"event": {"request": request} if request else {}},
        "$metadata": {"id": "1", "service": "efh-agent", "level": level, "requestId": "ray-1", **metadata},
    }


def line(number: int = 0, **more: Any) -> LogLine:
    known = {
        "at": f"2026-11-26T{number // 60:02}:{number % 60:02}:00.000Z",
        "worker": "efh-payout-batch",
        "level": "error",
        "text": "the ledger was not read",
        "run": f"ray-{number}",
    }
    return LogLine(**{**known, **more})


def grouped(lines: list[LogLine], entries: list[dict[str, Any]] | None = None) -> list[LogGroup]:
    entries = entries or []
    return group_logs(lines, entries, group(entries), {"efh-payout-batch": "payout-batch"})


def test_an_exception_is_told_by_name_and_message() -> None:
    thrown = {"name": "TypeError", "message": "x is not a function\nmore", "stack": "…", "timestamp": 1}

    found = read(event({"exception": thrown, "level": "error"}))

    assert found is not None
    assert (found.level, found.text, found.at) == (
        "exception",
        "TypeError: x is not a function",
        "2026-11-26T08:00:00.000Z",
    )


def test_what_our_workers_log_names_its_request() -> None:
    source = {"message": "the task failed", "requestId": "r1", "error": "Error: no\n    at x.ts:1"}

    found = read(event(source, request={"headers": {"x-request-id": "r2"}}))

    assert found is not None
    assert (found.text, found.request_ids, found.run) == ("the task failed: Error: no", ("r1", "r2"), "ray-1")


@pytest.mark.parametrize(
    ("source", "metadata", "text"),
    [
        ("plain words", {}, "plain words"),
        ({"message": "said", "level": "warn"}, {}, "said"),
        ({"step": 3, "ok": False}, {"message": "as Cloudflare tells it"}, "as Cloudflare tells it"),
        ({"step": 3, "ok": False}, {}, '{"ok": false, "step": 3}'),
    ],
)
def test_any_line_has_a_text(source: Any, metadata: dict[str, Any], text: str) -> None:
    found = read(event(source, level="warn", **metadata))

    assert found is not None
    assert (found.text, found.level) == (text, "warn")


@pytest.mark.parametrize(
    "odd", [{}, {**event("x"), "timestamp": "soon"}, {**event("x"), "$metadata": None}, event({"exception": 7})]
)
def test_what_has_another_shape_is_no_line(odd: dict[str, Any]) -> None:
    assert read(odd) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("run 8c2f6f0e-93a1-4bd1-9a51-1f0a8f2b6c11 took 31 ms", "run <id> took <n> ms"),
        ("refused: Bearer abc.def-ghi for ada@example.com", "refused: Bearer <secret> for <e-mail>"),
        ("apiToken=hunter2, retrying", "apiToken=<secret>, retrying"),
        ('{"password":"hunter"}', '{"password":"<secret>"}'),
        ("key sk_live_51HabcDEFghiJKL refused", "key <secret> refused"),
        ('lead "Ada Lovelace" is not there', 'lead "<text>" is not there'),
        ('no such table: "leads"', 'no such table: "leads"'),
        (
            "Cannot read properties of undefined (reading 'items')",
            "Cannot read properties of undefined (reading 'items')",
        ),
        ("GET https://example.com/a?b=c failed", "GET <address> failed"),
        ("\x1b[31mred\x07\nnext", "[<n>mred next"),
    ],
)
def test_what_names_one_case_or_is_a_secret_is_taken_out(said: str, told: str) -> None:
    assert redacted(said) == told


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=400))
def test_a_redacted_text_is_short_and_on_one_line(text: str) -> None:
    told = redacted(text)

    assert len(told) <= 301
    assert told.isprintable() or not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in told)
    assert not any(character.isdecimal() for character in told)


def test_lines_of_one_kind_are_one_group_with_all_that_others_have() -> None:
    [found] = grouped([line(number, text=f"row {number} was not read") for number in range(3)])

    assert (found.kind, found.worker, found.autopilot, found.outcome) == (
        "log", "efh-payout-batch", "payout-batch", "error",
    )  # fmt: skip
    assert (found.detail, found.count, found.part_of) == ("row <n> was not read", 3, None)
    assert (found.first_seen, found.last_seen) == ("2026-11-26T00:00:00.000Z", "2026-11-26T00:02:00.000Z")
    assert found.samples == ("ray-2", "ray-1", "ray-0")
    assert "efh-payout-batch" in found.why


@pytest.mark.parametrize("difference", [{"worker": "other"}, {"level": "warn"}, {"text": "something else"}])
def test_lines_that_differ_in_kind_are_two_groups(difference: dict[str, Any]) -> None:
    assert len(grouped([line(), line(1, **difference)])) == 2


def test_a_line_of_a_failed_task_belongs_to_its_group_and_one_of_another_task_does_not() -> None:
    entries = [entry(0), entry(1, outcome="done", status=200)]
    [failure] = group(entries)

    lines = [line(0, request_ids=("request-0",)), line(1, request_ids=("request-1",)), line(2)]
    found = {each.part_of: each for each in grouped(lines, entries)}

    assert found.keys() == {failure.id, None}
    assert (found[failure.id].samples, found[None].samples) == (("request-0",), ("ray-2", "request-1"))


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_lines_does_not_matter(seed: int) -> None:
    lines = [line(index % 7, level=("error", "warn")[index % 2], run=f"ray-{index}") for index in range(20)]

    assert grouped(random.Random(seed).sample(lines, len(lines))) == grouped(lines)  # noqa: S311 - an order, no secret


def test_the_journals_groups_are_the_same_with_logs_and_without() -> None:
    entries = [entry(index) for index in range(3)]
    before: list[FailureGroup] = group(entries)

    grouped([line(90)], entries)

    assert group(entries) == before


@pytest.mark.parametrize(
    ("is_local", "command"),
    [
        (True, "python -m local_cloudflare logs efh-payout-batch"),
        (False, "npx wrangler tail efh-payout-batch"),
    ],
)
def test_a_groups_command_shows_the_log_where_it_is(is_local: bool, command: str) -> None:
    [found] = grouped([line()])

    assert advice_for(found, is_local=is_local).command == command
    assert json.dumps(advice_for(found).cause)
