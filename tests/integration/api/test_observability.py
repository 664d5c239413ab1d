"""The query of Workers Observability: what Workers wrote and threw, as the official SDK and `analyze` read it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from cloudflare import BadRequestError, Cloudflare, PermissionDeniedError

from orchestrator.analysis.log_lines import read
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.telemetry import LoggedEvents, logged_failures
from orchestrator.errors import CloudflareError
from tests.support.eventually import eventually
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload

SPEAKER = """export default {
  async fetch(request) {
    console.log("nothing");
    console.warn(JSON.stringify({ message: "careful", requestId: "r1" }));
    console.error("it", "failed", 7);
    if (request.headers.has("x-throw")) throw new TypeError("no such thing");
    return new Response("done");
  } };"""
KEPT = {"enabled": True}


@pytest.fixture
def since() -> int:
    return int(time.time() * 1000)


def failures(api: LocalCloudflare, since: int, *workers: str, token: str = "") -> LoggedEvents:
    now = int(time.time() * 1000) + 1
    with Account(account_id=api.account_id, token=token or api.token, base_url=api.url) as account:
        return logged_failures(account, workers, since_ms=since, until_ms=now, most=100)


def test_what_a_worker_wrote_and_threw_is_told(cloudflare_api: LocalCloudflare, sdk: Cloudflare, since: int) -> None:
    for name, settings in (("kept", KEPT), ("silent", {"enabled": False})):
        upload(sdk, cloudflare_api.account_id, name, SPEAKER, reachable=True, observability=settings)
        cloudflare_api.fetch(name, headers={"x-throw": "1", "x-request-id": f"request-of-{name}"})

    def told() -> LoggedEvents | None:
        found = failures(cloudflare_api, since, "kept", "silent")
        return found if len(found.events) >= 3 else None

    lines = [read(event) for event in eventually(told, "the three lines").events]
    assert [(line.level, line.text, line.worker) for line in lines if line] == [
        ("exception", "TypeError: no such thing", "kept"),
        ("error", "it failed 7", "kept"),
        ("warn", "careful", "kept"),
    ]
    assert [line.request_ids for line in lines if line] == [
        ("request-of-kept",), ("request-of-kept",), ("r1", "request-of-kept"),
    ]  # fmt: skip
    assert len({line.run for line in lines if line}) == 1


def ask(sdk: Cloudflare, api: LocalCloudflare, **changes: Any) -> Any:
    question: dict[str, Any] = {"query_id": "q", "timeframe": {"from": 1, "to": 2}, "view": "events"} | changes
    return sdk.workers.observability.telemetry.query(account_id=api.account_id, **question)


def test_the_official_sdk_reads_the_answer(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> None:
    answer = ask(sdk, cloudflare_api)

    assert (answer.run.status, answer.events.count, answer.events.events) == ("COMPLETED", 0, [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeframe": {"from": 2, "to": 1}}, "timeframe"),
        ({"query_id": ""}, "queryId"),
        ({"limit": 2_001}, "limit: must be 1 to 2000"),
        ({"view": "calculations"}, "not available on this machine"),
        ({"parameters": {"filters": [{"key": "$metadata.level"}]}}, "each must have a key, an operation and a type"),
        (
            {"parameters": {"filters": [{"key": "k", "operation": "eq", "type": "number", "value": "1"}]}},
            "must be a number",
        ),
        ({"parameters": {"filters": [{"key": "k", "operation": "regex", "type": "string", "value": "."}]}}, "regex"),
        ({"parameters": {"needle": {"value": "x"}}}, "needle"),
    ],
)
def test_a_wrong_question_is_refused(
    cloudflare_api: LocalCloudflare, sdk: Cloudflare, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(sdk, cloudflare_api, **changes)

    assert message in json.dumps(refused.value.body)


def test_a_token_without_the_right_is_told_which_one(cloudflare_api: LocalCloudflare, since: int) -> None:
    token = cloudflare_api.local("POST", "/tokens", {"permissions": ["Workers Scripts Edit"]})["value"]

    with pytest.raises(CloudflareError) as refused:
        failures(cloudflare_api, since, "kept", token=token)
    assert "Workers Observability Edit" in refused.value.hint

    with (
        Cloudflare(api_token=token, base_url=cloudflare_api.url, max_retries=0) as sdk,
        pytest.raises(PermissionDeniedError),
    ):
        ask(sdk, cloudflare_api)
