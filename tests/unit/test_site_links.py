"""Links of docs/ on the site: within it as they are, out of it to the repository."""

from __future__ import annotations

import pytest

from scripts.site_links import rewrite


@pytest.mark.parametrize(
    ("link", "repository", "expected"),
    [
        ("[a](../state.md#x)", "efh/platform", "[a](../state.md#x)"),
        ("[a](deploying.md)", "", "[a](deploying.md)"),
        ("[a](../../SECURITY.md)", "efh/platform", "[a](https://github.com/efh/platform/blob/main/SECURITY.md)"),
        ("[a](../../x.md#y) b", "efh/platform", "[a](https://github.com/efh/platform/blob/main/x.md#y) b"),
        ("[a](../../autopilots.yaml)", "", "a"),
    ],
)
def test_a_link(link: str, repository: str, expected: str) -> None:
    assert rewrite(link, "guide/page.md", repository) == expected
