"""A folder as a site: its files by path with their SHA-256, and the redirects of its `_redirects`.

Touches the files of the folder, and reads nothing outside of it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import UserError

REDIRECTS = "_redirects"
MOST_FILES = 1_000
MOST_BYTES = 25 * 1024 * 1024
_CHUNK = 1024 * 1024
_KEPT = ".well-known"  # of the names with a dot in front (RFC 8615)
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc\s*=)(?![^>]*type\s*=\s*[\"']?application/)[^>]*>", re.IGNORECASE)
_STATUSES = ("301", "302", "303", "307", "308")


@dataclass(frozen=True, kw_only=True)
class SiteFile:
    """`path` is its name in the site, `/` between its parts."""

    path: str
    source: Path
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class SiteFolder:
    """What a version of the site is made of."""

    files: Sequence[SiteFile]
    redirects: Sequence[Mapping[str, Any]]

    def manifest(self) -> dict[str, Any]:
        """`{files, redirects}`, as web.pages.deploy takes them."""
        files = {file.path: {"sha256": file.sha256, "size": file.size} for file in self.files}
        return {"files": files, "redirects": [dict(each) for each in self.redirects]}


def read_site(folder: Path) -> SiteFolder:
    """Raises UserError for what is no folder, is empty, has too much in it, or leads out of itself."""
    if not folder.is_dir():
        raise UserError(f"the site was not read: {folder} is no folder", "name the folder that holds its index.html")
    root = folder.resolve()
    files = []
    redirects: Sequence[Mapping[str, Any]] = ()
    for source in _sources(folder):
        path = source.relative_to(folder).as_posix()
        if not source.resolve().is_relative_to(root):
            raise UserError(f"the site was not read: {path} is a link out of {folder}", "put the file itself there")
        if path == REDIRECTS:
            redirects = parse_redirects(source.read_text(encoding="utf-8"), str(source))
            continue
        size = source.stat().st_size
        if size > MOST_BYTES:
            raise UserError(f"the site was not read: {path} has {size} bytes", f"a file has at most {MOST_BYTES}")
        files.append(SiteFile(path=path, source=source, size=size, sha256=_digest(source)))
    if not 1 <= len(files) <= MOST_FILES:
        raise UserError(f"the site was not read: {folder} has {len(files)} files", f"a site has 1 to {MOST_FILES}")
    return SiteFolder(files=files, redirects=redirects)


def inline_scripts(folder: SiteFolder) -> list[str]:
    """The pages that have scripts in themselves, which a deployed site does not run; data blocks are none."""
    pages = [file for file in folder.files if file.path.lower().endswith((".html", ".htm"))]
    return [page.path for page in pages if _INLINE_SCRIPT.search(page.source.read_bytes())]


def parse_redirects(text: str, name: str) -> list[dict[str, Any]]:
    """Lines of `FROM TO [STATUS]`, as other static hosts take them; 302 where there is none. Raises UserError."""
    redirects = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) not in (2, 3) or (len(words) == 3 and words[2] not in _STATUSES):
            raise UserError(
                f"{name}:{number}: not a redirect: {line.strip()}",
                f"write `/from /to` or `/from /to STATUS`, where STATUS is one of {', '.join(_STATUSES)}",
            )
        redirects.append({"from": words[0], "to": words[1], "status": int(words[2]) if len(words) == 3 else 302})
    return redirects


def _sources(folder: Path) -> Iterator[Path]:
    """In an order of its own; what has a dot in front is left out, as it is no part of a site."""
    for directory, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name == _KEPT or not name.startswith("."))
        yield from (Path(directory, name) for name in sorted(files) if not name.startswith("."))


def _digest(source: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
