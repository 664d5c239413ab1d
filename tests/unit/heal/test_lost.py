"""What is told of lost data: since when, as far as the state and the router's journal know, and the ways out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from orchestrator.drift.findings import Difference, Finding
from orchestrator.heal.lost import describe, lost_data, read_first_missed
from orchestrator.kinds import Kind

ROUTER = {"ORCHESTRATOR_URL": "https://router.example.com", "ORCHESTRATOR_TOKEN": "token"}
NOTES = Finding(change="missing", kind=Kind.KV_NAMESPACE, key="MY NOTES", name="pr-7-MY NOTES", lost=True)
FILES = Finding(
    change="changed",
    kind=Kind.R2_BUCKET,
    key="files",
    name="pr-7-files",
    lost=True,
    differences=(Difference(path="creation_date", desired="2026-01-01", live="2026-11-22"),),
)
EXPORTED = {
    "deployment": {
        "resources": [
            {
                "urn": "urn:pulumi:prod::p::cloudflare:index/workersKvNamespace:WorkersKvNamespace::MY NOTES",
                "type": "cloudflare:index/workersKvNamespace:WorkersKvNamespace",
                "id": "kv-1",
                "created": "2026-02-01T10:00:00Z",
                "modified": "2026-03-01T10:00:00Z",
            },
            {
                "urn": "urn:pulumi:prod::p::cloudflare:index/r2Bucket:R2Bucket::files",
                "type": "cloudflare:index/r2Bucket:R2Bucket",
                "id": "pr-7-files",
            },
        ]
    }
}


def journal(*entries: tuple[str, str, str]) -> httpx.MockTransport:
    """A router whose journal has these entries, newest first: when, outcome, detail."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "https://router.example.com/autopilot/journal?kind=infra&limit=500"
        assert request.headers["authorization"] == "Bearer token"
        told: list[dict[str, Any]] = [
            {"at": at, "kind": "infra", "outcome": outcome, "detail": detail} for at, outcome, detail in entries
        ]
        return httpx.Response(200, json={"entries": told, "next": None})

    return httpx.MockTransport(answer)


def test_it_is_missed_since_the_last_time_that_it_went() -> None:
    router = journal(
        ("2026-11-22", "missing", "kvNamespace MY NOTES"),
        ("2026-11-21", "ready", "kvNamespace OTHER"),
        ("2026-11-20", "missing", "kvNamespace OTHER"),
        ("2026-11-19", "ready", "kvNamespace MY NOTES"),
        ("2026-11-18", "missing", "kvNamespace MY NOTES"),
    )

    assert read_first_missed(ROUTER, router) == {"kvNamespace MY NOTES": "2026-11-22"}


@pytest.mark.parametrize(
    ("environment", "answer"),
    [
        ({}, httpx.Response(200)),
        ({"ORCHESTRATOR_URL": "https://router.example.com"}, httpx.Response(200)),
        ({**ROUTER, "ORCHESTRATOR_URL": "http://router.example.com"}, httpx.Response(200)),
        (ROUTER, httpx.Response(503)),
        (ROUTER, httpx.Response(200, text="no JSON")),
        (ROUTER, httpx.Response(200, json={"title": "something else"})),
    ],
)
def test_a_router_that_does_not_tell_is_no_error(environment: dict[str, str], answer: httpx.Response) -> None:
    assert read_first_missed(environment, httpx.MockTransport(lambda _: answer)) == {}


def test_the_error_says_what_is_lost_since_when_and_the_ways_on() -> None:
    lost = describe([NOTES, FILES], EXPORTED, {"kvNamespace MY NOTES": "2026-11-22"})

    error = lost_data(lost, "prod")

    assert (error.exit_code, error.code) == (8, "lost-data")
    assert error.message.splitlines()[1:] == [
        "  KV namespace pr-7-MY NOTES (kv-1): made 2026-02-01T10:00:00Z, there at 2026-03-01T10:00:00Z, "
        "missed since 2026-11-22",
        "  R2 bucket pr-7-files (pr-7-files): another one of that name is there",
    ]
    assert "heal -s prod --recreate 'MY NOTES'\n" in error.hint
    assert "--recreate files" not in error.hint
    assert "python -m orchestrator adopt -s prod" in error.hint


def test_it_is_part_of_the_document() -> None:
    (lost,) = describe([FILES], EXPORTED, {})

    assert lost.as_json() == {
        **FILES.as_json(),
        "id": "pr-7-files",
        "made": None,
        "touched": None,
        "missingSince": None,
        "instead": True,
    }
