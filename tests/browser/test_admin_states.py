"""Each screen in each state that it can be in, and what the page asks of the router, and when."""

from __future__ import annotations

import contextlib
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from tests.browser.conftest import Open
from tests.support.admin_screens import SCREENS, arrive
from tests.support.admin_world import READER_TOKEN, SHOP_TOKEN, TOKEN, World
from tests.support.axe import violations
from tests.support.polling import BUSY_MS, IDLE_MS, asked_for

READINGS = re.compile(r"/autopilot/(?!me$|sign-in)|/health$")
"""What the screens read, but who is signed in."""
HARMLESS = re.compile(r"Filter|Show more|Clear|Look again|Loading…|Copy.*|Signed in.*|Sign out")
"""Buttons that change nothing."""
DOING = "a[href='#/run'], a[href^='#/run?'], a[href^='#/heal']"
"""Links to what somebody does."""


def show(page: Page, place: str) -> None:
    """A place on a page that has read nothing yet."""
    before = urlsplit(page.url)
    page.goto(f"{before.scheme}://{before.netloc}{before.path}?{quote(place)}#/{place}")


def signed_in_for_good(open_page: Open, **how: Any) -> Page:
    """A page that is still signed in when it is loaded again."""
    page = open_page(**how)
    page.evaluate("token => sessionStorage.setItem('orchestrator-admin-token', token)", how.get("token", TOKEN))
    return page


def test_each_screen_says_that_it_loads_and_then_shows_what_was_read(open_page: Open, world: World) -> None:
    page = signed_in_for_good(open_page)
    held: list[Route] = []
    page.route(READINGS, lambda route: held.append(route))
    for place in SCREENS.values():
        show(page, place)
        main = page.get_by_role("main")
        expect(main.get_by_text("Loading…").first).to_be_visible()
        page.unroute(READINGS)
        for each in held:
            with contextlib.suppress(Error):  # the page may have left it
                each.continue_()
        expect(main.get_by_text("Loading…")).to_have_count(0)
        held.clear()
        page.route(READINGS, lambda route: held.append(route))
    page.unroute(READINGS)


def test_each_screen_tells_the_routers_refusal_and_that_it_does_not_answer(
    open_page: Open, world: World, faults: list[str]
) -> None:
    page = signed_in_for_good(open_page)
    main = page.get_by_role("main")
    # A parameter that no reading has: so the router itself refuses them.
    page.route(READINGS, lambda route: route.continue_(url=_with(route, "misspelt=1")))
    for place in SCREENS.values():
        show(page, place)
        expect(main.get_by_role("alert").first).to_contain_text("Invalid parameters")
        assert violations(page) == [], place
    page.unroute(READINGS)

    page.route(READINGS, lambda route: route.abort())
    for place in SCREENS.values():
        show(page, place)
        expect(main.get_by_text("The router does not answer.")).to_be_visible()
        expect(main.get_by_role("alert").first).to_contain_text("could not be reached")
        assert violations(page) == [], place
    faults.clear()


def test_each_list_without_anything_on_it_says_so(open_page: Open, world: World) -> None:
    page = signed_in_for_good(open_page)
    main = page.get_by_role("main")
    page.route(re.compile(r"/autopilot/journal"), lambda route: route.continue_(url=_with(route, "task=no-such-task")))
    for place, says in {
        "overview": "No task has failed",
        "autopilots/ai-employee": "It has had no task",
        "autopilots/no-such-autopilot": "There is no autopilot no-such-autopilot",
        "runs?task=no-such-task": "There are no such runs",
        "journal": "There are no such entries",
        "journal?view=failures": "Nothing failed in the 0 entries",
        "catalogue/no-such-capability": "Nothing matches",
        "heal": "Nothing that the router can see differs",
    }.items():
        show(page, place)
        expect(main).to_contain_text(says)
        assert violations(page) == [], place


def test_who_may_only_read_sees_nothing_that_does_something(open_page: Open, world: World) -> None:
    for at in (world, world.late):
        page = open_page(token=READER_TOKEN, at=at)
        for screen in SCREENS:
            arrive(page, screen)
            if page.locator("summary").count():
                page.locator("summary").first.click()
            buttons = page.locator("button:not([role=tab])").all()
            names = [each.get_attribute("aria-label") or each.inner_text() for each in buttons]
            assert [name for name in names if not HARMLESS.match(name.strip())] == [], screen
            assert page.locator(DOING).count() == 0, screen
    page.evaluate("location.hash = '#/heal'")
    expect(page.get_by_role("main")).to_contain_text("You may not heal")
    page.evaluate("location.hash = '#/run'")
    expect(page.get_by_role("main")).to_contain_text("may not ask for tasks")


def test_who_may_only_ask_for_tasks_asks_for_them_and_sees_its_own(open_page: Open) -> None:
    page = open_page(token=SHOP_TOKEN)
    expect(page.get_by_role("heading", level=1, name="Run a task")).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["Run", "Runs", "Schedules"])
    expect(page.get_by_label("Task").locator("option")).to_have_count(2)
    page.get_by_label("Task").select_option("create_lead")
    page.get_by_label("meta", exact=True).fill('{"email": "ada@example.com"}')
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("from ai-employee")
    page.get_by_role("navigation").get_by_role("link", name="Runs").click()
    expect(page.get_by_role("main")).to_contain_text("There are no such runs")
    page.get_by_role("navigation").get_by_role("link", name="Schedules").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing is scheduled")


def test_the_last_picture_stays_with_its_age_when_the_router_does_not_answer(
    open_page: Open, context: BrowserContext, faults: list[str]
) -> None:
    page = open_page(clock=True)
    expect(page.get_by_role("link", name="ai-stylist")).to_be_visible()
    page.wait_for_load_state("networkidle")

    context.set_offline(True)
    page.clock.run_for(2 * IDLE_MS)

    expect(page.get_by_text(re.compile("The router does not answer. What you see is from .*min.* ago"))).to_be_visible()
    expect(page.get_by_role("link", name="ai-stylist")).to_be_visible()
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The router does not answer.")).to_have_count(0)
    faults.clear()  # what could not be loaded is told there


def test_what_it_costs_is_in_its_footer_and_is_what_it_asks(open_page: Open, world: World) -> None:
    """Minutes of the page's clock, in steps of its polling: on one screen and on the next, and while it is hidden."""
    page = open_page(clock=True)
    page.wait_for_load_state("networkidle")
    overview = told_and_asked(page)
    page.evaluate("location.hash = '#/journal'")
    expect(page.get_by_role("heading", level=1, name="Journal")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.locator("summary").first.click()
    opened = page.locator("details[open]").inner_text()
    world.plan("create_lead", {"email": "ada@example.com"})
    journal = told_and_asked(page)

    assert journal < overview
    expect(page.locator("details[open]")).to_have_count(1)
    assert page.locator("details[open] .oa-id").inner_text() in opened, "another row is open than the one that was"

    page.evaluate(VISIBILITY, "hidden")
    assert asked_for(page, "/", 10 * IDLE_MS, IDLE_MS) == 0
    with page.expect_request(re.compile("/autopilot/journal")):
        page.evaluate(VISIBILITY, "visible")


VISIBILITY = """state => {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""


def told_and_asked(page: Page) -> int:
    """How many requests an hour its footer tells, which is what it asks."""
    footer = page.get_by_role("contentinfo").inner_text()
    said = re.search(r"about ([\d,]+) times an hour .*: ([\d.]+)% of the free plan's day in eight hours", footer)
    assert said, footer
    hourly, share = int(said[1].replace(",", "")), float(said[2])
    assert abs(hourly * 8 / 100_000 * 100 - share) < 0.1
    assert share < 10
    asked = asked_for(page, "/", 10 * IDLE_MS, IDLE_MS)
    assert abs(asked * 12 - hourly) <= hourly / 5, (asked, footer)
    return hourly


def test_it_asks_every_two_seconds_while_a_run_may_end_and_not_while_its_time_is_far(
    open_page: Open, world: World
) -> None:
    page = open_page("#/runs?status=queued", clock=True)
    page.get_by_role("heading", level=1, name="Runs").wait_for()
    page.wait_for_load_state("networkidle")
    far = _later(world, timedelta(hours=2))
    assert asked_for(page, "/autopilot/runs", IDLE_MS, BUSY_MS) == 1
    expect(page.get_by_role("listitem").filter(has_text=far)).to_have_count(1)
    assert asked_for(page, "/autopilot/runs", IDLE_MS, BUSY_MS) == 1

    near = _later(world, timedelta(seconds=20))
    asked_for(page, "/autopilot/runs", IDLE_MS, BUSY_MS)

    assert asked_for(page, "/autopilot/runs", 5 * BUSY_MS, BUSY_MS) == 5
    for run in (far, near):
        world.call("DELETE", f"/autopilot/runs/{run}")


def _later(world: World, wait: timedelta) -> str:
    task = {"task": "create_lead", "meta": {"email": "ada@example.com"}, "at": (datetime.now(UTC) + wait).isoformat()}
    return str(world.call("POST", "/autopilot/plan", task, idempotency_key=str(uuid.uuid4()))["id"])


def _with(route: Route, parameter: str) -> str:
    url = route.request.url
    return f"{url}{'&' if '?' in url else '?'}{parameter}"
