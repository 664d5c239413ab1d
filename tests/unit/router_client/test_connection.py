"""What is said where the routing Worker does not answer (only what was sent may have been done), or finds nothing by a
name that nobody has."""

from __future__ import annotations

import httpx
import pytest

from orchestrator.errors import OrchestratorError, UnknownOutcome, UserError
from orchestrator.router_client.connection import RemoteDispatcher, RouterConnection

LIST = {
    "registrations": "current",
    "autopilots": [{"name": "payout-batch"}, {"name": "helper"}],
    "tasks": [{"name": "run_payout_batch"}],
    "capabilities": ["payouts.batch.run"],
    "callers": ["finance", "shop"],
}


def failing(error: httpx.HTTPError) -> RemoteDispatcher:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    return RemoteDispatcher("https://router.example.com", "t" * 32, transport=httpx.MockTransport(fail))


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow")])
def test_where_nobody_listens_nothing_was_sent(error: httpx.HTTPError) -> None:
    with pytest.raises(OrchestratorError, match="did not answer") as caught:
        failing(error).plan("run_payout_batch", {})

    assert (type(caught.value), caught.value.exit_code) == (OrchestratorError, 1)
    assert "nothing was sent, so a retry is safe" in caught.value.hint


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("closed")])
def test_what_was_sent_may_have_been_done(error: httpx.HTTPError) -> None:
    with pytest.raises(UnknownOutcome, match="did not answer") as caught:
        failing(error).plan("run_payout_batch", {})

    assert caught.value.exit_code == 3
    assert "may have been forwarded" in caught.value.hint


def test_a_question_is_never_an_unknown_outcome() -> None:
    with pytest.raises(OrchestratorError) as caught:
        failing(httpx.ReadTimeout("slow")).explain("run_payout_batch")

    assert caught.value.exit_code == 1


def listing(**told: object) -> RouterConnection:
    answer = {name: value for name, value in {**LIST, **told}.items() if value is not None}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    return RouterConnection("https://router.example.com", "t" * 32, transport=transport)


def never_seen(_kind: str, _name: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("filters", "message", "hint"),
    [
        ({"autopilot": "payout-bach"}, "there is no autopilot 'payout-bach'", "did you mean payout-batch? There are: "),
        ({"task": "nope", "kind": "plan"}, "there is no task 'nope'", "run_payout_batch, payouts.batch.run"),
        ({"autopilot": "helper", "caller": "ops"}, "there is no caller 'ops'", "There are: finance, shop"),
    ],
)
def test_a_name_that_nobody_has_is_refused_with_those_that_there_are(
    filters: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(UserError) as caught:
        listing().check_names(filters, never_seen)

    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"autopilot": "helper", "task": "payouts.batch.run", "caller": "shop"}, {}),
        ({"kind": "plan", "outcome": "done"}, {}),
        ({"autopilot": "gone"}, {"registrations": "unreadable"}),  # it may be registered
        ({"caller": "anybody"}, {"callers": None}),  # an orchestrator of before it told
    ],
)
def test_a_name_is_taken_that_is_known_or_may_be(filters: dict[str, str], told: dict[str, object]) -> None:
    listing(**told).check_names(filters, never_seen)


def test_a_name_that_has_left_the_file_is_known_by_its_records() -> None:
    records = {("autopilot", "gone"), ("task", "old")}

    listing().check_names({"autopilot": "gone", "task": "old"}, lambda *name: name in records)
