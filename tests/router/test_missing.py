"""What is bound or declared and not there: found by the scheduled run, told, and refused where it is needed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.watching import CLOUDFLARE, World

PREFIX = "pr-7-"
DATABASE = {"kind": "d1Database", "name": "DB"}
LOST = {"kind": "kvNamespace", "name": "ALONE_LOGS"}


def account(
    *,
    kv: tuple[str, ...] = ("ALONE_LOGS", "REGISTRY"),
    r2: tuple[str, ...] = ("efh-private",),
    d1: tuple[str, ...] = ("efh-ledger",),
    workers: tuple[str, ...] = ("efh-alone", "efh-router"),
) -> dict[str, Any]:
    """Cloudflare's answers for an account with these, under the stage's prefix."""

    def given(result: object) -> dict[str, Any]:
        return {"json": {"success": True, "errors": [], "messages": [], "result": result}}

    return {
        f"{CLOUDFLARE}/storage/kv/namespaces": given([{"id": name.lower(), "title": PREFIX + name} for name in kv]),
        f"{CLOUDFLARE}/r2/buckets": given({"buckets": [{"name": PREFIX + name} for name in r2]}),
        f"{CLOUDFLARE}/d1/database": given([{"name": PREFIX + name} for name in d1]),
        f"{CLOUDFLARE}/workers/scripts": given([{"id": PREFIX + name} for name in workers]),
    }


def test_an_account_that_has_everything(world: World) -> None:
    router = world.router("account")
    world.answers(account())

    report = router.run()

    assert (report["account"], report["missing"], report["heal"]) == ("read", [], None)
    assert router.check("orchestrator:infrastructure") == {
        "componentType": "system",
        "time": report["at"],
        "status": "pass",
    }


def test_what_is_gone_is_told_and_a_heal_is_asked_for_once(world: World) -> None:
    router = world.router("account")
    world.answers(account(kv=("REGISTRY",)))

    first, second = router.run(), router.run()

    assert first["missing"] == second["missing"] == [LOST]
    assert (first["heal"]["status"], second["heal"]["status"]) == ("requested", "already-requested")
    [asked] = world.calls("heal.example.com")
    assert json.loads(asked["body"])["missing"] == [LOST]
    assert world.alerts() == ["kvNamespace ALONE_LOGS is missing."]
    check = router.check("orchestrator:infrastructure")
    assert (check["status"], check["output"]) == ("fail", "Missing: kvNamespace ALONE_LOGS.")
    assert router.request("GET", "/health").status_code == 200
    assert (router.health()["status"], router.health()["missing"]) == ("warn", [LOST])
    entries = router.journal(lambda entries: any(each["kind"] == "infra" for each in entries))
    infra = [(each["outcome"], each["detail"]) for each in entries if each["kind"] == "infra"]
    assert infra == [("missing", "kvNamespace ALONE_LOGS")]


def test_a_database_that_is_gone_is_told(world: World) -> None:
    router = world.router("account")
    world.answers(account(d1=()))

    assert router.run()["missing"] == [{"kind": "d1Database", "name": "efh-ledger"}]


def test_who_needs_it_is_refused_and_the_others_are_not(world: World) -> None:
    router = world.router("account")
    world.answers(account(kv=("REGISTRY",)))
    router.run()

    for isolate in (router, router.elsewhere):
        alone, paired = isolate.listed("alone"), isolate.listed("pair-a")
        assert (alone["infrastructure"], alone["missing"]) == ("missing", [LOST])
        assert LOST["name"] in alone["needs"]["kvNamespaces"]
        assert (paired["infrastructure"], paired["missing"]) == ("ready", [])
        refusal = isolate.plan("go_alone")
        assert (refusal.status_code, refusal.json()["title"]) == (503, "Infrastructure not ready")
        assert refusal.json()["missing"] == [LOST]
        assert int(refusal.headers["retry-after"]) > 0
        assert isolate.plan("go_paired").status_code == 200
    entries = router.journal(lambda entries: sum(each["outcome"] == "not-ready" for each in entries) == 2)
    refused = [(each["capability"], each["autopilot"]) for each in entries if each["outcome"] == "not-ready"]
    assert refused == [("alone.run", None)] * 2

    world.answers(account())
    assert router.run()["missing"] == []
    assert world.alerts() == ["kvNamespace ALONE_LOGS is there again."]
    assert router.plan("go_alone").status_code == 200


def test_a_registered_one_that_needs_it_is_refused_too(world: World) -> None:
    router = world.router("account")
    router.register("helper", "https://helper.example.com/", needs={"r2Buckets": ["efh-private"]})
    world.answers(account(r2=()))
    router.run()

    assert router.plan("helper.run").json()["missing"] == [{"kind": "r2Bucket", "name": "efh-private"}]


def test_what_was_missing_stays_so_while_the_account_cannot_be_read(world: World) -> None:
    router = world.router("account")
    world.answers(account(kv=("REGISTRY",)))
    router.run()
    world.answers({path: {"status": 500, "text": "hunter2"} for path in account()})

    report = router.run()

    assert (report["account"], report["missing"]) == ("unreadable", [LOST])


def test_without_the_database_it_does_what_it_can(world: World) -> None:
    """No lease, no record: the copy stands in for it. A registration from the copy is probed under the URL rules."""
    router = world.router("undatabased")
    forbidden = {"name": "forbidden", "endpoint": "https://169.254.169.254/", "capabilities": ["x"], "priority": 0}
    needs: dict[str, list[str]] = {"kvNamespaces": [], "r2Buckets": [], "d1Databases": [], "workers": []}
    world.copy(router, "registrations", [{**forbidden, "weight": 1, "needs": needs}])
    world.answers({"efh-alone/health": {"status": 500}})

    first, second, third = (router.run() for _ in range(3))

    assert first["missing"] == third["missing"] == [{"kind": "d1Database", "name": "DB"}]
    assert first["heal"]["status"] == "not-configured"
    assert first["registryCopy"] == "unreadable"
    output = first["autopilots"]["forbidden"]["output"]
    assert output == "Its endpoint may not be called: its host must be a name, not an IP address in any spelling."
    assert [run["alert"] for run in (first, second, third)] == ["sent", "none", "sent"]
    assert third["autopilots"]["alone"]["status"] == "fail"
    assert router.health()["status"] == "warn"
    assert router.plan("go_alone").status_code == 200


def test_without_the_namespace_it_does_what_it_can(world: World) -> None:
    router = world.router("uncopied")
    world.answers({"efh-alone/health": {"status": 500}})

    report = router.run(3)

    assert report["missing"] == [{"kind": "kvNamespace", "name": "REGISTRY"}]
    assert report["autopilots"]["alone"]["status"] == "fail"  # counted in the record
    assert router.check("alone:health")["status"] == "fail"  # remembered by the isolate
    assert router.plan("go_alone").status_code == 200


def test_an_error_that_may_be_over_in_a_moment_is_nothing_missing(world: World) -> None:
    """A table is out of reach: D1 answers, and not that it is not there."""
    router = world.router()
    router.run()
    world.sql(router, "ALTER TABLE checks RENAME TO checks_out_of_reach")

    reports = [router.run() for _ in range(2)]
    world.sql(router, "ALTER TABLE checks_out_of_reach RENAME TO checks")
    reports.append(router.run())

    assert [(report["missing"], report["heal"]) for report in reports] == [([], None)] * 3
    assert world.alerts() == []


def test_the_third_in_a_row_is_and_the_all_clear_is_told(world: World) -> None:
    router = world.router()
    router.run()
    world.sql(router, "ALTER TABLE checks RENAME TO checks_out_of_reach")

    missing = [router.run()["missing"] for _ in range(4)]
    world.sql(router, "ALTER TABLE checks_out_of_reach RENAME TO checks")
    well = router.run()

    assert missing == [[], [], [DATABASE], [DATABASE]]
    assert well["missing"] == []
    assert world.alerts() == ["d1Database DB is missing.", "d1Database DB is there again."]


def test_the_list_works_without_the_database(world: World) -> None:
    router = world.router("undatabased")

    listed = router.request("GET", "/autopilot/list")

    assert (listed.status_code, listed.json()["registrations"]) == (200, "unreadable")
    assert [each["name"] for each in listed.json()["autopilots"]] == ["alone", "pair-a", "pair-b"]


@pytest.mark.parametrize("path", ["/autopilot/journal", "/autopilot/stats", "/autopilot/runs", "/autopilot/registry"])
def test_what_storage_does_not_answer_is_503(world: World, path: str) -> None:
    router = world.router("shared")
    table = {"/autopilot/journal": "journal", "/autopilot/stats": "journal", "/autopilot/runs": "runs"}
    router.request("GET", path)
    world.sql(router, f"ALTER TABLE {table.get(path, 'registrations')} RENAME TO out_of_reach")

    refusal = router.request("GET", path)

    assert (refusal.status_code, refusal.json()["title"]) == (503, "Storage not available")
    assert int(refusal.headers["retry-after"]) > 0


def test_heals_are_asked_for_less_and_less_often_until_all_is_well(world: World) -> None:
    router = world.router("account")
    lost = account(kv=("REGISTRY",))
    world.answers(lost)
    asked = []
    for minutes in (0, 13, 2, 50, 10, 5 * 60, 61, 23 * 60, 61):
        router.request("GET", "/autopilot/journal")
        world.sql(router, f"UPDATE heal_requests SET requested_at = requested_at - {minutes} * 60000")  # noqa: S608
        asked.append(router.run()["heal"]["status"] == "requested")
    assert asked == [True, False, True, False, True, False, True, False, True]

    world.answers(account())
    router.run()
    world.answers(lost)
    assert router.run()["heal"]["status"] == "requested"
