"""A page without a pointer."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_FURTHEST = 300  # presses: no screen of the page has so many places


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus. Raises AssertionError where it never does."""
    wanted.wait_for()
    for _ in range(_FURTHEST):
        if wanted.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not lead to {wanted}")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    """`key` on `wanted`."""
    tab_to(page, wanted)
    page.keyboard.press(key)


def write(page: Page, wanted: Locator, text: str) -> None:
    """`text` into a field; in a list it chooses what begins so."""
    tab_to(page, wanted)
    page.keyboard.type(text)
