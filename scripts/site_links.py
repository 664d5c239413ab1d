"""A hook of MkDocs: links that leave docs/ lead to the repository where it is known, and are plain text elsewhere.

The pages are read on GitHub too, where such links work as they are.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#\s]*)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Called by MkDocs for each page; `page.file.src_uri` is its path below docs/."""
    return rewrite(markdown, page.file.src_uri, os.environ.get("GITHUB_REPOSITORY", ""))


def rewrite(markdown: str, page: str, repository: str) -> str:
    """`page`: its path below docs/; `repository`: `owner/name`, or nothing."""

    def link(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
        if path.startswith("docs/"):
            return found[0]
        return f"[{text}](https://github.com/{repository}/blob/main/{path}{anchor})" if repository else text

    return _LINK.sub(link, markdown)
