"""A real browser: Debian's Chromium, driven by Playwright. Each test has a page of its own; whatever the page logs as
an error, its policy forbids or it asks of another origin fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scripts.setup import BROWSERS
from tests.support.admin_world import EMBEDDING, HOST, LATE_HOST, World, running
from tests.support.loopback_service import Service, service

CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks",  # a page that a test makes up may embed one of this machine
]
NOT_INSTALLED = "there is no Chromium on this machine: `apt-get install chromium` on Debian"
Open = Callable[..., Page]
_PATIENCE_MS = 30_000  # for what comes: the machine may be busy


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module, since Playwright's event loop runs as long: another test of the process may have one of its own."""
    if CHROMIUM is None:
        pytest.skip(NOT_INSTALLED)
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def healer() -> Iterator[Service]:
    """The webhook that a heal is asked for at."""
    with service() as running:
        yield running


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, healer: Service) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("account"), heal_url=f"{healer.url}/heal") as world:
        world.live_a_while()
        yield world


@pytest.fixture
def faults() -> list[str]:
    """What pages said was wrong; a test that means it to happen empties this."""
    return []


@pytest.fixture
def context(browser: Browser, faults: list[str]) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", viewport={"width": 1280, "height": 860})
    context.set_default_timeout(_PATIENCE_MS)
    context.on("weberror", lambda error: faults.append(f"error: {error.error}"))
    context.on("console", lambda said: faults.append(f"console: {said.text}") if said.type == "error" else None)
    context.on("request", lambda asked: None if _is_own(asked.url) else faults.append(f"foreign: {asked.url}"))
    yield context
    context.close()
    assert faults == []


@pytest.fixture
def open_page(context: BrowserContext, world: World) -> Open:
    """Opens the page of the router `at`, signed in with `token`, at a place such as `#/runs`; a `clock` is moved."""

    def open_page(
        place: str = "", *, token: str | None = None, signed_in: bool = True, at: World = world, clock: bool = False
    ) -> Page:
        world = at
        page = context.new_page()
        if clock:
            page.clock.install()
        if not signed_in:
            page.goto(f"{world.url}/admin/{place}")
            return page
        if token is None:
            page.goto(f"{world.url}/admin/#code={world.sign_in_code()}")
        else:
            page.goto(f"{world.url}/admin/")
            page.get_by_label("Token").fill(token)
            page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation").wait_for()
        page.get_by_role("heading", level=1).wait_for()
        if place:
            page.evaluate("place => { location.hash = place }", place)
        return page

    return open_page


def _is_own(url: str) -> bool:
    """Of a router of the world, or of the page that embeds the admin page."""
    return url.startswith(("blob:", "data:", EMBEDDING)) or urlsplit(url).hostname in (HOST, LATE_HOST)
