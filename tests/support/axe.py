"""What axe finds on a page in a real browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.support.project import ROOT

_AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    """It runs beside the page's policy, in Playwright's own world, once no colour is on its way to another."""
    page.evaluate("() => Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {})))")
    page.evaluate(_AXE)
    found: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [f"{each['id']}: {[node['html'][:160] for node in each['nodes']]}" for each in found["violations"]]
