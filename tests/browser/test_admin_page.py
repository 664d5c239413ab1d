"""The admin page in a real browser: what a person does there, and what the page never does."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Open
from tests.support.admin_screens import SCREENS, take_picture, visit
from tests.support.admin_world import EMBEDDING, TOKEN, World
from tests.support.axe import violations
from tests.support.project import ROOT

REQUESTS = 5
PHONE = 390
OVER = "[...document.querySelectorAll('.oa-grow')].filter(each => each.scrollWidth > each.clientWidth).length"
"""How many names reach over what stands beside them."""
MOVING = """[...document.querySelectorAll("*")].map(each => getComputedStyle(each)).filter(
  style => parseFloat(style.transitionDuration) > 0 || style.animationName !== "none").length"""


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(open_page: Open, world: World, scheme: Any) -> None:
    page, differing = open_page(), open_page(at=world.late)
    for screen in SCREENS:
        seen = differing if screen == "heal" else page
        seen.emulate_media(color_scheme=scheme)
        visit(seen, screen)
        take_picture(seen, screen, scheme)
        for button in seen.locator(".oa-button-main:visible").all():
            button.hover()  # its colours below the pointer are held too
        assert violations(seen) == [], screen
    page.get_by_role("button", name="Signed in as").click()
    expect(page.get_by_text("plan, read, register, heal, approve, resolve")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1920])
def test_nothing_is_cut_off_at_any_width(open_page: Open, world: World, width: int) -> None:
    page, differing = open_page(), open_page(at=world.late)
    for screen in SCREENS:
        seen = differing if screen == "heal" else page
        seen.set_viewport_size({"width": width, "height": 800})
        visit(seen, screen)
        for direction in ("rtl", "ltr"):
            seen.evaluate("direction => { document.documentElement.dir = direction }", direction)
            wide: int = seen.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (screen, direction)
            over: int = seen.evaluate(OVER)
            assert over == 0, (screen, direction)
        if width == PHONE:
            take_picture(seen, screen, "phone")


def test_who_has_no_token_is_asked_for_one_and_a_wrong_one_is_refused(open_page: Open, faults: list[str]) -> None:
    page = open_page(signed_in=False)
    assert violations(page) == []

    page.get_by_label("Token").fill("no-such-token")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("does not accept this token")
    assert all("401" in fault for fault in faults)
    faults.clear()


def test_the_token_is_in_memory_alone_unless_one_wishes_otherwise(open_page: Open, context: BrowserContext) -> None:
    page = open_page(token=TOKEN)
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    assert TOKEN not in page.evaluate(kept)

    page.reload()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_label("Keep it until this tab is closed").check()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Overview").wait_for()

    assert page.evaluate("Object.values({...sessionStorage})") == [TOKEN]
    assert TOKEN not in page.evaluate("JSON.stringify([{...localStorage}, document.cookie, location.href])")
    page.reload()
    page.get_by_role("heading", level=1, name="Overview").wait_for()


def test_a_sign_in_link_works_once(open_page: Open, context: BrowserContext, world: World, faults: list[str]) -> None:
    code = world.sign_in_code()
    page = context.new_page()
    page.goto(f"{world.url}/admin/#code={code}")
    page.get_by_role("heading", level=1, name="Overview").wait_for()
    assert code not in page.url

    again = context.new_page()
    again.goto(f"{world.url}/admin/#code={code}")
    expect(again.get_by_role("alert")).to_contain_text("used already")
    assert all("404" in fault for fault in faults)
    faults.clear()


def test_the_alerts_are_shown_with_when_they_were_evaluated(open_page: Open) -> None:
    alerts = open_page().get_by_role("region", name="Alerts")

    expect(alerts).to_contain_text("evaluated")
    expect(alerts.get_by_role("listitem")).to_contain_text("Firing")
    expect(alerts.get_by_role("listitem")).to_contain_text("translator")
    expect(alerts.get_by_text("Nobody is told at slack")).to_have_css("text-align", "start")


def test_the_bars_of_the_free_plan_say_about_what_cloudflare_says_or_why_it_does_not(
    open_page: Open, world: World
) -> None:
    def bars(at: World) -> Locator:
        return open_page(at=at).get_by_role("region", name="Free plan, today")

    told = bars(world)
    expect(told.get_by_text(re.compile(r"^about [\d,]+ of 100,000$")).first).to_be_visible()
    expect(told.get_by_text(re.compile(r"^[\d,]+ of 30,000$"))).to_be_visible()  # of the journal that is exact
    expect(told.get_by_role("meter", name="R2 class A operations, this month")).to_be_visible()
    expect(told).to_contain_text("as Cloudflare's analytics say")

    own = bars(world.late)
    expect(own).to_contain_text("The stack has no analyticsToken, so Cloudflare is not asked.")
    expect(own.get_by_role("meter")).to_have_count(2)
    expect(own).not_to_contain_text("about")

    world.account.local("PUT", "/faults", {"faults": [{"path": "/graphql", "effect": "status", "status": 503}]})
    try:
        world.call("POST", "/__scheduled")
        unsaid = bars(world)
        expect(unsaid).to_contain_text(re.compile("Our own counts of tasks.*Cloudflare did not say: .+"))
        expect(unsaid).not_to_contain_text("about")
    finally:
        world.account.local("DELETE", "/faults")
        world.call("POST", "/__scheduled")


def test_an_answer_that_comes_in_parts_is_shown_as_it_comes(open_page: Open, world: World, faults: list[str]) -> None:
    page = open_page("#/run?task=watch_transfer")
    page.get_by_label("meta", exact=True).fill('{"do": "stream"}')
    page.get_by_role("button", name="Run", exact=True).click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.get_by_text("data: asked")).to_be_visible()
    expect(answer).not_to_contain_text("data: paid")
    expect(page.get_by_role("button", name="Running…")).to_be_disabled()

    world.release()

    expect(answer).to_contain_text("data: paid")
    expect(answer).to_contain_text("from payer")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    assert all("404" in fault for fault in faults)  # the catalogue has no entry of it
    faults.clear()


def test_a_permission_that_a_token_which_only_reads_does_without_is_not_needed(open_page: Open) -> None:
    permissions = open_page("#/diagnose").get_by_role("region", name="Permissions of the token").get_by_role("listitem")

    expect(permissions.filter(has_text="Queues Edit")).to_have_text(re.compile("^Not needed.*Read is enough"))
    expect(permissions.filter(has_text="D1 Edit")).to_have_text(re.compile("^Granted"))


def test_the_form_and_the_json_say_the_same_and_the_last_payload_is_kept(open_page: Open) -> None:
    page = open_page("#/run?task=create_lead")
    page.get_by_label("E-mail").fill("grace@example.com")
    page.get_by_role("tab", name="JSON").click()
    expect(page.get_by_label("meta", exact=True)).to_have_value(json.dumps({"email": "grace@example.com"}, indent=2))
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("main")).to_contain_text("ai-employee would get it")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("from ai-employee")

    page.evaluate("location.hash = '#/runs'")
    page.get_by_role("heading", level=1, name="Runs").wait_for()
    page.evaluate("location.hash = '#/run?task=create_lead'")
    expect(page.get_by_label("E-mail")).to_have_value("grace@example.com")


def test_it_is_laid_out_from_the_right_where_a_language_runs_so(open_page: Open) -> None:
    page = open_page()
    page.evaluate("document.documentElement.dir = 'rtl'")
    navigation = page.get_by_role("navigation").bounding_box()
    main = page.get_by_role("main").bounding_box()

    assert navigation
    assert main
    assert navigation["x"] > main["x"]


def test_nothing_moves_for_who_wants_less_motion(open_page: Open) -> None:
    page = open_page()
    assert page.evaluate(MOVING) > 0

    page.emulate_media(reduced_motion="reduce")

    assert page.evaluate(MOVING) == 0


def test_it_loads_with_five_requests(context: BrowserContext, world: World) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{world.url}/admin/")
    page.get_by_label("Token").wait_for()
    settled(page)

    assert len(asked) <= REQUESTS, asked


def test_no_path_of_the_api_is_answered_by_the_page_and_its_policy_is_strict(world: World) -> None:
    page, preview = world.get("/admin/"), world.get("/admin/preview")

    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert preview.headers["content-security-policy"].startswith("sandbox allow-scripts; default-src 'none'")
    for path in ("/", "/index.html", "/health", "/autopilot/list", "/openapi.json", "/admin/nowhere"):
        assert "x-request-id" in world.get(path).headers, path


COMPONENT_HOST = """
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { OrchestratorAdmin } from "%s";
createRoot(document.body).render(createElement(OrchestratorAdmin, { baseUrl: "%s", token: "%s" }));
"""
ELEMENT_HOST = """
await import("%s/admin/orchestrator-admin-element.js");
const admin = document.createElement("orchestrator-admin");
admin.setAttribute("base-url", "%s");
admin.token = "%s";
document.body.append(admin);
"""


def bundled(script: str) -> str:
    """A module of a page that has React of its own."""
    [esbuild] = ROOT.glob("node_modules/@esbuild/*/bin/esbuild")
    command = [str(esbuild), "--bundle", "--format=esm", "--loader=js", '--define:process.env.NODE_ENV="production"']
    return subprocess.run(command, input=script, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("build", ["component", "element"])
def test_it_works_in_a_page_of_another_origin_that_embeds_it(context: BrowserContext, world: World, build: str) -> None:
    if build == "component":
        script = bundled(COMPONENT_HOST % ("./.build/admin/admin/orchestrator-admin.js", world.url, TOKEN))
    else:
        script = ELEMENT_HOST % (world.url, world.url, TOKEN)
    page, host = context.new_page(), f"{EMBEDDING}/host"
    content = '<!doctype html><title>Host</title><body><script type="module" src="/host.js"></script>'
    page.route(host, lambda route: route.fulfill(body=content, content_type="text/html"))
    page.route(f"{host}.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))

    page.goto(host)

    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Run", exact=True).click()
    page.get_by_label("Task").select_option("generate_page")
    page.get_by_label("Description").fill("Welcome page for new students")
    page.get_by_role("button", name="Run", exact=True).click()
    frame = page.frame_locator("iframe[title='The page that was made']")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Welcome page for new students")
    assert page.url == host
