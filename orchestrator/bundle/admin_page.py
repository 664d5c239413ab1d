"""The static assets of the routing Worker, below /admin/: the admin page, built from `admin/`, and the documents that
the Worker hands out, which need not be in its script.

Vite makes three builds of one source: the page, the React component, the custom element. The same sources give the same
bytes (names by content, pinned tools), so a build is kept under the hash of what it is made of: in `.build/`, and for
all checkouts of this machine in the cache, which keeps those used last. A project without `admin/` has no page.

Touches: files below the project's root and the cache, and child processes (Node).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import BundleError, SetupError
from orchestrator.files import sha256_of, write_changed, write_whole

SOURCE = Path("admin")
BESIDE = ("package-lock.json", "orchestrator/analysis/failures.json")
"""What the page is made of beside SOURCE: the versions of all packages, and the rules of admin/src/failures.ts."""
DIRECTORY = Path(".build/admin")
PREFIX = "admin"  # no path of the API begins with it
DOCUMENTS = f"{PREFIX}/api"  # where the Worker looks for them: router/src/http/document.ts
_STAMP = Path(".build/admin.sha256")
_VITE = "node_modules/vite/bin/vite.js"
KEPT = 10
"""So many builds stay in the cache: those of a few checkouts and of what was undone."""
_BUILDS = ("page", "component", "element")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Vite's bundler has them whatever it is told
_NOT_SOURCE = {"node_modules", "package.json"}  # what is installed, the lock file says

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
# What an autopilot made is shown there: its own style, no script but the one that shows it, no request to anywhere.
_PREVIEW_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
HEADERS = f"""\
/{PREFIX}/
  Content-Security-Policy: {_POLICY}
  Cross-Origin-Opener-Policy: same-origin
  Cache-Control: no-cache
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
/{PREFIX}/preview
  Content-Security-Policy: {_PREVIEW_POLICY}
  Cache-Control: no-cache
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
/{PREFIX}/assets/*
  Cache-Control: public, max-age=31536000, immutable
  X-Content-Type-Options: nosniff
/{DOCUMENTS}/*
  Cache-Control: no-cache
  X-Content-Type-Options: nosniff
/{PREFIX}/orchestrator-admin*
  Access-Control-Allow-Origin: *
  Cache-Control: no-cache
  X-Content-Type-Options: nosniff
"""


@dataclass(frozen=True, kw_only=True)
class Assets:
    """Static assets of a Worker: `directory` relative to the project's root; `sha256`, in hex, tells what is in it and
    how it is served; `headers` as a `_headers` file has them. What they do not have, the Worker answers."""

    directory: str
    sha256: str
    headers: str = HEADERS
    html_handling: str = "auto-trailing-slash"
    not_found: str = "none"


def build_assets(root: Path, documents: Mapping[str, str]) -> Assets:
    """All of them; the page is built where that was not done yet. `documents`: texts, by their paths below DOCUMENTS.

    Raises BundleError where the sources do not build, SetupError where what builds them is not installed.
    """
    directory = root / DIRECTORY
    if (root / SOURCE / "index.html").is_file():
        _build_page(root, directory)
    else:
        shutil.rmtree(directory / PREFIX, ignore_errors=True)
        (root / _STAMP).unlink(missing_ok=True)
    write_documents(documents, directory / DOCUMENTS)
    return Assets(directory=DIRECTORY.as_posix(), sha256=_digest_of_output(directory))


def write_documents(documents: Mapping[str, str], directory: Path) -> None:
    """Make `directory` hold these texts, by path, and no others."""
    wanted = {directory / path: text for path, text in documents.items()}
    for old in directory.rglob("*.json"):
        if old not in wanted:
            old.unlink()
    for path, text in wanted.items():
        write_changed(path, text)


def _build_page(root: Path, directory: Path) -> None:
    source = _digest_of_source(root)
    stamp = root / _STAMP
    if not (directory.is_dir() and stamp.is_file() and stamp.read_text() == source):
        kept = _cache() / source
        try:
            os.utime(kept)  # its last use, before somebody else prunes
        except FileNotFoundError:
            _build(root, kept)
        _prune(kept.parent)
        _put_in_place(kept, directory)
        write_whole(stamp, source)


def _digest_of_source(root: Path) -> str:
    """What the build is made of: the sources, and the versions of all packages. Types leave nothing in it."""
    files = [
        path
        for path in sorted((root / SOURCE).rglob("*"))
        if path.is_file() and not path.name.endswith(".d.ts") and not _NOT_SOURCE & set(path.relative_to(root).parts)
    ]
    beside = [root / name for name in BESIDE if (root / name).is_file()]
    return _digest([*files, *beside], root)


def _digest_of_output(directory: Path) -> str:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return hashlib.sha256(f"{_digest(files, directory)}\n{HEADERS}".encode()).hexdigest()


def _digest(files: list[Path], base: Path) -> str:
    lines = [f"{path.relative_to(base).as_posix()} {sha256_of(path)}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autopilot-orchestrator" / "admin"


def _prune(cache: Path) -> None:
    """Remove the builds that were not used for longest; what else is there is under way."""
    builds = [each for each in cache.iterdir() if re.fullmatch("[0-9a-f]{64}", each.name)]
    for build in sorted(builds, key=_last_use, reverse=True)[KEPT:]:
        shutil.rmtree(build, ignore_errors=True)


def _last_use(build: Path) -> float:
    try:
        return build.stat().st_mtime
    except OSError:  # somebody else has removed it
        return 0


def _build(root: Path, kept: Path) -> None:
    """Make all builds into `kept`, which is there whole or not at all."""
    if not (root / _VITE).is_file():
        raise SetupError("vite, which builds the admin page, is not installed", "run `make setup`")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as made:
        output = Path(made) / "made"
        for mode in _BUILDS:
            _run_vite(root, mode, output / PREFIX)
        try:
            output.rename(kept)
        except OSError:
            if not kept.is_dir():  # else somebody else was first
                raise


def _run_vite(root: Path, mode: str, output: Path) -> None:
    done = subprocess.run(
        [
            *(find_node(), str(root / _VITE), "build", str(root / SOURCE)),
            *("--mode", mode, "--outDir", str(output), "--emptyOutDir", "false", "--configLoader", "native"),
        ],
        cwd=root,
        env={**os.environ, "NODE_ENV": "production"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        told = _COLOURS.sub("", done.stderr.strip() or done.stdout.strip())
        raise BundleError(f"the admin page does not build ({mode}): {told}", "correct what is in admin/")


def find_node() -> str:
    """The program. Raises SetupError where it is not installed."""
    beside = Path(sys.executable).with_name("node")
    found = str(beside) if beside.is_file() else shutil.which("node")
    if not found:
        raise SetupError("Node, which builds the admin page and checks types, is not installed", "run `make setup`")
    return found


def _put_in_place(kept: Path, directory: Path) -> None:
    """A copy of `kept` in the place of whatever is at `directory`."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as folder:
        copy, old = Path(folder) / "new", Path(folder) / "old"
        shutil.copytree(kept, copy)
        if directory.exists():
            directory.rename(old)
        copy.rename(directory)
