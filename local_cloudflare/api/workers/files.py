"""The bytes of Workers on disk: modules and assets by their SHA-256, written whole or not at all.

Touches only `scripts/` and `assets/` below the data directory. A file is there before the store names it, so a process
killed in between leaves at most a file that nobody names; `sweep` removes those at the next start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestrator.files import write_whole


class Files:
    def __init__(self, data: Path) -> None:
        self._scripts = data / "scripts"
        self._assets = data / "assets" / "files"
        self._directories = data / "assets" / "directories"

    def module(self, worker: str, sha256: str) -> Path:
        return self._scripts / worker / sha256

    def save_module(self, worker: str, sha256: str, content: bytes) -> None:
        _save(self.module(worker, sha256), content)

    def keep_modules(self, worker: str, wanted: Iterable[str]) -> None:
        """Remove a Worker's modules but these."""
        names = set(wanted)
        for path in _entries(self._scripts / worker):
            if path.name not in names:
                path.unlink(missing_ok=True)

    def forget(self, worker: str) -> None:
        shutil.rmtree(self._scripts / worker, ignore_errors=True)

    def has_asset(self, hash: str) -> bool:
        return (self._assets / hash).is_file()

    def save_asset(self, hash: str, content: bytes) -> None:
        _save(self._assets / hash, content)

    def assets_directory(self, manifest: str) -> Path:
        """Where the assets of a manifest (by its SHA-256) lie under their own paths."""
        return self._directories / manifest

    def lay_out_assets(self, manifest: str, files: Mapping[str, str], rules: Mapping[str, str]) -> None:
        """Make the directory of a manifest: `files` are hashes by path, `rules` texts by name. Links, so that each
        content is stored once."""
        directory = self.assets_directory(manifest)
        if directory.is_dir():
            return
        making = directory.with_name(f"{manifest}.{os.getpid()}.tmp")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for path, hash in files.items():
            target = making / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(self._assets / hash, target)
        for name, text in rules.items():
            (making / name).write_text(text)
        making.rename(directory)

    def sweep(self, workers: Iterable[str], manifests: Iterable[str]) -> None:
        """Remove what belongs to no Worker, and the assets of no kept manifest."""
        kept_workers, kept_manifests = set(workers), set(manifests)
        for path in _entries(self._scripts):
            if path.name not in kept_workers:
                shutil.rmtree(path, ignore_errors=True)
        for path in _entries(self._directories):
            if path.name not in kept_manifests:
                shutil.rmtree(path, ignore_errors=True)
        for path in _entries(self._assets):
            if path.stat().st_nlink == 1:  # no directory links to it any more
                path.unlink(missing_ok=True)


def _save(path: Path, content: bytes) -> None:
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def _entries(directory: Path) -> list[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []
