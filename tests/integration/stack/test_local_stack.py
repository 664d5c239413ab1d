"""`make up` and what follows, as a user does it: real make, real Pulumi, real workerd, in a checkout of its own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.checkout import Checkout
from tests.support.eventually import eventually
from tests.support.manifests import WELCOMER
from tests.support.project import ROOT

SECONDS = 240  # that a heal may take on a busy machine
CURL = 'curl -sf -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" $CLOUDFLARE_BASE_URL/accounts/$CLOUDFLARE_ACCOUNT_ID'


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout.create(tmp_path_factory.mktemp("stack") / "project")
    try:
        yield checkout
    finally:
        checkout.make("destroy")


@pytest.fixture(scope="module")
def first_up(checkout: Checkout) -> str:
    """What the first `make up` printed."""
    return checkout.make("up")


@pytest.fixture
def stack(checkout: Checkout, first_up: str) -> Checkout:
    """The stack as `make up` has left it; every test leaves it so again."""
    return checkout


@pytest.fixture
def shipped(stack: Checkout) -> Iterator[Path]:
    """The manifest, put back as it was shipped after the test."""
    text = stack.manifest.read_text()
    yield stack.manifest
    stack.manifest.write_text(text)


def api(stack: Checkout, path: str) -> Any:
    """One read of the account, by curl."""
    return json.loads(stack.shell(f"{CURL}{path}"))["result"]


def plan(stack: Checkout, task: str, meta: dict[str, Any] | None = None, key: str = "") -> dict[str, Any]:
    """One task through the routing Worker, by curl."""
    body = json.dumps({"task": task, "meta": meta or {}})
    named = f"-H 'Idempotency-Key: {key}'" if key else ""
    curl = f'curl -s -H "Authorization: Bearer $ORCHESTRATOR_TOKEN" {named}'
    call = f"{curl} --json '{body}' $ORCHESTRATOR_URL/autopilot/plan"
    answer: dict[str, object] = json.loads(stack.shell(call))
    return answer


def test_make_up_ends_with_a_real_answer_and_lines_that_work(stack: Checkout, first_up: str) -> None:
    assert re.search(r"^201 in .*<html", first_up, re.M), first_up
    lines = re.findall(r"^  (curl (?:[^\n]*\\\n)?[^\n]*)$", first_up, re.M)
    assert len(lines) == 4
    for line in lines:
        assert stack.shell(f"{line} -sf")


def test_a_second_up_changes_nothing_and_a_preview_is_empty(stack: Checkout) -> None:
    assert "unchanged" in stack.make("up")
    stack.shell("pulumi preview -s local --expect-no-changes")
    stack.shell("pulumi preview -s local --refresh --expect-no-changes")


def test_payouts_and_checkouts_need_nothing_to_sign_up_for_and_who_pays_is_enrolled(stack: Checkout) -> None:
    payout = plan(stack, "pay_affiliate_now", {"destination": "acct_1", "amount": 1050, "currency": "eur"}, "first")
    assert (payout["status"], payout["paid"]) == ("paid", 1050)

    course = {"name": "Rye", "amount": 4900, "currency": "eur"}
    checkout = {"lineItems": [course], "course": "rye", "customerEmail": "ada@example.com"}
    session = plan(stack, "make_checkout", checkout | {"successUrl": "https://shop.example/{CHECKOUT_SESSION_ID}"})
    paid = stack.shell(f"curl -s -o /dev/null -w '%{{redirect_url}}' -X POST {session['url']}")

    assert paid == f"https://shop.example/{session['id']}"
    again = plan(stack, "enroll_student", {"course": "rye", "student": {"email": "ada@example.com"}})
    assert again["version"] == 2, "the payment has enrolled before"


def test_data_and_stack_survive_down_and_up(stack: Checkout) -> None:
    titles = {each["title"]: each["id"] for each in api(stack, "/storage/kv/namespaces")}
    value = f"{CURL}/storage/kv/namespaces/{titles['REGISTRY']}/values/kept"
    stack.shell(f"{value} -X PUT --data still-here")
    stack.make("down")
    stack.make("up")
    assert stack.shell(value) == "still-here"
    stack.shell("pulumi preview -s local --expect-no-changes")


def test_a_stack_from_before_the_provider_kept_versions_goes_through(stack: Checkout) -> None:
    """Its state has no version of any schema, of which the provider refuses a Worker's."""
    exported = json.loads(stack.shell("pulumi stack export -s local --show-secrets"))
    for resource in exported["deployment"]["resources"]:
        for kept in ("__meta", "__pulumi_raw_state_delta"):
            resource.get("outputs", {}).pop(kept, None)
    (stack.folder / ".local" / "before.json").write_text(json.dumps(exported))
    stack.shell("pulumi stack import -s local --file .local/before.json")
    assert "has no __meta" in stack.shell("pulumi preview -s local --refresh 2>&1 || true")

    assert "unchanged" in stack.make("up")

    stack.shell("pulumi preview -s local --refresh --expect-no-changes")


def test_reordering_the_file_changes_nothing(stack: Checkout, shipped: Path) -> None:
    manifest = yaml.safe_load(shipped.read_text())
    manifest["autopilots"].reverse()
    manifest["tasks"] = dict(reversed(manifest["tasks"].items()))
    shipped.write_text(yaml.safe_dump(manifest, sort_keys=False))
    stack.shell("pulumi preview -s local --expect-no-changes")


def test_an_autopilot_comes_with_an_edit_and_goes_without_its_data(stack: Checkout, shipped: Path) -> None:
    manifest = yaml.safe_load(shipped.read_text())
    manifest["autopilots"].append(WELCOMER)
    manifest["tasks"]["welcome"] = {"capability": "guest.welcome"}
    text = shipped.read_text()

    shipped.write_text(yaml.safe_dump(manifest))
    stack.make("up")
    assert plan(stack, "welcome") == {"greeting": "Hello", "card": None}
    assert api(stack, "/workers/scripts/efh-welcomer/schedules")["schedules"][0]["cron"] == "0 6 * * *"

    shipped.write_text(text)
    output = stack.make("up")
    assert "Kept, with its data: KV namespace WELCOMES" in output
    assert "Kept, with its data: R2 bucket efh-cards" in output
    assert "efh-welcomer" not in {worker["id"] for worker in api(stack, "/workers/scripts")}
    titles = {each["title"]: each["id"] for each in api(stack, "/storage/kv/namespaces")}
    assert api(stack, f"/storage/kv/namespaces/{titles['WELCOMES']}/keys") == [{"name": "last"}]
    assert plan(stack, "welcome")["title"] == "No autopilot currently supports welcome"
    stack.shell("pulumi preview -s local --expect-no-changes")


@pytest.mark.parametrize("way", ["", "--direct"], ids=["through the Worker", "by itself"])
def test_a_task_goes_out_from_the_command_line(stack: Checkout, way: str) -> None:
    """By itself, Python finds the Workers' URLs and the signing secret in the Pulumi stack."""
    meta = json.dumps({"brand": {"name": "EFH"}, "title": "Hello"})
    answer = json.loads(stack.shell(f"python -m orchestrator plan generate_page --meta '{meta}' {way}"))
    assert answer["title"] == "Hello"


def test_an_autopilot_that_is_registered_at_run_time_is_routed_and_can_be_pulled_into_the_file(
    stack: Checkout, shipped: Path
) -> None:
    flags = "--name helper --endpoint https://helper.example.com/ --capability help.give"
    stack.shell(f"python -m orchestrator register {flags}")
    assert "helper" in stack.shell("python -m orchestrator plan help.give --explain --url $ORCHESTRATOR_URL")
    before = shipped.read_text()
    stack.shell("python -m orchestrator pull")
    assert "helper.example.com" in shipped.read_text()
    assert all(line in shipped.read_text() for line in before.splitlines())
    stack.shell("python -m orchestrator validate && python -m orchestrator register --remove helper")


def test_the_stack_as_it_is_shipped_is_well_right_after_make_up(stack: Checkout) -> None:
    health = json.loads(stack.shell("curl -sf $ORCHESTRATOR_URL/health"))
    assert (health["status"], health["missing"]) == ("pass", [])
    stack.shell("python -m orchestrator diagnose -s local")  # exit code 0
    stack.shell("python -m orchestrator diagnose --url $ORCHESTRATOR_URL")


def test_each_command_that_a_failure_names_works_as_it_is_printed(stack: Checkout) -> None:
    """Those of the rule table, by the names that this stack has; a log is followed until it is stopped elsewhere."""
    rules = json.loads((ROOT / "orchestrator/analysis/failures.json").read_text())
    found = re.findall(r'"(?:command|local)": "([^"]+)"', json.dumps(rules))
    values = {"autopilot": "ai-stylist", "outcome": "rejected", "worker": "efh-ai-stylist"}
    commands = {command.format(**values) for command in found}
    assert len(commands) > 10
    stack.shell(" && ".join(f"({command}) > /dev/null" for command in sorted(commands)))


LOCAL_AI = (
    'curl -sf -X PUT -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" ${CLOUDFLARE_BASE_URL%/client/v4}/_local/ai'
)


def test_what_a_worker_logged_in_a_failed_task_is_told_with_that_failure(stack: Checkout) -> None:
    fault = json.dumps({"faults": [{"effect": "failed", "times": 1}]})
    meta = json.dumps({"subject": "A lake at dawn", "format": "picture"})
    stack.shell(f"{LOCAL_AI} --json '{fault}'")
    try:
        stack.shell(f"python -m orchestrator plan generate_asset --meta '{meta}' || test $? = 1")
    finally:
        stack.shell(f"{LOCAL_AI} --json '{{}}'")

    def told() -> tuple[dict[str, Any], dict[str, Any]] | None:
        groups = json.loads(stack.shell("python -m orchestrator analyze --json"))["groups"]
        failed = [each for each in groups if each["capability"] == "web.asset.generate" and each["status"] == 503]
        logged = [each for each in groups if each["kind"] == "log" and (each["detail"] or "").startswith("no picture")]
        return (failed[0], logged[0]) if failed and logged else None

    failed, logged = eventually(told, "a failure in the journal and its line in the log")
    assert (logged["partOf"], logged["worker"], logged["outcome"]) == (failed["id"], "efh-ai-stylist", "warn")
    assert logged["samples"] == failed["samples"]
    printed = stack.shell("python -m orchestrator analyze --summary")
    assert f"its log: 1 × warn of efh-ai-stylist · {logged['id']}: no picture was made" in printed
    assert "written by this machine's stand-in for a model: no model runs here" in printed
    assert "the model said nothing that cites a group" in printed
    assert "no picture was made" in stack.shell(logged["command"])


GUIDE: list[dict[str, Any]] = json.loads((ROOT / "tests/integration/autopilots/guide.json").read_text())


@pytest.mark.parametrize("call", GUIDE, ids=[call["task"] for call in GUIDE])
def test_a_task_of_the_guide_works_word_for_word_with_nothing_to_sign_up_for(
    stack: Checkout, call: dict[str, Any]
) -> None:
    body = {"task": call["task"], "meta": call["meta"]}
    status, answer = post(stack, "/autopilot/plan", body, call.get("key", ""))

    # What an earlier test or run made is there already, and the answer says so.
    assert status in {call["status"], 200}, answer
    assert all(answer.get(member) for member in call["members"]), answer


def test_the_guides_other_calls_work_word_for_word(stack: Checkout) -> None:
    want = {"kvNamespaces": ["AI_EMPLOYEE_LOGS"], "r2Buckets": ["efh-private", "efh-pages"]}
    helper = {
        "name": "video-editor",
        "endpoint": "https://video.example.com/",
        "capabilities": ["video.edit"],
        "needs": {"kvNamespaces": ["AI_EMPLOYEE_LOGS"], "r2Buckets": ["efh-assets"]},
    }

    ensured = post(stack, "/autopilot/ensure-infra", {"want": want})
    registered = post(stack, "/autopilot/registry", helper)
    unknown = post(stack, "/autopilot/plan", {"task": "video.publish", "meta": {}})

    assert (ensured[0], ensured[1]["ready"]) == (200, True)
    assert registered[0] in (200, 201), registered
    assert (unknown[0], unknown[1]["title"]) == (404, "No autopilot currently supports video.publish")
    stack.shell("python -m orchestrator register --remove video-editor")


def test_a_folder_is_deployed_as_a_site_and_again_sends_only_what_changed(stack: Checkout) -> None:
    folder = stack.folder / ".local/site"
    (folder / "blog").mkdir(parents=True)
    for name, text in {"index.html": "<h1>Home</h1>", "blog/index.html": "<h1>Blog</h1>", ".hidden": "no"}.items():
        (folder / name).write_text(text)
    (folder / "_redirects").write_text("/old /blog/ 301\n")
    deploy = f"python -m orchestrator deploy-site {folder} --site bread --json"

    first = json.loads(stack.shell(deploy))
    (folder / "index.html").write_text("<h1>Second</h1>")
    second = json.loads(stack.shell(deploy))

    assert (first["generation"], second["generation"]) == (1, 2)
    assert stack.shell(f"curl -sf {second['url']}") == "<h1>Second</h1>"
    assert stack.shell(f"curl -sfL {second['url']}old") == "<h1>Blog</h1>"
    assert stack.shell(f"curl -s -o /dev/null -w '%{{http_code}}' {second['url']}.hidden") == "404"
    body = {"task": "deploy_page", "meta": {"action": "activate", "site": "bread", "version": first["version"]}}
    assert post(stack, "/autopilot/plan", body)[1]["generation"] == 3
    assert stack.shell(f"curl -sf {second['url']}") == "<h1>Home</h1>"


def test_tasks_are_scheduled_and_done_later_with_nothing_to_sign_up_for(stack: Checkout) -> None:
    page = {"pageType": "home", "description": "Welcome page for new students"}
    mail = {"to": "ada@example.com", "subject": "Your course", "text": "It starts on Monday."}
    at = datetime.now(UTC) + timedelta(seconds=1)
    later = {"task": "send_followup", "meta": mail, "at": at.isoformat()}
    calls = [
        post(stack, "/autopilot/plan", {"task": "task.schedule", "meta": later}),
        post(stack, "/autopilot/plan", {"task": "generate_page_later", "meta": page}),
        post(stack, "/autopilot/plan", {"task": "generate_page", "meta": page}, prefer="respond-async"),
    ]

    assert [status for status, _ in calls] == [202, 202, 202], calls
    for _, answer in calls:
        eventually(partial(is_done, stack, answer["id"]), f"it is done: {answer}")


def is_done(stack: Checkout, run: str) -> bool:
    """What was scheduled is a run when the queue has delivered it: 404 before."""
    show = '-H "Authorization: Bearer $ORCHESTRATOR_TOKEN" $ORCHESTRATOR_URL/autopilot/runs/'
    return bool(json.loads(stack.shell(f"curl -s {show}{run}"))["status"] == "done")


def post(stack: Checkout, path: str, body: object, key: str = "", prefer: str = "") -> tuple[int, dict[str, Any]]:
    """The status and the answer of one call, by curl; `key`: its Idempotency-Key."""
    headers = [
        "Authorization: Bearer $ORCHESTRATOR_TOKEN",
        *([f"Idempotency-Key: {key}"] if key else []),
        *([f"Prefer: {prefer}"] if prefer else []),
    ]
    call = " ".join(["curl -s -w '\\n%{http_code}'", *(f'-H "{header}"' for header in headers)])
    answer, _, status = stack.shell(
        f"{call} --json @- $ORCHESTRATOR_URL{path} <<'END'\n{json.dumps(body)}\nEND\n"
    ).rpartition("\n")
    return int(status), json.loads(answer)


def test_the_cron_probes_the_autopilots_and_health_says_so(stack: Checkout) -> None:
    """The local Cloudflare fires it as its own clock would."""
    body = json.dumps({"worker": "efh-autopilot-orchestrator"})
    token = '-H "Authorization: Bearer $CLOUDFLARE_API_TOKEN"'
    fired = stack.shell(f"curl -sf {token} --json '{body}' ${{CLOUDFLARE_BASE_URL%/client/v4}}/_local/cron")
    assert (json.loads(fired)["cron"], json.loads(fired)["outcome"]) == ("*/15 * * * *", "ok")

    health = json.loads(stack.shell("curl -sf $ORCHESTRATOR_URL/health"))
    ours = {
        "orchestrator:settings": "pass",
        "orchestrator:cron": "pass",
        "orchestrator:infrastructure": "pass",
        "orchestrator:runs": "pass",
        "orchestrator:queue": "pass",
        "ai-employee:health": "pass",
        "ai-stylist:health": "pass",
        "page-deployer:health": "pass",
        "payout-batch:health": "pass",
    }
    assert ours.items() <= {name: check["status"] for name, [check] in health["checks"].items()}.items()


def test_what_is_missing_is_healed_by_the_call_that_finds_it(stack: Checkout) -> None:
    """A Worker and a bucket are deleted behind Pulumi's back. Data is not recreated unless somebody says so."""
    for path in ("/workers/scripts/efh-page-deployer?force=true", "/r2/buckets/efh-images"):
        stack.shell(f"{CURL}'{path}' -X DELETE")

    answer = ensure(stack, "efh-images")

    assert (answer["ready"], answer["heal"]["status"]) == (False, "requested")
    run = heal_run(stack)
    assert run["exitCode"] == 8, run
    told = json.loads(
        stack.shell('curl -sf -H "Authorization: Bearer $ORCHESTRATOR_TOKEN" $ORCHESTRATOR_URL/autopilot/heal')
    )
    assert (told["status"], told["id"], "heal -s local --recreate efh-images" in told["detail"]) == (
        "lost",
        run["id"],
        True,
    )
    assert "heal -s local --recreate efh-images" in "\n".join(run["tail"])
    assert "efh-page-deployer" in {worker["id"] for worker in api(stack, "/workers/scripts")}
    stack.shell("python -m orchestrator heal -s local --recreate efh-images")
    assert ensure(stack, "efh-images")["ready"]
    stack.shell("pulumi preview -s local --expect-no-changes")


def ensure(stack: Checkout, bucket: str) -> dict[str, Any]:
    body = json.dumps({"want": {"r2Buckets": [bucket]}})
    call = f"curl -sf -H \"Authorization: Bearer $ORCHESTRATOR_TOKEN\" --json '{body}'"
    answer: dict[str, Any] = json.loads(stack.shell(f"{call} $ORCHESTRATOR_URL/autopilot/ensure-infra"))
    return answer


def heal_run(stack: Checkout) -> dict[str, Any]:
    """The local Cloudflare's run, as soon as it has ended."""
    call = 'curl -sf -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" ${CLOUDFLARE_BASE_URL%/client/v4}/_local/heal'

    def ended() -> dict[str, Any] | None:
        run: dict[str, Any] = json.loads(stack.shell(call))
        return None if run["status"] in ("none", "running") else run

    return eventually(ended, "the heal ended", SECONDS)


def test_wrangler_sees_the_account_of_the_stack(stack: Checkout) -> None:
    assert "AI_EMPLOYEE_LOGS" in stack.shell("WRANGLER_SEND_METRICS=false wrangler kv namespace list")


@pytest.mark.skipif(not os.environ.get("ADMIN_DRIFT"), reason="a minute: ADMIN_DRIFT=1 runs it")
def test_a_replaced_admin_page_is_drift_and_heal_puts_it_back(stack: Checkout) -> None:
    page = "curl -sf $ORCHESTRATOR_URL/admin/"
    before = stack.shell(page)
    stack.shell("python -m orchestrator drift -s local")

    stack.shell("python -m tests.support.replaced_page")

    assert "Sign in" in stack.shell(page)
    found = json.loads(stack.shell("python -m orchestrator drift -s local --json 2>/dev/null", expect=7))
    [finding] = [each for each in found["findings"] if each["change"] == "changed"]
    assert "admin/a" in next(each["live"] for each in finding["differences"] if each["path"] == "assets")

    stack.shell("python -m orchestrator heal -s local")

    assert stack.shell(page) == before
    stack.shell("python -m orchestrator drift -s local")
