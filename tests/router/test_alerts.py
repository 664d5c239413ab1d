"""What people are told by the scheduled run, once for each change; the webhook is another Worker in workerd."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from tests.support.eventually import eventually
from tests.support.watching import ALERTS, World

BROKEN = {"efh-alone/health": {"status": 500}}
HOOK = "alerts.example.com/services/T0/B0/hunter2"


def test_that_all_is_well_from_the_beginning_is_no_news(world: World) -> None:
    assert world.router().run()["alert"] == "none"
    assert world.calls("alerts.example.com") == []


def test_a_failure_is_told_once_and_the_recovery_once(world: World) -> None:
    router = world.router()
    router.run()
    world.answers(BROKEN)

    first, second, third = (router.run() for _ in range(3))
    assert [run["alert"] for run in (first, second, third)] == ["none", "none", "sent"]
    assert world.alerts() == [f"alone: fail since {first['at']}, before that pass. It answered 500."]
    assert third["changes"] == [{"autopilot": "alone", "from": "pass", "to": "fail"}]
    assert router.run()["alert"] == "none"

    world.answers()
    back, again = router.run(), router.run()
    assert [back["alert"], again["alert"]] == ["none", "sent"]
    assert world.alerts() == [f"alone: pass since {back['at']}, before that fail."]
    assert router.run()["alert"] == "none"


def test_it_is_slacks_json_and_says_whose_it_is(world: World) -> None:
    router = world.router()
    world.answers({"a.example.com/health": {"json": {"status": "warn"}}})

    report = router.run()

    [call] = world.calls("alerts.example.com")
    assert (call["method"], call["url"]) == ("POST", ALERTS["ALERT_URL"])
    assert call["headers"]["content-type"] == "application/json"
    line = f"pair-a: warn since {report['at']}, before that unknown. It says of itself: warn."
    assert json.loads(call["body"]) == {"text": f"Autopilot Orchestrator https://router.example.net\n{line}"}


def test_all_changes_of_a_run_are_one_message(world: World) -> None:
    router = world.router()
    warns = {"json": {"status": "warn"}}
    world.answers({"a.example.com/health": warns, "b.example.com/hook/health": warns})

    router.run()

    assert len(world.calls("alerts.example.com")) == 1
    assert [line.split(":")[0] for line in world.alerts()] == ["pair-a", "pair-b"]


def test_one_that_was_not_taken_is_sent_by_the_next_run(world: World) -> None:
    router = world.router()
    warns = {"a.example.com/health": {"json": {"status": "warn"}}}
    world.answers({**warns, HOOK: {"status": 500}})

    failed = router.run()
    assert failed["alert"] == "failed"
    lines = world.alerts()
    world.answers(warns)

    assert router.run()["alert"] == "sent"
    assert world.alerts() == lines
    assert router.run()["alert"] == "none"


def test_a_redirect_is_no_delivery_and_is_not_followed(world: World) -> None:
    router = world.router("shared")
    redirect = {"status": 307, "headers": {"location": "https://elsewhere.example.com/"}}
    world.answers({"a.example.com/health": {"json": {"status": "warn"}}, HOOK: redirect})

    assert router.run()["alert"] == "failed"
    assert world.calls("elsewhere.example.com") == []


def test_runs_at_the_same_time_tell_it_once(world: World) -> None:
    router = world.router("shared")
    world.answers({"a.example.com/health": {"json": {"status": "warn"}}, "b.example.com/hook/health": {"delayMs": 700}})
    with ThreadPoolExecutor() as pool:
        first = pool.submit(router.run)
        eventually(lambda: world.calls("b.example.com"), "the run calls b.example.com")
        others = [router.elsewhere.request("POST", "/__scheduled") for _ in range(3)]
        router.elsewhere.cron()  # which leaves it to the active one

    assert first.result()["alert"] == "sent"
    assert {other.status_code for other in others} == {409}
    assert len(world.alerts()) == 1
    assert router.elsewhere.run()["alert"] == "none"


def test_without_a_webhook_nothing_is_kept_for_later(world: World) -> None:
    router = world.router("quiet")
    world.answers({"a.example.com/health": {"json": {"status": "warn"}}})

    assert router.run()["alert"] == "not-configured"
    assert router.run()["alert"] == "none"
