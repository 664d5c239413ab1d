"""The screens of the admin page, each with something on it; `ADMIN_SHOTS=FOLDER` for the guide's pictures of them."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from playwright.sync_api import Page, expect

SCREENS = {
    "overview": "overview",
    "autopilot": "autopilots/ai-employee",
    "run": "run?task=generate_page",
    "runs": "runs",
    "schedules": "schedules",
    "journal": "journal",
    "failures": "journal?view=failures",
    "catalogue": "catalogue",
    "diagnose": "diagnose",
    "heal": "heal",
}
_SHOTS = Path(os.environ["ADMIN_SHOTS"]) if "ADMIN_SHOTS" in os.environ else None
_QUALITY = 80


_TITLES = {"autopilot": "ai-employee", "run": "Run a task", "failures": "Journal"}


def arrive(page: Page, screen: str) -> None:
    """Go there, and wait until it has read what it shows."""
    page.evaluate("place => { location.hash = place }", f"#/{SCREENS[screen]}")
    page.get_by_role("heading", level=1, name=_TITLES.get(screen, screen.capitalize()), exact=True).wait_for()
    if screen in ("journal", "failures"):
        view = "Entries" if screen == "journal" else "Failures, grouped"
        page.get_by_role("tab", name=view, selected=True).wait_for()
    expect(page.get_by_text("Loading…")).to_have_count(0)


def visit(page: Page, screen: str) -> None:
    """The same; the first of a list is opened, a page is generated."""
    arrive(page, screen)
    if screen == "run" and page.get_by_label("Description").input_value() == "":
        page.get_by_label("Description").fill("Welcome page for new students")
        page.get_by_role("button", name="Run", exact=True).click()
        page.frame_locator("iframe").get_by_role("heading", level=1).wait_for()
    elif page.locator("summary").count():
        page.locator("summary").first.click()


def take_picture(page: Page, screen: str, kind: str) -> None:
    """The whole of it as WebP, where pictures are wanted."""
    if _SHOTS is None:
        return
    page.mouse.move(0, 0)
    size = page.viewport_size
    assert size
    for _ in range(
        2
    ):  # a frame is painted only where it is in sight, so all of the page has to be; and grows with that
        page.set_viewport_size({**size, "height": page.evaluate("document.documentElement.scrollHeight")})
    page.evaluate("scrollTo(0, 0)")
    for frame in page.frames:
        frame.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    taken = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
    (_SHOTS / f"admin-{screen}-{kind}.webp").write_bytes(base64.b64decode(taken["data"]))
    page.set_viewport_size(size)
