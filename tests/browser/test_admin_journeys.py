"""What a person does on the admin page, in a real browser: five journeys by the keyboard alone, others by a pointer."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.support.admin_world import BOSS_TOKEN, OPS_TOKEN, UNKNOWN, World
from tests.support.axe import violations
from tests.support.eventually import eventually
from tests.support.keyboard import press, write
from tests.support.loopback_service import Service
from tests.support.polling import IDLE_MS, asked_for


def run_of(world: World, key: str) -> dict[str, Any]:
    [row] = world.sql(f"SELECT id FROM runs WHERE key = '{key}'")  # noqa: S608 - of tests
    run: dict[str, Any] = world.call("GET", f"/autopilot/runs/{row['id']}")
    return run


def go_to(page: Page, screen: str) -> None:
    """By the navigation, as somebody does who begins at the page's beginning."""
    press(page, page.get_by_role("navigation").get_by_role("link", name=screen, exact=True))
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def source_of_last(healer: Service) -> str:
    """Of the heal that was asked for last."""
    return str(json.loads([body for path, _, body in healer.calls if path == "/heal"][-1])["source"])


def test_the_failing_autopilot_is_found_with_its_cause_by_keyboard(open_page: Open) -> None:
    page = open_page()
    trouble = page.get_by_role("listitem").filter(has_text="translator").first
    expect(trouble).to_contain_text("Failing")
    expect(trouble).to_contain_text("It answered 500.")
    failure = page.get_by_role("region", name="Latest failures").get_by_role("listitem").filter(has_text="translate")
    expect(failure.first).to_contain_text("The autopilot did not say how it ended")

    press(page, failure.first.get_by_role("link"))
    expect(page.get_by_label("Request")).not_to_have_value("")
    expect(page.locator("details[open]")).to_contain_text("The autopilot did not say how it ended")
    go_to(page, "Overview")
    press(page, trouble.get_by_role("link", name="Look at it"))

    expect(page.get_by_role("heading", level=1)).to_have_text("translator")
    expect(page.get_by_role("region", name="Health")).to_contain_text("Failing")
    expect(page.get_by_role("region", name="Last tasks").get_by_role("listitem").first).to_contain_text("translate")
    go_to(page, "Overview")
    press(page, page.get_by_role("main").get_by_role("link", name="ai-employee"))
    needs = page.get_by_role("region", name="What it needs").get_by_role("listitem")
    expect(needs).to_have_text(
        [re.compile("There.*KV namespace AI_EMPLOYEE_LOGS"), re.compile("There.*R2 bucket efh-private")]
    )


def test_a_page_is_generated_and_seen_by_keyboard(open_page: Open) -> None:
    page = open_page()
    go_to(page, "Run")
    write(page, page.get_by_label("Task"), "generate_page")
    expect(page.get_by_role("heading", name="web.pages.generate")).to_be_visible()
    write(page, page.get_by_label("Description"), "Welcome page for new students")
    press(page, page.get_by_role("button", name="Run", exact=True))

    made = page.get_by_title("The page that was made")
    expect(made.content_frame.get_by_role("heading", level=1)).to_contain_text("Welcome page for new students")
    expect(made).to_be_in_viewport(ratio=0.9)
    press(page, page.get_by_role("tab", name="Page"), "ArrowRight")
    expect(page.get_by_role("tab", name="JSON").last).to_be_focused()
    expect(page.get_by_role("tabpanel").last).to_contain_text("draft")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("heading", name="Answer")).to_be_in_viewport()
    expect(page.get_by_role("tab", name="JSON").last).to_be_in_viewport()


def test_yesterdays_unknown_payout_is_found_and_resolved_by_keyboard(open_page: Open, world: World) -> None:
    key = f"yesterday-{uuid.uuid4()}"
    world.plan("pay_affiliate_now", UNKNOWN, token=OPS_TOKEN, idempotency_key=key)
    day = timedelta(days=1) // timedelta(milliseconds=1)
    moments = ", ".join(f"{each} = {each} - {day}" for each in ("created_at", "started_at", "expires_at"))
    world.sql(f"UPDATE runs SET {moments}, finished_at = finished_at - {day} WHERE key = '{key}'")  # noqa: S608
    world.call("POST", "/__scheduled")
    page = open_page()

    press(page, page.get_by_role("main").get_by_role("link", name="Resolve").first)
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_focused()
    expect(page.get_by_label("Status")).to_have_value("unknown")
    write(page, page.get_by_label("Since"), "last 7")
    expect(page.get_by_label("Since")).to_have_value("7d")
    row = page.get_by_role("listitem").filter(has_text="yesterday")
    press(page, row.locator("summary"))
    expect(row).to_contain_text(key)
    press(page, row.get_by_role("button", name="Resolve…"))
    dialog = page.get_by_role("dialog", name="How did it end?")
    press(page, dialog.get_by_label("It was done"), "ArrowDown")
    expect(dialog.get_by_label("It was not done")).to_be_checked()
    write(page, dialog.get_by_label("How do you know?"), "Stripe has no transfer of it")
    assert violations(page) == []
    press(page, dialog.get_by_role("button", name="Save"))

    expect(dialog).to_have_count(0)
    run = run_of(world, key)
    expect(page.get_by_text("pay_affiliate_now: “It was not done” is saved.")).to_be_visible()
    assert (run["status"], run["resolutions"][0]["note"]) == ("not-done", "Stripe has no transfer of it")


def test_a_batch_over_the_cap_is_approved_by_keyboard_by_somebody_else_and_paid(open_page: Open, world: World) -> None:
    payee, key = f"acct_{uuid.uuid4().hex}", str(uuid.uuid4())
    batch = {"payouts": [{"destination": payee, "amount": 150_000, "currency": "eur"}]}
    waiting = world.plan("run_payout_batch", batch, token=OPS_TOKEN, idempotency_key=key)
    assert waiting["status"] == "waiting for approval"
    page = open_page(token=BOSS_TOKEN)
    go_to(page, "Runs")
    row = page.get_by_role("listitem").filter(has_text=waiting["run"])
    expect(row).to_contain_text("To approve")
    press(page, row.locator("summary"))

    press(page, row.get_by_role("button", name="Approve…"))
    dialog = page.get_by_role("dialog", name="May it go on?")
    waits = dialog.get_by_label("What its autopilot says of it")
    expect(waits).to_contain_text(
        re.compile(f"{payee} would get 150000 eur.*destination{payee}amount150000", re.DOTALL)
    )
    press(page, dialog.get_by_label("Approve it"), "Space")
    assert violations(page) == []
    press(page, dialog.get_by_role("button", name="Save"))

    expect(dialog).to_have_count(0)
    assert (payee, 150_000) in world.bank.paid()
    assert run_of(world, key)["status"] == "done"


def test_a_cleared_cron_is_seen_and_its_heal_is_watched_to_the_end_by_keyboard(
    open_page: Open, world: World, healer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healer, "answer", {"id": "1", "status": "done"})
    page = open_page(at=world.late, clock=True)
    main = page.get_by_role("main")
    cron = main.get_by_role("listitem").filter(has_text="Scheduled run")
    press(page, cron.get_by_role("link", name="Heal"))
    expect(page.get_by_role("heading", level=1, name="Heal")).to_be_focused()
    expect(main).to_contain_text("It has not run for 30 minutes and more")
    expect(main).to_contain_text("The cron triggers are set again.")

    press(page, page.get_by_role("button", name="Heal now"))
    press(page, page.get_by_role("dialog").get_by_role("button", name="Heal now"))
    expect(main).to_contain_text("The webhook took it.")
    expect(main).to_contain_text("The cron trigger fires again, at its next time")
    assert source_of_last(healer) == "request"
    healer.answer = {"id": "2", "status": "done"}
    steps = main.get_by_role("region", name="The heal, step by step").get_by_role("listitem")
    expect(steps.filter(has_text="The heal has run")).not_to_contain_text("waiting")
    for minutes in (10, 1):  # what was read at the first is on the screen at the second
        with page.expect_response(lambda answer: "/autopilot/diagnose" in answer.url):
            page.clock.fast_forward(minutes * 60_000)
    expect(steps.filter(has_text="The cron trigger fires")).to_contain_text("waiting")
    expect(steps.filter(has_text="Not mended")).to_have_count(0)
    world.late.cron()  # as Cloudflare does at the next time of the trigger, which the heal has set again
    page.clock.fast_forward(IDLE_MS)

    expect(main).to_contain_text("Healed: nothing is missing any more.", timeout=60_000)
    expect(main).to_contain_text("Nothing that the router can see differs")
    hourly = page.get_by_role("contentinfo").get_by_text(re.compile("about 240 times an hour"))
    expect(hourly).to_be_visible()  # nothing is watched any more


def test_what_fails_again_and_again_is_told_once_with_its_cause_and_what_to_run(open_page: Open, world: World) -> None:
    page = open_page("#/journal")

    page.get_by_role("tab", name="Entries").press("ArrowRight")
    expect(page.get_by_role("tab", name="Failures, grouped")).to_be_focused()
    group = page.get_by_role("listitem").filter(has_text="payouts.transfer.single").filter(has_text="Unknown").first
    group.locator("summary").click()

    expect(group).to_contain_text("the same kind plan, autopilot payer")
    expect(group).to_contain_text("python -m orchestrator runs --status unknown")
    assert violations(page) == []
    sample = group.get_by_role("link").first
    request = sample.inner_text()
    sample.click()
    expect(page.get_by_label("Request")).to_have_value(request)
    [told] = world.call("GET", f"/autopilot/journal?requestId={request}")["entries"]
    assert told["outcome"] == "unknown"


def test_nobody_resolves_a_run_of_their_own(open_page: Open) -> None:
    page = open_page("#/runs?status=unknown")
    row = page.get_by_role("listitem").filter(has_text="default").first
    row.locator("summary").click()

    expect(row).to_contain_text("somebody else has to say so")
    expect(row.get_by_role("button", name="Resolve…")).to_have_count(0)


def test_who_asked_for_a_batch_does_not_approve_it(open_page: Open, world: World) -> None:
    batch = {"payouts": [{"destination": f"acct_{uuid.uuid4().hex}", "amount": 150_000, "currency": "eur"}]}
    waiting = world.plan("run_payout_batch", batch, idempotency_key=str(uuid.uuid4()))
    page = open_page("#/runs?status=running")
    row = page.get_by_role("listitem").filter(has_text=waiting["run"])
    row.locator("summary").click()

    expect(row).to_contain_text("somebody else has to say so")
    expect(row.get_by_role("button", name="Approve…")).to_have_count(0)


def test_what_has_not_begun_is_cancelled(open_page: Open, world: World) -> None:
    key = str(uuid.uuid4())
    at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    task = {"task": "create_lead", "meta": {"email": "ada@example.com"}, "at": at}
    run = world.call("POST", "/autopilot/plan", task, token=OPS_TOKEN, idempotency_key=key)
    page = open_page("#/runs?status=queued")
    row = page.get_by_role("listitem").filter(has_text=run["id"])
    row.locator("summary").click()
    expect(row).to_contain_text("Next try")

    row.get_by_role("button", name="Cancel it").click()

    expect(row).to_have_count(0)
    assert (run_of(world, key)["status"], run_of(world, key)["why"]) == ("not-done", "default cancelled it.")


def test_what_was_given_up_is_tried_again(open_page: Open, world: World) -> None:
    key = str(uuid.uuid4())
    run = world.plan("translate_later", {"text": "bread"}, idempotency_key=key)
    eventually(lambda: run_of(world, key)["status"] == "dead", "it is given up")
    page = open_page("#/runs?status=dead")
    row = page.get_by_role("listitem").filter(has_text=run["id"])
    row.locator("summary").click()

    row.get_by_role("button", name="Try it again").click()

    eventually(lambda: run_of(world, key)["attempts"] == 2, "it is tried again")


def test_a_schedule_is_seen_and_removed_and_a_declared_one_stays(open_page: Open, world: World) -> None:
    page = open_page("#/schedules")
    rows = page.get_by_role("main").get_by_role("listitem")
    declared, asked = rows.filter(has_text="0 3 1 1 *"), rows.filter(has_text="30 9 1 1 * Europe/Berlin")
    declared.locator("summary").click()
    expect(declared).to_contain_text("changed in autopilots.yaml")
    expect(declared.get_by_role("button", name="Remove…")).to_have_count(0)

    asked.locator("summary").click()
    asked.get_by_role("button", name="Remove…").click()
    dialog = page.get_by_role("dialog", name="Remove this schedule?")
    assert violations(page) == []
    dialog.get_by_role("button", name="Remove it").click()

    expect(asked).to_have_count(0)
    expect(declared).to_be_visible()
    sources = [each["source"] for each in world.call("GET", "/autopilot/schedules")["schedules"]]
    assert sources == ["declared"]


def test_a_lost_namespace_is_told_plainly_and_its_heal_is_watched_to_the_end(
    open_page: Open, world: World, healer: Service
) -> None:
    namespaces = world.account.call("GET", "/storage/kv/namespaces").json()["result"]
    lost = next(each["id"] for each in namespaces if each["title"] == "AI_EMPLOYEE_LOGS")
    assert world.account.call("DELETE", f"/storage/kv/namespaces/{lost}").is_success
    page = open_page("#/heal", clock=True)
    main = page.get_by_role("main")
    expect(main).to_contain_text("KV namespace AI_EMPLOYEE_LOGS")
    expect(main).to_contain_text("Lost data")
    expect(main).to_contain_text("python -m orchestrator heal --recreate AI_EMPLOYEE_LOGS")

    page.get_by_role("button", name="Heal now").click()
    page.get_by_role("dialog").get_by_role("button", name="Heal now").click()
    expect(main).to_contain_text("The webhook took it.")
    assert source_of_last(healer) == "request"

    page.clock.fast_forward(10 * 60_000)
    steps = main.get_by_role("region", name="The heal, step by step")
    verdict = steps.get_by_role("listitem").filter(has_text="Not mended")
    expect(verdict).to_contain_text("still missing: KV namespace AI_EMPLOYEE_LOGS.")
    expect(verdict).to_contain_text("The webhook took it.")
    expect(verdict).to_contain_text(".local/cloudflare/heal.log")
    expect(steps).not_to_contain_text("waiting")
    assert violations(page) == []
    often = asked_for(page, "/autopilot/diagnose", 2 * IDLE_MS, IDLE_MS // 6)
    assert often in (2, 3)  # every 30 seconds; the clock runs on meanwhile
    world.account.add_namespace("AI_EMPLOYEE_LOGS")  # what the workflow does when it is told to
    world.call("POST", "/__scheduled")
    page.clock.fast_forward(IDLE_MS)

    expect(main).to_contain_text("Healed: nothing is missing any more.", timeout=60_000)
    expect(verdict).to_have_count(0)


def test_a_heal_that_failed_says_why_as_soon_as_it_has_ended(
    open_page: Open, healer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healer, "answer", {})
    link = "https://github.com/efh/platform/actions/runs/7"
    run = {"id": "7", "status": "running", "startedAt": "2026-11-27T08:00:00Z", "url": link}
    page = open_page("#/heal")
    main = page.get_by_role("main")
    page.get_by_role("button", name="Heal now").click()
    healer.answer = run
    page.get_by_role("dialog").get_by_role("button", name="Heal now").click()
    steps = main.get_by_role("region", name="The heal, step by step")
    runs = steps.get_by_role("listitem").filter(has_text="The heal has run")
    expect(runs).to_contain_text("waiting", timeout=60_000)

    healer.answer = {**run, "status": "failed", "endedAt": "2026-11-27T08:01:00Z", "detail": "error: no lock\n  wait"}

    expect(steps).to_contain_text("Failed", timeout=60_000)
    expect(steps).to_contain_text("error: no lock")
    expect(steps.get_by_role("link", name="All that it said")).to_have_attribute("href", link)
    expect(steps).not_to_contain_text("Not mended")
    assert violations(page) == []
    healer.answer = {**run, "status": "lost", "detail": "data of the stack is lost"}
    page.evaluate("location.hash = '#/journal'")
    expect(page.get_by_role("heading", level=1)).to_have_text("Journal")
    page.evaluate("location.hash = '#/heal'")
    newest = main.get_by_role("region", name="The newest heal")
    expect(newest).to_contain_text("Stopped: data was lost")
    expect(newest).to_contain_text("data of the stack is lost")
    assert violations(page) == []
