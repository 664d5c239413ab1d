"""Callers that are told what became of their task: signed, once, and never at a private address."""

from __future__ import annotations

import pytest
from standardwebhooks import Webhook

from orchestrator.dispatch.signature import secret_of
from tests.support.later import Later
from tests.support.payments import SECRET, new_key
from tests.support.refusals import refused
from tests.support.tokens import token_of


class TestCallbacks:
    def test_its_caller_is_told_signed_and_once(self, later: Later) -> None:
        key = new_key()
        run = later.queued(
            "report", {"text": "made"}, callback=f"https://hooks.example.com/hook?key={key}", token=token_of("shop")
        )
        later.try_run(run)
        assert later.calls(key) == []

        for _ in range(2):
            assert later.deliver({"callback": run["id"]}).acknowledged == {"message-0"}

        (told,) = later.calls(key)
        document = Webhook(secret_of(SECRET, "callback.shop")).verify(told["body"], told["headers"])
        assert document["type"] == "run.done"
        assert document["data"]["result"]["body"] == "made"
        assert later.show(run, token=token_of("shop"))["callback"]["status"] == "told"

    def test_a_callback_that_fails_is_tried_again_and_given_up_at_last(self, later: Later) -> None:
        key = new_key()
        run = later.queued("report", callback=f"https://hooks.example.com/hook?key={key}&status=302")
        later.try_run(run)

        assert later.deliver({"callback": run["id"]}).again["message-0"] > 0
        assert later.deliver({"callback": run["id"]}, attempts=10).again == {}

        assert later.show(run)["callback"]["status"] == "failed"

    @pytest.mark.parametrize(
        "url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://router.example.net/", "x"]
    )
    def test_an_address_that_is_private_is_never_called(self, later: Later, url: str) -> None:
        document = refused(later.ask("report", callback=url), 422, "Invalid request")
        assert document["errors"][0]["pointer"] == "/callback"
