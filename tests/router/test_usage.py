"""GET /autopilot/usage: what is used of the free plan, as Cloudflare says or by our own counts; who else says it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from orchestrator.limits.plans import METERED
from tests.support.journals import Journal
from tests.support.loopback_service import service
from tests.support.project import ROOT
from tests.support.router_fixtures import Client
from tests.support.watching import Router, World
from tests.support.workers import TOKEN

GRAPHQL = "api.example.com/client/v4/graphql"
KV, R2 = "kvOperationsAdaptiveGroups", "r2OperationsAdaptiveGroups"


def sums(**fields: float) -> list[dict[str, Any]]:
    return [{"sum": fields}]


def actions(**requests: int) -> list[dict[str, Any]]:
    return [{"dimensions": {"actionType": name}, "sum": {"requests": n}} for name, n in requests.items()]


ACCOUNT = {
    "workersInvocationsAdaptive": sums(requests=12_345),
    KV: actions(read=900, write=850, delete=1, list=20),
    "d1AnalyticsAdaptiveGroups": sums(rowsRead=500_000, rowsWritten=400),
    "queueMessageOperationsAdaptiveGroups": [],
    "aiInferenceAdaptiveGroups": sums(totalNeurons=7.6),
    R2: actions(PutObject=10, ListObjects=5, GetObject=7, HeadBucket=1, DeleteObject=99, AbortMultipartUpload=3),
}


def answered(account: object, errors: object = None) -> dict[str, object]:
    return {"json": {"data": {"viewer": {"accounts": [account]}}, "errors": errors}}


def usage(router: Router) -> dict[str, Any]:
    found: dict[str, Any] = router.request("GET", "/autopilot/usage").json()
    return found


def test_it_is_what_cloudflare_says_asked_once_by_each_scheduled_run(world: World) -> None:
    router = world.router("metered")
    assert usage(router)["reason"] == "Cloudflare was not asked today yet: the scheduled run does."
    world.answers({GRAPHQL: answered(ACCOUNT)})
    report = router.run()

    found = usage(router)
    usage(router)

    assert (found["source"], found["reason"], found["at"]) == ("cloudflare", None, report["at"])
    assert {each["name"]: each["used"] for each in found["resources"]} == {
        **{"requests": 12_345, "kvReads": 900, "kvWrites": 850, "kvDeletes": 1, "kvLists": 20},
        **{"d1RowsRead": 500_000, "d1RowsWritten": 400, "queueOperations": 0, "neurons": 8},
        **{"r2ClassA": 15, "r2ClassB": 8, "journalEntries": 0},
    }
    limits = {each["name"]: (each["per"], each["limit"]) for each in found["resources"]}
    assert limits == {each.name: (each.scope, each.free) for each in METERED} | {"journalEntries": ("day", 30_000)}
    [call] = world.calls("api.example.com")
    assert (call["method"], call["headers"]["authorization"]) == ("POST", "Bearer analytics-hunter2")
    query = json.loads(call["body"])["query"]
    day = report["at"][:10]
    assert 'accounts(filter: {accountTag: "acc"})' in query
    assert query.count(f'filter: {{date_geq: "{day}", date_leq: "{day}"}}') == 5 + (day[-2:] == "01")
    assert f'{R2}(limit: 1000, filter: {{date_geq: "{day[:8]}01", date_leq: "{day}"}})' in query

    alert = next(each for each in router.request("GET", "/autopilot/alerts").json()["alerts"] if each["name"] == "full")
    assert (alert["state"], alert["value"], alert["text"]) == ("firing", 85, "about 85% of the day's kv writes")
    metrics = router.request("GET", "/metrics").text
    assert 'orchestrator_free_plan_used{resource="kvWrites",source="cloudflare"} 850\n' in metrics
    assert 'orchestrator_free_plan_limit{resource="kvWrites"} 1000\n' in metrics


REFUSED = {"data": None, "errors": [{"message": "not authorized for that account", "extensions": {"code": "authz"}}]}
NEEDS = ' (analyticsToken needs "Account Analytics: Read")'


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"json": REFUSED}, f"not authorized for that account{NEEDS}"),
        ({"json": REFUSED, "status": 403}, f"not authorized for that account{NEEDS}"),
        (
            {"json": {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}, "status": 401},
            f"Authentication error{NEEDS}",
        ),
        (answered(ACCOUNT, [{"message": "x" * 5_000}]), "x" * 200),
        ({"json": {"data": None, "errors": [{"message": 'unknown field "sum"'}]}}, 'unknown field "sum"'),
        ({"status": 503, "text": "<html>"}, "no answer"),
        ({"text": "<html>"}, "no answer"),
        ({"status": 307, "headers": {"location": "https://elsewhere.example.com/"}}, "HTTP 307"),
        ({"json": {"data": {"viewer": {"accounts": []}}, "errors": None}}, "The answer has no such account."),
        ({"json": []}, "The answer has no such account."),
        (answered({}), "no requests of Workers."),
        (answered({**ACCOUNT, "workersInvocationsAdaptive": None}), "no requests of Workers."),
        (answered({**ACCOUNT, "workersInvocationsAdaptive": [{"sum": {"requests": "9"}}]}), "no requests of Workers."),
        (answered({**ACCOUNT, "workersInvocationsAdaptive": [{"sum": {"requests": -9}}]}), "no requests of Workers."),
        (answered({**ACCOUNT, "workersInvocationsAdaptive": [None]}), "no requests of Workers."),
    ],
)
def test_an_answer_that_says_nothing_leaves_our_own_counts_and_its_reason(
    metered: Router, world: World, answer: dict[str, Any], why: str
) -> None:
    world.answers({GRAPHQL: answer})
    metered.run()

    found = usage(metered)

    assert (found["source"], found["reason"]) == ("own", f"Cloudflare did not say: {why}")
    assert [each["name"] for each in found["resources"]] == ["requests", "journalEntries"]
    assert "hunter2" not in json.dumps(found)
    assert world.calls("elsewhere.example.com") == []


@pytest.fixture(scope="module")
def metered(watched_world: World) -> Router:
    return watched_world.router("metered")


def test_a_data_set_that_the_account_has_not_gives_no_figure(metered: Router, world: World) -> None:
    world.answers({GRAPHQL: answered({"workersInvocationsAdaptive": [], KV: None, R2: "none"})})
    metered.run()

    found = usage(metered)

    assert found["source"] == "cloudflare"
    assert [(each["name"], each["used"]) for each in found["resources"]] == [("requests", 0), ("journalEntries", 0)]


def test_without_a_token_it_is_our_own_counts(empty_journal: Journal) -> None:
    for task in ("echo", "no_such_task"):
        empty_journal.entry(empty_journal.plan(task))

    found = empty_journal.get("/autopilot/usage").json()

    assert (found["source"], found["reason"]) == (
        *("own", "The stack has no analyticsToken, so Cloudflare is not asked."),
    )
    assert [(each["name"], each["used"], each["limit"]) for each in found["resources"]] == [
        ("requests", 2, 100_000),
        ("journalEntries", 2, 30_000),
    ]
    metrics = empty_journal.get("/metrics").text
    assert 'orchestrator_free_plan_used{resource="requests",source="own"} 2\n' in metrics


def command(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"ORCHESTRATOR_URL": url, "ORCHESTRATOR_TOKEN": TOKEN}
    words = [sys.executable, "-m", "orchestrator", "usage", *arguments]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_command_says_why_it_shows_our_own_counts(client: Client) -> None:
    url = f"http://router.localhost:{client('router').base_url.port}"

    shown, scripted = command(url), command(url, "--json")

    assert (shown.returncode, scripted.returncode) == (0, 0)
    assert [line.split("  ")[1] for line in shown.stdout.splitlines()[1:]] == [
        "Requests of Workers",
        "Entries of the journal",
    ]
    assert "about" not in shown.stdout
    assert shown.stderr == (
        "counted by the router itself: The stack has no analyticsToken, so Cloudflare is not asked.\n"
    )
    assert [each["name"] for each in json.loads(scripted.stdout)["resources"]] == ["requests", "journalEntries"]


def test_the_command_says_what_is_about_and_warns_of_what_is_near() -> None:
    used = {"requests": 1_000, "kvWrites": 850, "journalEntries": 5}
    limits = {each.name: each.free for each in METERED} | {"journalEntries": 30_000}
    resources = [{"name": name, "used": n, "limit": limits[name], "per": "day"} for name, n in used.items()]
    with service() as router:
        at = "2026-11-27T08:00:00.000Z"
        router.answer = {"source": "cloudflare", "at": at, "reason": None, "resources": resources}
        shown = command(router.url)

    assert [" ".join(line.split()) for line in shown.stdout.splitlines()[1:]] == [
        "Requests of Workers day about 1,000 100,000 1.0%",
        "KV writes day about 850 1,000 85.0%",
        "Entries of the journal day 5 30,000 0.0%",
    ]
    assert shown.stderr == f"about, as Cloudflare said at {at}\nwarning: KV writes: 85% is used\n"
