"""What is said where the routing Worker does not answer: only what was sent may have been done."""

from __future__ import annotations

import httpx
import pytest

from orchestrator.errors import OrchestratorError, UnknownOutcome
from orchestrator.router_client.connection import RemoteDispatcher


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
