"""The stylist's pages and assets in a real browser: nothing for axe to find, nothing that moves, overflows, runs or
comes from elsewhere, in light and dark, on a phone and on a desk.

A few of them by default; `PAGES=all` for every page and asset of `tests/support/page_samples.py`, and
`PAGE_SHOTS=FOLDER` for pictures of them, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.support.autopilots import Autopilot, running
from tests.support.axe import violations
from tests.support.page_samples import ASSETS, FORMATS, PAGES

IS_WHOLE = os.environ.get("PAGES") == "all"
SHOWN = list(PAGES) if IS_WHOLE else ["guide", "pricing", "ar", "ar-pricing", "long-home"]
DRAWN = list(ASSETS) if IS_WHOLE else ["caps", "brand-80", "arabic", "emoji"]
SHOTS = Path(os.environ["PAGE_SHOTS"]) if "PAGE_SHOTS" in os.environ else None
WIDTHS = [360, 1280]
SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]
MOST_BYTES = 30_000
SHIFTS = """() => new Promise((resolve) => {
  let moved = 0;
  new PerformanceObserver((list) => { for (const each of list.getEntries()) moved += each.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(moved)));
})"""
# What is wider than it may be, and what a finger cannot hit.
OVERFLOWING = """() => [...document.querySelectorAll("body *")].filter((each) => {
  const { left, right, width } = each.getBoundingClientRect();
  return width > 0 && (left < -0.5 || right > document.documentElement.clientWidth + 0.5);
}).map((each) => each.outerHTML.slice(0, 120))"""
SMALL_TARGETS = """() => [...document.querySelectorAll("a, summary")].filter((each) => {
  const { width, height } = each.getBoundingClientRect();
  return width > 0 && Math.min(width, height) < 24;
}).map((each) => each.outerHTML.slice(0, 120))"""
# What stands alone in a card begins where the page does, though it has letters of the other direction or none.
ASTRAY = """() => [...document.querySelectorAll("dd, .price")].filter((each) =>
  getComputedStyle(each).textAlign !== (document.documentElement.dir === "rtl" ? "right" : "left")
).map((each) => each.outerHTML.slice(0, 120))"""
# Each line's box, from top to bottom, in the picture's own measure.
BOXES = """() => [...document.querySelectorAll("text")].map((each) => {
  const { x, y, width, height } = each.getBBox();
  return { x, y, width, height, size: Number(each.getAttribute("font-size")), text: each.textContent };
})"""


@pytest.fixture(scope="module")
def stylist() -> Iterator[Autopilot]:
    with running("stylist", bindings={"BRAND_NAME": "EFH", "BRAND_COLOUR": "#1f4e79"}) as autopilot:
        yield autopilot


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """One that notes what goes wrong, and what is asked for."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_is_for_everybody_and_needs_nothing(stylist: Autopilot, page: Page, name: str) -> None:
    made = stylist.call("web.pages.generate", PAGES[name])
    assert made.status_code == 201, made.text
    url = f"{stylist.http.base_url}{made.json()['path']}"
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    for width in WIDTHS:
        for scheme in SCHEMES:
            where = f"{name}, {width} px, {scheme}"
            asked.clear()
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            answer = page.goto(url, wait_until="load")
            assert answer
            assert len(answer.body()) < MOST_BYTES, where
            assert page.evaluate(SHIFTS) == 0, where
            assert page.evaluate("document.scripts.length") == 0
            assert page.evaluate(OVERFLOWING) == [], where
            assert page.evaluate(SMALL_TARGETS) == [], where
            assert page.evaluate(ASTRAY) == [], where
            assert asked == [url], where
            if SHOTS:
                page.screenshot(path=SHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
            assert violations(page) == [], where
    assert faults == []


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_leaves_its_picture_or_stands_on_another(stylist: Autopilot, page: Page, name: str) -> None:
    for kind in FORMATS:
        made = stylist.call("web.asset.generate", {"brand": {"name": "EFH"}} | ASSETS[name] | {"format": kind})
        assert made.status_code == 201, made.text
        document: dict[str, Any] = made.json()
        width, height = document["width"], document["height"]
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{stylist.http.base_url}{document['path']}")
        if SHOTS:
            page.screenshot(path=SHOTS / f"asset-{name}-{kind}.png")
        boxes = sorted(page.evaluate(BOXES), key=lambda box: float(box["y"]))
        assert boxes
        for box in boxes:
            where = f"{name}, {kind}: {box}"
            assert box["x"] >= 0, where
            assert box["x"] + box["width"] <= width, where
            assert box["y"] >= 0, where
            assert box["y"] + box["height"] <= height, where
        for above, below in pairwise(boxes):
            # A line's box has room above and below its letters; the letters themselves may not meet.
            assert below["y"] + below["height"] - above["y"] - above["height"] > 0.75 * below["size"], (name, kind)
