"""Which files of the project were saved. Looks at their times: a few hundred files, a few milliseconds.

docs/decisions/0056-live-sources.md says why no library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_FOLDERS = ("admin", "autopilots", "catalog", "orchestrator/analysis", "packages", "router")
_LEFT_OUT = {"node_modules", "__pycache__"}
_SECONDS, _SECONDS_OF_A_SAVE = 0.1, 0.05  # between two looks
_LOOKS_AT_NOTHING = 6  # that find a file empty or gone, before that is what was saved
_MOST_LOOKS = 20  # at what is written without end

_State = tuple[int, int, int]  # when it was written, bytes, which file it is


class Watch:
    """The files at the root and those below the folders of sources; what was saved since the last look.

    An editor writes in steps: it empties the file, or puts another in its place. What was saved is told once two looks
    find the same, and what is empty or gone a moment later, so that nothing half written is taken.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = dict(self._look())
        self._last = self._known
        self._looks = self._same = 0

    @property
    def seconds(self) -> float:
        """Until the next look: sooner while something is being saved."""
        return _SECONDS_OF_A_SAVE if self._looks else _SECONDS

    def changed(self) -> set[str]:
        """The paths, relative to the root, that came, changed or went; none while something is being saved."""
        now = dict(self._look())
        self._same = self._same + 1 if now == self._last else 0
        self._last = now
        paths = {path for path in self._known.keys() | now.keys() if self._known.get(path) != now.get(path)}
        self._looks = self._looks + 1 if paths else 0
        has_nothing = any(path not in now or now[path][1] == 0 for path in paths)
        if self._looks < _MOST_LOOKS and self._same < (_LOOKS_AT_NOTHING if has_nothing else 1):
            return set()
        self._known, self._looks = now, 0
        return paths

    def _look(self) -> Iterator[tuple[str, _State]]:
        for entry in os.scandir(self._root):
            if entry.is_file():
                yield from self._file(entry.path)
        for folder in _FOLDERS:
            yield from self._below(os.path.join(self._root, folder))

    def _below(self, folder: str) -> Iterator[tuple[str, _State]]:
        for path, folders, names in os.walk(folder):
            folders[:] = [each for each in folders if each not in _LEFT_OUT and not each.startswith(".")]
            for name in names:
                if not name.startswith("."):  # an editor's
                    yield from self._file(os.path.join(path, name))

    def _file(self, path: str) -> Iterator[tuple[str, _State]]:
        try:
            found = os.stat(path)
        except FileNotFoundError:  # removed meanwhile
            return
        yield os.path.relpath(path, self._root), (found.st_mtime_ns, found.st_size, found.st_ino)
