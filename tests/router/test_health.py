"""What the scheduled run found, as /health and the list tell it and the decision takes it; also in another isolate."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.watching import ACCOUNT, ALERTS, PERIOD_MS, TABLE, TOKEN, World

BROKEN = {"status": 500}


def snapshot(*, cron_minutes_ago: int | None, began_minutes_ago: int = 10_000, **more: Any) -> dict[str, Any]:
    """What a run leaves in the copy."""

    def ago(minutes: int) -> str:
        return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="milliseconds")

    cron = {"since": ago(began_minutes_ago)}
    if cron_minutes_ago is not None:
        cron["lastRunAt"] = ago(cron_minutes_ago)
    return {"at": ago(0), "cron": cron, "autopilots": {}, "missing": [], "probedUpTo": "", "unsent": [], **more}


def old_snapshot(at: str) -> dict[str, Any]:
    """The same as a Worker of before November 2026 left it; `alone` has failed twice."""
    well = {"status": "pass", "since": at, "last_probe_at": at, "failures": 2, "passes": 0, "row_since": at}
    cron = {"since": at, "last_run_at": at}
    return {"at": at, "cron": cron, "autopilots": {"alone": well}, "missing": [], "probed_up_to": "alone", "unsent": []}


class TestHealth:
    def test_before_the_first_run_nothing_is_known_and_nothing_wrong(self, world: World) -> None:
        document = world.router().health()

        assert document["status"] == "pass"
        assert {name: checks[0]["status"] for name, checks in document["checks"].items()} == {
            "orchestrator:settings": "pass",
            "orchestrator:cron": "unknown",
            "orchestrator:infrastructure": "unknown",
            "orchestrator:runs": "unknown",
            **{f"{route.name}:health": "unknown" for route in TABLE.autopilots},
        }

    def test_each_autopilots_last_probe_is_there(self, world: World) -> None:
        router = world.router()

        report = router.run()

        assert router.health()["status"] == "pass"
        assert router.check("alone:health") == {
            "componentId": "alone",
            "componentType": "component",
            "status": "pass",
            "time": report["at"],
            "since": report["at"],
            "failures": 0,
        }

    def test_a_failing_one_says_why_and_since_when_and_the_router_only_warns(self, world: World) -> None:
        router = world.router()
        router.run()
        world.answers({"efh-alone/health": BROKEN})

        first = router.run()
        early = router.check("alone:health")
        assert (early["status"], early["failures"]) == ("pass", 1)
        assert (early["failingSince"], early["output"]) == (first["at"], "It answered 500.")

        router.run(2)
        failing = router.check("alone:health")
        assert (failing["status"], failing["since"], failing["failures"]) == ("fail", first["at"], 3)
        response = router.request("GET", "/health")
        assert (response.status_code, response.json()["status"]) == (200, "warn")

    def test_a_registered_one_is_there_too(self, world: World) -> None:
        router = world.router()
        router.register("helper", "https://helper.example.com/")
        router.run()

        assert router.check("helper:health")["status"] == "pass"

    def test_one_that_is_gone_is_forgotten(self, world: World) -> None:
        router = world.router()
        router.register("helper", "https://helper.example.com/")
        router.run()
        router.request("DELETE", "/autopilot/registry/helper")
        router.run()

        assert "helper:health" not in router.health()["checks"]

    def test_another_isolate_knows_it_from_the_copy(self, world: World) -> None:
        router = world.router("shared")
        report = router.run()

        assert router.elsewhere.check("alone:health")["time"] == report["at"]

    def test_the_copy_of_an_older_worker_is_still_read(self, world: World) -> None:
        router = world.router()
        at = "2026-11-01T00:00:00.000Z"
        world.copy(router, "snapshot", old_snapshot(at))

        alone = router.check("alone:health")
        assert (alone["time"], alone["failingSince"], alone["failures"]) == (at, at, 2)
        assert router.check("orchestrator:cron")["time"] == at

    def test_the_record_of_an_older_worker_is_still_read(self, world: World) -> None:
        router = world.router()
        router.run()
        at = "2099-11-01T00:00:00.000Z"  # later than the copy, else that counts
        world.sql(router, f"UPDATE checks SET snapshot = '{json.dumps(old_snapshot(at))}'")  # noqa: S608 - a test's own text
        world.answers({"efh-alone/health": BROKEN})

        report = router.run()

        assert report["probed"] == ["pair-a", "pair-b", "alone"]
        alone = report["autopilots"]["alone"]
        assert (alone["status"], alone["since"], alone["rowSince"], alone["failures"]) == ("fail", at, at, 3)

    def test_it_has_no_secret_and_no_address(self, world: World) -> None:
        router = world.router("account")
        router.register("helper", "https://helper.example.com/")
        world.answers({"efh-alone/health": {"status": 500, "text": "hunter2"}})
        router.run(3)

        text = router.request("GET", "/health").text
        for secret in (TOKEN, "whsec_", "hunter2", "example.com", *ALERTS.values(), ACCOUNT["CLOUDFLARE_ACCOUNT_ID"]):
            assert secret not in text


class TestCron:
    LATE = 2 * PERIOD_MS // 60_000 + 1

    @pytest.mark.parametrize(
        ("ago", "status"),
        [
            pytest.param({"cron_minutes_ago": 1}, "pass", id="it ran a moment ago"),
            pytest.param({"cron_minutes_ago": LATE - 5}, "pass", id="it missed one run"),
            pytest.param({"cron_minutes_ago": LATE}, "warn", id="it missed two"),
            pytest.param({"cron_minutes_ago": None, "began_minutes_ago": 5}, "pass", id="it is waited for"),
            pytest.param({"cron_minutes_ago": None, "began_minutes_ago": LATE}, "warn", id="it never ran"),
        ],
    )
    def test_it_is_late_after_two_periods(self, world: World, ago: dict[str, Any], status: str) -> None:
        router = world.router()
        known = snapshot(**ago)
        world.copy(router, "snapshot", known)

        check = router.check("orchestrator:cron")

        assert check["status"] == status
        assert check.get("time") == known["cron"].get("lastRunAt")
        assert ("output" in check) == (status == "warn")
        assert router.health()["status"] == status

    def test_a_run_that_was_asked_for_does_not_stand_in_for_it(self, world: World) -> None:
        router = world.router()
        router.cron()
        ran = router.check("orchestrator:cron")["time"]

        router.run()

        assert router.check("orchestrator:cron")["time"] == ran


class TestDecision:
    def test_one_of_several_that_fails_is_left_out_and_comes_back(self, world: World) -> None:
        router = world.router()
        world.answers({"a.example.com/health": BROKEN})

        router.run(3)
        assert router.listed("pair-a")["status"] == "fail"
        for _ in range(8):
            assert router.plan("go_paired").headers["x-autopilot"] == "pair-b"
        explained = router.plan("go_paired", explain=True).json()
        assert "pair-a is left out: its last health check failed." in explained["reasons"]

        world.answers()
        router.run(2)
        assert router.listed("pair-a")["status"] == "pass"
        assert "by weight: pair-a 1, pair-b 1" in router.plan("go_paired", explain=True).json()["reasons"][-1]

    def test_another_isolate_leaves_it_out_too(self, world: World) -> None:
        router = world.router("shared")
        world.answers({"a.example.com/health": BROKEN})
        router.run(3)

        assert router.elsewhere.plan("go_paired", explain=True).json()["autopilot"] == "pair-b"

    def test_a_warning_still_routes(self, world: World) -> None:
        router = world.router()
        world.answers({"a.example.com/health": {"json": {"status": "warn"}}})
        router.run()

        assert "by weight: pair-a 1, pair-b 1" in router.plan("go_paired", explain=True).json()["reasons"][-1]

    def test_the_last_one_is_never_left_out(self, world: World) -> None:
        router = world.router()
        world.answers({"efh-alone/health": BROKEN})
        router.run(3)

        assert router.listed("alone")["status"] == "fail"
        assert router.plan("go_alone").headers["x-autopilot"] == "alone"

    def test_all_that_fail_are_all_asked(self, world: World) -> None:
        router = world.router()
        world.answers({"a.example.com/health": BROKEN, "b.example.com/hook/health": BROKEN})
        router.run(3)

        assert router.plan("go_paired").status_code == 200
