"""Which files of the project were saved. Looks at their times: a few hundred files, a few milliseconds.

docs/decisions/0056-live-sources.md says why no library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_FOLDERS = ("autopilots", "catalog", "packages", "router")
_LEFT_OUT = {"node_modules", "__pycache__"}


class Watch:
    """The files at the root and those below the folders of sources; what was saved since the last look."""

    SECONDS = 0.1
    """Between two looks."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = dict(self._look())

    def changed(self) -> set[str]:
        """The paths, relative to the root, that came, changed or went."""
        before, self._known = self._known, dict(self._look())
        return {path for path in before.keys() | self._known.keys() if before.get(path) != self._known.get(path)}

    def _look(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for entry in os.scandir(self._root):
            if entry.is_dir() and entry.name in _FOLDERS:
                yield from self._below(entry.path)
            elif entry.is_file():
                yield from self._file(entry.path)

    def _below(self, folder: str) -> Iterator[tuple[str, tuple[int, int]]]:
        for path, folders, names in os.walk(folder):
            folders[:] = [each for each in folders if each not in _LEFT_OUT and not each.startswith(".")]
            for name in names:
                if not name.startswith("."):  # an editor's
                    yield from self._file(os.path.join(path, name))

    def _file(self, path: str) -> Iterator[tuple[str, tuple[int, int]]]:
        try:
            found = os.stat(path)
        except FileNotFoundError:  # removed meanwhile
            return
        yield os.path.relpath(path, self._root), (found.st_mtime_ns, found.st_size)
