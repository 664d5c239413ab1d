"""The alerts of autopilots.yaml: their states, what they measure, and the one message that each change is told with."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from orchestrator.dispatch.signature import secret_of
from tests.support.journals import Journal
from tests.support.project import ROOT
from tests.support.router_fixtures import Client
from tests.support.watching import SETTINGS, TOKEN, World

BROKEN = {"efh-alone/health": {"status": 500}}
BEGIN = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOURS = 3_600_000
CHANNELS = ("discord", "slack", "webhook-oncall")


def states(client: Client, figures: list[float | None], *, hold: int = 0, resolve: int = 0) -> list[str]:
    """The state after each figure, a quarter of an hour apart, and `!` where people are told; times in minutes."""
    steps = [
        {
            "at": (BEGIN + timedelta(minutes=15 * number)).isoformat(),
            **({} if value is None else {"measured": {"value": value, "text": str(value)}}),
        }
        for number, value in enumerate(figures)
    ]
    rule = {"above": 20, "forMs": hold * 60_000, "resolveMs": resolve * 60_000}
    answered = client("corpus").post("/alert", json={"rule": rule, "steps": steps}).json()
    return [each["state"]["state"] + ("!" if "told" in each else "") for each in answered]


def test_without_times_it_fires_and_ends_at_once(client: Client) -> None:
    assert states(client, [20, 21, 50, 20, 3]) == ["normal", "firing!", "firing", "normal!", "normal"]


def test_it_must_be_so_for_as_long_as_the_file_says(client: Client) -> None:
    figures: list[float | None] = [30, 30, 5, 30, 30, 30, 30]
    assert states(client, figures, hold=30) == [
        *("pending", "pending", "normal"),
        *("pending", "pending", "firing!", "firing"),
    ]


def test_it_must_be_well_for_as_long_as_the_file_says(client: Client) -> None:
    assert states(client, [30, 5, 30, 5, 5, 5], resolve=30) == [
        *("firing!", "resolving", "firing"),
        *("resolving", "resolving", "normal!"),
    ]


def test_what_could_not_be_measured_changes_nothing(client: Client) -> None:
    assert states(client, [None, 30, None, 5, None, 5], hold=15, resolve=30) == [
        *("normal", "pending", "pending", "normal", "normal", "normal")
    ]
    assert states(client, [30, None, 5, None, 5]) == ["firing!", "firing", "normal!", "normal", "normal"]


def measured(client: Client, metric: str, now: int) -> float:
    return float(client("corpus").post("/measure", json={"metric": metric, "now": now}).json()["value"])


@pytest.mark.parametrize(("runs", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs")])
def test_runs_are_counted_in_words(client: Client, runs: int, text: str) -> None:
    seen = {"unknownRuns": ["run"] * runs}

    found = client("corpus").post("/measure", json={"metric": "unknown", "now": 0, "seen": seen}).json()

    assert found == {"value": runs, "text": text}


def test_rates_and_times_are_of_this_hour_and_the_one_before(client: Client, empty_journal: Journal) -> None:
    now = 500_000 * HOURS + 1_000
    task = {"autopilot": "a", "status": 200, "duration_ms": 40}
    of_now = [{**task, "at": now - 10 + number, "serial": 3_000} for number in range(9)]
    failed = {**task, "at": now - HOURS, "outcome": "unknown", "status": 500, "duration_ms": 6_000, "serial": 0}
    long_ago = [{**failed, "at": now - 3 * HOURS + number} for number in range(20)]

    empty_journal.fill([*long_ago, *of_now])
    assert measured(client, "errorRate", now) == 0, "of nine tasks no rate says anything"
    empty_journal.clear()
    refused = [{**each, "autopilot": None, "outcome": "invalid", "status": 422} for each in of_now * 5]
    empty_journal.fill([*long_ago, failed, *of_now, *refused])

    assert measured(client, "errorRate", now) == 10, "of what nobody was asked for it says nothing"
    assert measured(client, "p95", now) == 6_000
    assert measured(client, "quota", now) == 10, "of the 30,000 entries of a day"


def hook_calls(world: World, channel: str) -> list[dict[str, Any]]:
    return world.calls(f"{channel}.example.com")


def test_each_channel_is_told_once_when_it_begins_and_once_when_it_is_over(world: World) -> None:
    router = world.router("alerting")
    assert router.request("GET", "/autopilot/alerts").json()["evaluatedAt"] is None
    world.answers(BROKEN)

    fired = router.run(3)
    router.run(2)

    assert [len(hook_calls(world, channel)) for channel in CHANNELS] == [1, 1, 1]
    what = f"down (health.down), since {fired['at']}. Now: alone."
    text = f"Autopilot Orchestrator https://router.example.net\nFiring: {what}"
    assert json.loads(hook_calls(world, "slack")[0]["body"]) == {"text": text}
    assert json.loads(hook_calls(world, "discord")[0]["body"]) == {
        "content": text,
        "allowed_mentions": {"parse": []},
    }
    [own] = hook_calls(world, "webhook-oncall")
    secret = secret_of(SETTINGS["WEBHOOK_SECRET"], "alert:webhook-oncall")
    told = Webhook(secret).verify(own["body"], own["headers"])
    assert {key: told[key] for key in ("alert", "state", "when", "value", "text")} == {
        **{"alert": "down", "state": "firing", "when": "health.down", "value": 1, "text": "alone"},
    }

    world.answers()
    router.run(2)

    [over] = hook_calls(world, "slack")
    assert f"Resolved: down (health.down), since {fired['at']}. Now: all answer." in json.loads(over["body"])["text"]
    shown = router.request("GET", "/autopilot/alerts").json()
    assert [each["state"] for each in shown["alerts"]] == ["normal"] * 3
    assert (shown["unsent"], shown["withoutUrl"]) == (0, [])
    kinds = router.journal(lambda found: len([each for each in found if each["kind"] == "alert"]) == 2)
    assert [each["outcome"] for each in kinds if each["kind"] == "alert"] == ["resolved", "firing"]


def test_what_was_not_delivered_is_sent_by_the_next_run(world: World) -> None:
    router = world.router("alerting")
    world.answers(BROKEN | {"slack.example.com/hook": {"status": 500}})
    router.run(3)
    assert router.request("GET", "/autopilot/alerts").json()["unsent"] == 1
    world.answers(BROKEN)

    router.run(2)

    assert [len(hook_calls(world, channel)) for channel in CHANNELS] == [0, 1, 0]
    assert router.request("GET", "/autopilot/alerts").json()["unsent"] == 0


def test_a_run_sends_five_and_leaves_the_rest_to_the_next(world: World) -> None:
    router = world.router("alerting")
    down = {f"{channel}.example.com/hook": {"status": 500} for channel in CHANNELS}
    world.answers(BROKEN | down)
    router.run(3)
    world.answers(down)
    router.run(1)
    world.answers(down)
    router.run(1)
    tried = sum(len(hook_calls(world, channel)) for channel in CHANNELS)
    unsent = [router.request("GET", "/autopilot/alerts").json()["unsent"]]
    world.answers()

    for _ in range(2):
        router.run(1)
        unsent.append(router.request("GET", "/autopilot/alerts").json()["unsent"])

    told = {
        channel: ["Firing" if "iring" in call["body"] else "Resolved" for call in hook_calls(world, channel)]
        for channel in CHANNELS
    }
    assert told == {each: ["Firing", "Resolved"] for each in CHANNELS}, "who reads them takes the last one for true"
    assert (tried, unsent) == (3, [6, 1, 0]), "a channel that did not take one is not asked to take the next"


def test_a_channel_without_a_url_is_named_and_told_of_nothing_later(world: World) -> None:
    router = world.router("quiet")
    world.answers(BROKEN)

    router.run(3)

    shown = router.request("GET", "/autopilot/alerts").json()
    assert (shown["withoutUrl"], shown["unsent"]) == (list(CHANNELS), 0)
    assert [each["state"] for each in shown["alerts"]] == ["firing", "normal", "normal"]


@pytest.mark.parametrize("answers", [{}, {"discord.example.com/hook": {"status": 404}}])
def test_a_test_goes_to_each_channel(world: World, answers: dict[str, Any]) -> None:
    router = world.router("alerting")
    world.answers(answers)

    answered = router.request("POST", "/autopilot/alerts/test").json()

    assert [each["delivered"] for each in answered["channels"]] == [not answers, True, True]
    assert "Test: nothing has happened." in json.loads(hook_calls(world, "slack")[0]["body"])["text"]


def test_the_command_shows_when_they_were_evaluated(client: Client) -> None:
    port = client("router").base_url.port
    environment = {"ORCHESTRATOR_URL": f"http://router.localhost:{port}", "ORCHESTRATOR_TOKEN": TOKEN}

    def alerts(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "orchestrator", "alerts", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert "no scheduled run has ended yet" in alerts().stderr
    tested = alerts("test")
    assert (tested.returncode, "no channel to test" in tested.stderr) == (0, True)
