"""What goes to an autopilot is held against the catalogue's entry before it is sent, and its answer afterwards."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.journals import Journal
from tests.support.payments import new_key
from tests.support.refusals import refused
from tests.support.router_fixtures import Client
from tests.support.workers import AUTHORIZED

GOOD = {"to": "ada@example.com"}


def ask(client: Client, task: str, meta: object, *, key: str | None = None, **more: Any) -> httpx.Response:
    headers = AUTHORIZED | ({} if key is None else {"idempotency-key": key})
    return client(more.pop("router", "router")).post(
        "/autopilot/plan", json={"task": task, "meta": meta, **more}, headers=headers
    )


def calls_of(client: Client, key: str) -> int:
    answer = client("efh-echo").get("/", params={"state": key}, headers={"host": "efh-echo.localhost"})
    return int(answer.json()["calls"])


@pytest.mark.parametrize("task", ["check", "check_once", "echo.checked"])
def test_what_does_not_fit_goes_to_nobody(client: Client, task: str) -> None:
    key = new_key()

    answer = ask(client, task, {"to": "nobody", "parts": [{"a/b": 1}, {}], "key": key}, key=key)

    problem = refused(answer, 422, "Invalid meta")
    assert problem["errors"] == [
        {"pointer": "/meta/to", "message": "must be an e-mail address"},
        {"pointer": "/meta/parts/1/a~1b", "message": "is required"},
    ]
    assert (problem["capability"], problem["outcome"], problem["retrySafe"]) == ("echo.checked", "rejected", True)
    assert calls_of(client, key) == 0
    assert ask(client, task, GOOD | {"key": key}, key=key).status_code == 200, "the key is free"


def test_the_journal_names_the_capability_of_what_did_not_fit_and_no_autopilot(journal: Journal) -> None:
    entry = journal.entry(journal.plan("check", {"to": "nobody"}))

    named = (entry["capability"], entry["autopilot"], entry["outcome"], entry["status"])
    assert named == ("echo.checked", None, "rejected", 422)


def test_an_explanation_says_so_too(client: Client) -> None:
    answer = ask(client, "check", {}, explain=True)

    problem = refused(answer, 422, "Invalid meta")
    assert problem["reasons"][-1] == "Its meta does not fit the catalogue's entry, so it goes to nobody."
    assert ask(client, "check", GOOD, explain=True).json()["autopilot"] == "echo"


def test_who_only_asks_where_a_task_would_go_need_not_say_what_it_is_given(client: Client) -> None:
    asked = {"task": "check", "explain": True}

    answer = client("router").post("/autopilot/plan", json=asked, headers=AUTHORIZED)

    assert (answer.status_code, answer.json()["autopilot"]) == (200, "echo")
    refused(client("router").post("/autopilot/plan", json={"task": "check"}, headers=AUTHORIZED), 422, "Invalid meta")


def test_what_was_done_under_the_key_stays_done(client: Client) -> None:
    """Not "rejected", which is said only where nothing was done, now or earlier."""
    key = new_key()
    assert ask(client, "check_once", GOOD, key=key).status_code == 200

    refused(ask(client, "check_once", {}, key=key), 422, "Idempotency-Key reused")


def test_a_capability_without_an_entry_takes_anything(client: Client) -> None:
    assert ask(client, "echo", {"to": 1}).status_code == 200


def test_a_result_that_does_not_fit_passes_and_is_reported(client: Client, journal: Journal) -> None:
    meta = GOOD | {"key": new_key()}

    first, second = (ask(client, "check", meta, router="journalled") for _ in range(2))

    assert (first.status_code, second.status_code, second.json()["calls"]) == (200, 200, 2)
    fits, differs = (journal.entry(each.headers["x-request-id"]) for each in (first, second))
    assert fits.get("detail") is None
    assert differs["detail"] == "result does not fit echo.checked 1.2.0: /calls must be at most 1"
    assert differs["outcome"] == "done"


def test_the_agent_card_has_a_skill_for_each_task(client: Client) -> None:
    card = client("router").get("/.well-known/agent-card.json", headers=AUTHORIZED).json()

    skills = {each["id"]: each for each in card["skills"]}
    assert card["protocolVersion"] == "0.3.0"
    assert card["url"].endswith("/autopilot/plan")
    assert (skills["check"]["name"], skills["check"]["tags"]) == ("Echo what fits", ["echo.checked"])
    assert skills["echo"]["description"] == "Answer what was sent"
    assert "flaky.run" in skills, "a capability that no task names can be asked for, too"
    assert client("router").get("/.well-known/agent-card.json").status_code == 401
