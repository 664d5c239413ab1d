"""A task with `once: true`, through the routing Worker in workerd with a real D1: for one caller and Idempotency-Key
at most one call reaches the autopilot, and a repeat is told what became of the first."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.eventually import eventually
from tests.support.payments import PAYER_SECRET, SHOP_TOKEN, Payments, new_key
from tests.support.refusals import refused


class TestKey:
    def test_without_one_nothing_is_sent(self, payments: Payments) -> None:
        document = refused(payments.pay(None), 400, "Idempotency-Key required")

        assert document["hint"].startswith("Send a new key")

    @pytest.mark.parametrize("key", ["", "two words", "a" * 256, "first, second"])
    def test_a_malformed_one_is_refused(self, payments: Payments, key: str) -> None:
        refused(payments.pay(key), 400, "Idempotency-Key malformed")

    @pytest.mark.parametrize("key", ["1", "a" * 247, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
    def test_anything_else_visible_is_one(self, payments: Payments, key: str) -> None:
        assert payments.pay(new_key()[:8] + key).status_code == 201

    def test_the_capabilitys_own_name_is_no_way_around_it(self, payments: Payments) -> None:
        refused(payments.pay(None, task="pay.run"), 400, "Idempotency-Key required")

    def test_explain_needs_none_and_claims_nothing(self, payments: Payments) -> None:
        key = new_key()

        answers = [payments.pay(None, explain=True), payments.pay(key, explain=True)]

        assert [answer.json()["autopilot"] for answer in answers] == ["payer", "payer"]
        assert payments.calls(key) == []
        assert payments.pay(key).text == "paid, call 1"


class TestForwarding:
    def test_the_key_goes_on_in_its_header_and_in_the_signed_body(self, payments: Payments) -> None:
        key = new_key()

        answer = payments.pay(key, {"amount": 5})

        (call,) = payments.calls(key)
        assert call["headers"]["idempotency-key"] == key
        run = {"id": answer.headers["x-run-id"], "key": key, "caller": "default", "attempt": 1}
        assert json.loads(call["body"]) == {
            "task": "pay",
            "capability": "pay.run",
            "meta": {"amount": 5},
            "autopilot": "payer",
            "caller": "default",
            "requestId": call["headers"]["x-request-id"],
            "run": run,
        }
        assert call["isVerified"]
        Webhook(PAYER_SECRET).verify(call["body"], call["headers"])

    def test_the_messages_id_is_made_of_caller_and_key(self, payments: Payments) -> None:
        key = new_key()

        answer = payments.pay(key)

        digest = hashlib.sha256(json.dumps(["default", key], separators=(",", ":")).encode()).hexdigest()[:32]
        (call,) = payments.calls(key)
        assert call["headers"]["webhook-id"] == f"msg_{digest}"
        assert answer.headers["x-run-id"] == f"run_{digest}"


class TestReplay:
    @pytest.mark.parametrize(
        "meta",
        [
            {"text": "Grüße 😀", "type": "text/html; charset=utf-8"},
            {"text": "", "status": 200},
            {"text": '{"id": 1}', "type": "application/json", "status": 202},
            {"text": '{"title": "No"}', "type": "application/problem+json", "status": 422},
            {"text": "a\0b"},
            {"bytes": 3000, "type": "application/octet-stream"},
            {"text": "gone", "status": 410, "headers": {"retry-after": "3"}},
            {"text": "half", "status": 207, "headers": {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}},
            {"text": "as it is", "headers": {"content-encoding": "aes128gcm"}},
        ],
        ids=["page", "empty", "json", "refusal", "with NUL", "bytes", "with Retry-After", "in part", "in an encoding"],
    )
    def test_a_repeat_gets_the_first_answer(self, payments: Payments, meta: dict[str, Any]) -> None:
        key = new_key()

        first, again, elsewhere = (payments.pay(key, meta, router=name) for name in ("router", "router", "elsewhere"))

        for repeat in (again, elsewhere):
            assert (repeat.status_code, repeat.content) == (first.status_code, first.content)
            for header in ("content-type", "x-autopilot", "x-run-id", "retry-after", "content-encoding"):
                assert (
                    repeat.headers.get(header)
                    == first.headers.get(header)
                    == meta.get("headers", {}).get(header, first.headers.get(header))
                )
            assert repeat.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert len(payments.calls(key)) == 1

    @pytest.mark.parametrize("other", ['{"invoice": 9007199254740993}', '{"invoice": 9007199254740992.0}'])
    def test_numbers_that_a_double_cannot_tell_apart_are_two_requests(self, payments: Payments, other: str) -> None:
        key = new_key()
        headers = {"idempotency-key": key}
        texts = ['{"invoice": 9007199254740992}', ' { "invoice":9007199254740992}', other]

        first, again, third = (
            payments.post_text(f'{{"task": "pay", "meta": {text}}}', headers=headers) for text in texts
        )

        assert (first.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        refused(third, 422, "Idempotency-Key reused")

    def test_a_key_in_quotation_marks_is_the_same_key(self, payments: Payments) -> None:
        key = new_key()

        first, again = payments.pay(f'"{key}"'), payments.pay(key)

        assert (first.text, again.headers["idempotency-replayed"]) == ("paid, call 1", "true")

    def test_the_order_of_members_makes_no_other_request(self, payments: Payments) -> None:
        key = new_key()

        first = payments.pay(key, {"text": "x", "list": [{"b": 1, "a": 2}]})
        again = payments.pay(key, {"list": [{"a": 2, "b": 1}], "text": "x"})

        assert (first.text, again.headers["idempotency-replayed"]) == ("x", "true")

    @pytest.mark.parametrize(
        ("task", "meta"),
        [("pay", {"a": 2}), ("pay", {"a": "1"}), ("pay", {"a": [1]}), ("pay_soon", {"a": 1})],
        ids=["another value", "another type", "another shape", "another task"],
    )
    def test_the_same_key_with_another_request_is_refused(self, payments: Payments, task: str, meta: object) -> None:
        key = new_key()
        payments.pay(key, {"a": 1})

        document = refused(payments.pay(key, meta, task=task), 422, "Idempotency-Key reused")

        assert document["run"].startswith("run_")
        assert len(payments.calls(key)) == 1

    def test_each_caller_has_keys_of_its_own(self, payments: Payments) -> None:
        key = new_key()

        ours, theirs = payments.pay(key, {"who": "us"}), payments.pay(key, {"who": "them"}, token=SHOP_TOKEN)

        assert (ours.status_code, theirs.status_code) == (201, 201)
        assert ours.headers["x-run-id"] != theirs.headers["x-run-id"]
        callers = [json.loads(call["body"])["run"]["caller"] for call in payments.calls(key)]
        assert callers == ["default", "shop"]
        assert len({call["headers"]["webhook-id"] for call in payments.calls(key)}) == 2

    def test_an_answer_that_is_too_long_is_passed_on_and_not_kept(self, payments: Payments) -> None:
        key, meta = new_key(), {"text": "x" * (256 * 1024 + 1)}

        first, again = payments.pay(key, meta), payments.pay(key, meta)

        assert (first.status_code, len(first.content)) == (201, 256 * 1024 + 1)
        document = refused(again, 410, "Answer not kept")
        assert (document["outcome"], document["retrySafe"]) == ("done", False)
        assert "status 201, 262145 bytes" in document["detail"]
        assert len(payments.calls(key)) == 1


class TestWhileItRuns:
    def test_a_repeat_is_told_to_come_back(self, payments: Payments) -> None:
        key, meta = new_key(), {"do": "hold"}
        with ThreadPoolExecutor() as pool:
            first = pool.submit(payments.pay, key, meta)
            eventually(lambda: len(payments.calls(key)) == 1, "the payment is called for")

            repeats = [payments.pay(key, meta, router=name) for name in ("router", "elsewhere")]
            another = payments.pay(key, {"do": "other"})
            payments.release(key)

        for repeat in repeats:
            document = refused(repeat, 409, "Already running")
            assert (int(repeat.headers["retry-after"]) > 0, document["run"]) == (
                True,
                first.result().headers["x-run-id"],
            )
        refused(another, 422, "Idempotency-Key reused")
        assert first.result().text == payments.pay(key, meta).text == "paid, call 1"

    def test_of_many_at_the_same_moment_one_is_sent(self, payments: Payments) -> None:
        key = new_key()
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda n: payments.pay(key, router=("router", "elsewhere")[n % 2]), range(20)))

        assert {answer.status_code for answer in answers} <= {201, 409}
        assert {answer.text for answer in answers if answer.status_code == 201} == {"paid, call 1"}
        assert len(payments.calls(key)) == 1

    def test_a_caller_that_goes_away_does_not_stop_it(self, payments: Payments) -> None:
        key, meta = new_key(), {"do": "hold"}
        with pytest.raises(httpx.ReadTimeout):
            payments.leave(key, meta)
        assert len(payments.calls(key)) == 1

        payments.release(key)

        eventually(lambda: payments.pay(key, meta).status_code != 409, "the run ends")
        assert payments.pay(key, meta).text == "paid, call 1"
