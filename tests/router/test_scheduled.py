"""The scheduled run in workerd: what it asks, what it reports, and that runs do not overlap."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from tests.support.eventually import eventually
from tests.support.watching import World

PROBES_A_RUN = 17


def test_it_asks_each_autopilot_and_reports_what_it_found(world: World) -> None:
    router = world.router()

    report = router.run()

    at = report["at"]
    well = {"status": "pass", "since": at, "lastProbeAt": at, "failures": 0, "passes": 1, "rowSince": at}
    assert report == {
        "at": at,
        "trigger": "request",
        "autopilots": {"alone": well, "pair-a": well, "pair-b": well},
        "probed": ["alone", "pair-a", "pair-b"],
        "waiting": [],
        "changes": [{"autopilot": name, "from": "unknown", "to": "pass"} for name in ("alone", "pair-a", "pair-b")],
        "missing": [],
        "account": "not-configured",
        "heal": None,
        "unknownRuns": [],
        "alert": "none",
        "registryCopy": "in-step",
        "fed": 0,
        "missed": [],
        "pruned": {"journal": 0, "runs": 0},
    }


def test_a_probe_is_a_get_of_health_below_the_endpoint_and_carries_no_secret(world: World) -> None:
    world.router().run()

    calls = [*world.calls("efh-alone"), *world.calls("a.example.com"), *world.calls("b.example.com")]
    assert [(call["method"], call["url"]) for call in calls] == [
        ("GET", "https://efh-alone/health"),
        ("GET", "https://a.example.com/health"),
        ("GET", "https://b.example.com/hook/health"),
    ]
    for call in calls:
        assert "application/health+json" in call["headers"]["accept"]
        assert not {"authorization", "webhook-signature", "cookie"} & call["headers"].keys()


def test_it_needs_the_token_and_is_a_post(world: World) -> None:
    router = world.router("quiet")

    assert router.request("POST", "/__scheduled", authorization="Bearer nobody").status_code == 401
    assert router.request("GET", "/__scheduled").headers["allow"] == "POST"
    assert world.calls("efh-alone") == []


def test_the_cron_does_the_same(world: World) -> None:
    router = world.router()

    router.cron()

    assert router.listed("alone")["status"] == "pass"
    assert router.check("orchestrator:cron")["status"] == "pass"
    entries = router.journal(lambda entries: len(entries) == 4)
    run = next(entry for entry in entries if entry["kind"] == "scheduled")
    assert (run["caller"], run["outcome"]) == ("", "done")
    assert run["detail"] == "cron: 3 probed, 3 changed, 0 missing"
    health = [(each["autopilot"], each["outcome"]) for each in entries if each["kind"] == "health"]
    assert sorted(health) == [("alone", "pass"), ("pair-a", "pass"), ("pair-b", "pass")]


def test_what_a_probe_says(world: World) -> None:
    """One run over all that an autopilot may answer; before a third failure, nothing is known of it."""
    redirect = {"status": 302, "headers": {"location": "https://a.example.com/health"}}
    cases: dict[str, tuple[dict[str, object], str, str | None]] = {
        "up": ({"json": {"status": "UP"}}, "pass", None),
        "wordless": ({"text": "fine"}, "pass", None),
        "warns": ({"json": {"status": "warn", "output": "hunter2"}}, "warn", "It says of itself: warn."),
        "fails": ({"json": {"status": "fail"}}, "unknown", "It says of itself: fail."),
        "refuses": ({"status": 503, "json": {"status": "pass"}}, "unknown", "It answered 503."),
        "moved": (redirect, "unknown", "It answered with a redirect (302), which is not followed."),
        "big": ({"bytes": 65 * 1024}, "unknown", "It answered with more than 64 KiB."),
        "slow": ({"delayMs": 20_000}, "unknown", "It did not answer within 5 s."),
    }
    router = world.router()
    for name in cases:
        router.register(name, f"https://{name}.example.com/")
    world.answers({f"{name}.example.com/health": answer for name, (answer, _, _) in cases.items()})

    autopilots = router.run()["autopilots"]

    found = {name: (autopilots[name]["status"], autopilots[name].get("output")) for name in cases}
    assert found == {name: (status, output) for name, (_, status, output) in cases.items()}


def test_a_capability_that_misses_a_setting_is_unavailable_and_nothing_else_is(world: World) -> None:
    """Names that are no capability of the autopilot's, and all that it says of them, stay with it."""
    router = world.router()
    said = {"status": "pass", "unavailable": {"alone.run": ["STRIPE_API_KEY"], "hunter2": ["hunter2"]}}
    world.answers({"efh-alone/health": {"json": said}})

    report = router.run()

    assert report["autopilots"]["alone"]["unavailable"] == ["alone.run"]
    assert (router.listed("alone")["status"], router.listed("alone")["unavailable"]) == ("pass", ["alone.run"])
    assert router.listed("pair-a")["unavailable"] == []
    assert router.check("alone:health")["status"] == "pass"
    assert "hunter2" not in json.dumps(report)


def test_with_many_autopilots_each_run_goes_on_where_the_last_one_stopped(world: World) -> None:
    router = world.router()
    names = [f"helper-{number:02}" for number in range(30)]
    for name in names:
        router.register(name, f"https://{name}.example.com/")
    everybody = sorted(["alone", "pair-a", "pair-b", *names])

    first, second = router.run(), router.run()

    assert first["probed"] == everybody[:PROBES_A_RUN]
    assert sorted([*first["probed"], *first["waiting"]]) == everybody
    assert second["probed"] == [*everybody[PROBES_A_RUN:], *everybody[: 2 * PROBES_A_RUN - len(everybody)]]
    assert second["autopilots"].keys() == set(everybody)


def test_at_most_six_are_asked_at_once(world: World) -> None:
    router = world.router()
    for number in range(12):
        router.register(f"helper-{number}", f"https://helper-{number}.example.com/")
    world.answers({f"helper-{number}.example.com/health": {"delayMs": 100} for number in range(12)})

    router.run()

    assert world.most_at_once() <= 6


def test_while_one_goes_on_another_is_refused(world: World) -> None:
    router = world.router("shared")
    world.answers({"efh-alone/health": {"delayMs": 1_500}})
    with ThreadPoolExecutor() as pool:
        first = pool.submit(router.run)
        eventually(lambda: world.calls("efh-alone"), "the run calls efh-alone")
        second = router.elsewhere.request("POST", "/__scheduled")

    assert (second.status_code, second.json()["title"]) == (409, "Already running")
    assert int(second.headers["retry-after"]) > 0
    assert first.result()["probed"] == ["alone", "pair-a", "pair-b"]
    world.answers()
    router.elsewhere.run()  # it is over now


def test_after_a_run_that_was_killed_the_next_one_may_begin_when_its_time_is_over(world: World) -> None:
    router = world.router()
    router.run()
    world.sql(router, "UPDATE checks SET run = 'killed', until = (unixepoch() + 60) * 1000")
    assert router.request("POST", "/__scheduled").status_code == 409

    world.sql(router, "UPDATE checks SET until = unixepoch() * 1000")

    assert router.run()["autopilots"]["alone"]["passes"] == 2


def test_a_run_that_took_too_long_changes_nothing(world: World) -> None:
    """Another one has begun meanwhile, and what that one finds counts."""
    router = world.router("shared")
    before = router.run()
    world.answers({"efh-alone/health": {"status": 500, "delayMs": 700}})
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(router.run)
        eventually(lambda: world.calls("efh-alone"), "the run calls efh-alone")
        world.sql(router, "UPDATE checks SET run = 'another', until = 0")
        slow.result()

    assert router.elsewhere.check("alone:health")["time"] == before["at"]
    world.answers()
    assert router.run()["autopilots"]["alone"]["passes"] == 2


def test_a_copy_of_the_registrations_that_lags_is_written_again(world: World) -> None:
    router = world.router()
    router.register("helper", "https://helper.example.com/")
    world.wait_for_copy(router)
    world.copy(router, "registrations", [])

    assert router.run()["registryCopy"] == "rewritten"
    assert router.run()["registryCopy"] == "in-step"
