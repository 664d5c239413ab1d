"""What a diagnosis comes to: its exit code, how it reads, and what the routing Worker's refusals say."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from orchestrator.checks.diagnose import RemoteDiagnosis
from orchestrator.checks.document import health_checks, next_steps, router_fix, rows, verdict
from orchestrator.errors import OrchestratorError, SettingsError

WELL: dict[str, Any] = {
    "token": {"id": "t1", "status": "active"},
    "resources": {"kv": [{"id": "1", "title": "REGISTRY"}], "r2": [], "workers": ["efh-agent"]},
    "timestamp": "2026-11-22T00:00:00.000Z",
    "permissions": [{"name": "D1 Edit", "status": "granted"}],
    "missing": [],
    "checks": [{"name": "R2", "state": "ok", "detail": "switched on"}],
}
MISSING_EDIT = {"name": "D1 Edit", "status": "missing"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, 0),
        ({"missing": [{"kind": "worker", "name": "efh-agent"}]}, 2),
        ({"permissions": [MISSING_EDIT]}, 2),
        ({"permissions": [{**MISSING_EDIT, "needed": False, "note": "This token only diagnoses."}]}, 0),
        ({"permissions": [{"name": "D1 Edit", "status": "unknown"}]}, 1),
        ({"checks": [{"name": "cron", "state": "unknown", "detail": ""}]}, 1),
        ({"checks": [{"name": "cron", "state": "problem", "detail": "late", "fix": "heal"}]}, 2),
    ],
    ids=["well", "missing", "no permission", "none needed", "permission unknown", "not known", "wrong"],
)
def test_the_exit_code(changed: dict[str, Any], code: int) -> None:
    assert verdict(WELL | changed) == code


def test_it_reads_as_a_table_and_then_what_to_do() -> None:
    document = WELL | {"missing": [{"kind": "r2Bucket", "name": "efh-pages"}]}
    document["resources"] = {**WELL["resources"], "r2": None}
    unneeded = {"name": "Queues Edit", "status": "missing", "needed": False, "note": "Read is enough."}
    document["permissions"] = [*WELL["permissions"], unneeded]

    assert rows(document) == [
        ["token", "ok", "active: t1"],
        ["permission D1 Edit", "granted", ""],
        ["permission Queues Edit", "not needed", "Read is enough."],
        ["KV namespaces", "", "1: REGISTRY"],
        ["R2 buckets", "unknown", "could not be read"],
        ["Workers", "", "1: efh-agent"],
        ["R2 bucket efh-pages", "missing", "declared, and not there"],
        ["R2", "ok", "switched on"],
    ]
    assert len({name for name, *_ in rows(document)}) == len(rows(document))
    assert next_steps(document) == ["what is missing: python -m orchestrator heal"]


def test_the_autopilots_stand_together_whatever_their_names() -> None:
    health = {"checks": {f"{name}:health": [{"status": "pass"}] for name in ("ai-employee", "payout-batch")}}
    health["checks"]["orchestrator:cron"] = [{"status": "pass"}]
    ok = {"state": "ok", "detail": ""}
    mixed = [{"name": name, **ok} for name in ("autopilot b", "cron", "autopilot a", "R2")]

    assert [check.name for check in health_checks(health)] == [
        "cron",
        "autopilot ai-employee",
        "autopilot payout-batch",
    ]
    assert [row[0] for row in rows(WELL | {"checks": mixed})][-4:] == ["cron", "R2", "autopilot b", "autopilot a"]


def test_the_routers_health_says_how_cron_and_autopilots_are() -> None:
    health = {
        "checks": {
            "orchestrator:settings": [{"status": "pass"}],
            "orchestrator:cron": [{"status": "warn", "output": "It is late."}],
            "ai-employee:health": [{"status": "pass"}],
            "ai-stylist:health": [{"status": "unknown", "output": "It has not been probed."}],
        }
    }

    found = {check.name: (check.state, check.detail) for check in health_checks(health)}

    assert found == {
        "cron": ("problem", "It is late."),
        "autopilot ai-employee": ("ok", "pass"),
        "autopilot ai-stylist": ("unknown", "It has not been probed."),
    }


def test_a_router_that_is_there_and_whose_name_is_not_known_yet_takes_no_update() -> None:
    assert router_fix("prod", is_new=False, under_workers_dev=True) == "pulumi up -s prod"
    assert "after some minutes: then python -m orchestrator diagnose -s prod" in router_fix(
        "prod", is_new=True, under_workers_dev=True
    )
    assert "pulumi config rm workersUrl -s prod" in router_fix("prod", is_new=True, under_workers_dev=False)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, SettingsError), (503, SettingsError), (502, OrchestratorError)],
)
def test_a_refusal_of_the_router_is_told_in_its_words(status: int, kind: type[OrchestratorError]) -> None:
    problem = {"title": "Authentication error [code: 10000]", "detail": "It lacks D1 Read.", "hint": "Add it."}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=problem))

    with (
        RemoteDiagnosis("https://orchestrator.example.com", "t", transport=transport) as router,
        pytest.raises(kind) as refused,
    ):
        router.read()

    assert str(refused.value) == "Authentication error [code: 10000]: It lacks D1 Read.\n  Add it."
