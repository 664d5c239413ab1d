"""The query of the Workers' logs: what it asks, how it goes on, and what it makes of an answer of another shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.telemetry import LoggedEvents, logged_failures
from orchestrator.errors import CloudflareError


def asked(answer: Callable[[Any], Any], *, most: int = 5_000) -> tuple[LoggedEvents, list[Any]]:
    questions: list[Any] = []

    def respond(request: httpx.Request) -> httpx.Response:
        questions.append(json.loads(request.content))
        result = answer(questions[-1])
        return httpx.Response(200, json={"success": True, "errors": [], "messages": [], "result": result})

    with Account(account_id="a" * 32, token="t" * 40, transport=httpx.MockTransport(respond)) as account:
        return logged_failures(account, ["one", "two"], since_ms=1, until_ms=2, most=most), questions


def page(question: Any, count: int) -> dict[str, Any]:
    """The next events of `count`, whose ids fall."""
    first = int(question.get("offset", count))
    ids = range(first - 1, max(-1, first - 1 - question["limit"]), -1)
    return {"run": {"status": "COMPLETED"}, "events": {"events": [{"$metadata": {"id": str(id)}} for id in ids]}}


def test_it_goes_on_from_the_last_event_and_ends() -> None:
    found, questions = asked(lambda question: page(question, 2_500))

    assert len(found.events) == 2_500
    assert len({each["$metadata"]["id"] for each in found.events}) == 2_500
    assert not found.is_cut
    assert [(each["limit"], each.get("offset")) for each in questions] == [(2_000, None), (2_000, "500")]
    assert questions[0]["timeframe"] == {"from": 1, "to": 2}
    assert questions[0]["dry"] is True


def test_more_than_it_wants_is_told() -> None:
    found, questions = asked(lambda question: page(question, 9_000), most=3_000)

    assert (len(found.events), found.is_cut, [each["limit"] for each in questions]) == (3_000, True, [2_000, 1_000])


def test_a_sample_is_told() -> None:
    found, _ = asked(lambda question: {**page(question, 1), "statistics": {"abr_level": 10}})

    assert found.is_sampled


@pytest.mark.parametrize(
    "answer",
    [
        {"run": {"status": "STARTED"}, "events": {"events": []}},
        {},
        {"events": []},
        None,
        {"events": {"events": [{}]}},
        {"events": {"events": "none"}, "run": 7},
    ],
)
def test_an_answer_of_another_shape_is_an_error_of_ours(answer: Any) -> None:
    with pytest.raises(CloudflareError, match="logs"):
        asked(lambda _: answer)
