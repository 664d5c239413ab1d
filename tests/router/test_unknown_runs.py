"""A run of which nobody knows how it ended is told, shown by `/health`, and told again when it is settled."""

from __future__ import annotations

from tests.support.watching import Router, World

FIRING = "Firing: nobody knows how these runs ended: "
RESOLVED = "Resolved: there is no run any more of which nobody knows how it ended."


def unknown(world: World, router: Router, run_id: str, *, status: str = "unknown") -> None:
    """As if it had ended so; a running one is of an isolate that was stopped long ago."""
    router.request("GET", "/autopilot/runs")  # which makes the schema
    finished = "NULL" if status == "running" else "1"
    world.sql(
        router,
        "INSERT INTO runs (caller, key, id, fingerprint, task, capability, autopilot, request_id, claim, status, "  # noqa: S608 - of tests
        f"attempts, created_at, started_at, expires_at, finished_at) VALUES ('shop', 'k-{run_id}', '{run_id}', 'f', "
        f"'go_alone', 'alone.run', 'alone', 'r', 'c', '{status}', 1, 1, 1, 1, {finished})",
    )


def test_each_change_is_one_message(world: World) -> None:
    router = world.router()
    assert router.run()["unknownRuns"] == []
    assert router.check("orchestrator:runs")["status"] == "pass"

    unknown(world, router, "run_a")
    first, second = router.run(), router.run()
    assert (first["unknownRuns"], first["alert"], second["alert"]) == (["run_a"], "sent", "none")
    check = router.check("orchestrator:runs")
    assert (check["status"], check["output"]) == ("warn", "Of 1 run nobody knows how it ended.")
    assert (router.health()["status"], router.request("GET", "/health").status_code) == ("warn", 200)

    unknown(world, router, "run_b")
    assert router.run()["alert"] == "sent"

    resolve = {"resolution": "not-done"}
    assert router.request("POST", "/autopilot/runs/run_a/resolve", resolve).status_code == 200
    assert router.run()["alert"] == "none"
    router.request("POST", "/autopilot/runs/run_b/resolve", resolve)
    assert [router.run()["alert"] for _ in range(2)] == ["sent", "none"]

    assert router.check("orchestrator:runs")["status"] == "pass"
    told = [line.partition(" (")[0] for line in world.alerts()]
    assert told == [f"{FIRING}run_a", f"{FIRING}run_b", RESOLVED]
    assert "(2 in all). `python -m orchestrator runs --status unknown` lists them" in world.alerts()[1]


def test_one_that_nobody_lived_to_journal_is_found_in_the_journal(world: World) -> None:
    router = world.router()
    unknown(world, router, "run_c", status="running")
    router.run()
    router.run()

    entries = router.journal(lambda entries: any(each["kind"] == "run" for each in entries))

    (entry,) = [each for each in entries if each["outcome"] == "unknown"]
    assert (entry["kind"], entry["task"], entry["autopilot"], entry["detail"]) == ("run", "go_alone", "alone", "run_c")


def test_who_resolves_one_is_journalled(world: World) -> None:
    router = world.router()
    unknown(world, router, "run_d")
    router.request("POST", "/autopilot/runs/run_d/resolve", {"resolution": "done"})

    entries = router.journal(lambda entries: any(each["kind"] == "run" for each in entries))

    assert [(each["caller"], each["outcome"], each["detail"]) for each in entries if each["kind"] == "run"] == [
        ("default", "done", "run_d")
    ]


def test_who_registers_changes_and_removes_is_journalled(world: World) -> None:
    router = world.router()
    router.register("helper", "https://helper.example.com/")
    body = {"name": "helper", "endpoint": "https://helper.example.com/", "capabilities": ["other.run"]}
    router.request("POST", "/autopilot/registry", body)
    router.request("DELETE", "/autopilot/registry/helper")

    entries = router.journal(lambda entries: len([each for each in entries if each["kind"] == "registry"]) == 3)

    mine = [(each["autopilot"], each["outcome"]) for each in entries if each["kind"] == "registry"]
    assert sorted(mine) == [("helper", "changed"), ("helper", "registered"), ("helper", "removed")]
