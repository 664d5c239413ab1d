"""How often the admin page reads again, on a clock that the test moves."""

from __future__ import annotations

from playwright.sync_api import Page

IDLE_MS, BUSY_MS = 30_000, 2_000


def asked_for(page: Page, what: str, milliseconds: int, step: int) -> int:
    """How often the page asks for `what` while its clock runs on, in steps at whose end each answer is there."""
    asked: list[str] = []
    answered: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfinished", lambda request: answered.append(request.url))
    for _ in range(milliseconds // step):
        page.clock.run_for(step)
        page.evaluate("0")  # it lets the page's events in
        while len(answered) < len(asked):
            page.evaluate("0")
    return sum(what in each for each in asked)
