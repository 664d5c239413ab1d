"""What the checks read and what they say.

A Place is a tolerant look at the plain data of a manifest: what is missing or of another type is just not there, so
that a mistake in one autopilot (which `models` reports) does not hide a duplicate in another. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.manifest.source import Path, Source


class Place:
    """A value of the file and its path; one that does not exist has the value None."""

    __slots__ = ("_source", "path", "value")

    def __init__(self, source: Source, value: Any, path: Path = ()) -> None:
        self._source = source
        self.value = value
        self.path = path

    def __getitem__(self, key: str) -> Place:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(self._source, value, (*self.path, key))

    def items(self) -> Iterator[Place]:
        """The items of a list; nothing where this is no list."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Place(self._source, value, (*self.path, index))

    def entries(self) -> Iterator[tuple[str, Place]]:
        """Keys and values of a mapping; nothing where this is no mapping."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield key, self[key]

    def named(self, key: str = "name") -> str | None:
        """The name of an item that is either a text or a mapping with `key`."""
        value = self.value.get(key) if isinstance(self.value, dict) else self.value
        return value if isinstance(value, str) else None

    @property
    def is_absent(self) -> bool:
        """Whether the key does not stand in the file."""
        return not self._source.has(self.path)

    @property
    def text(self) -> str | None:
        """The value where it is text."""
        return self.value if isinstance(self.value, str) else None

    @property
    def line(self) -> int:
        """Where it stands in the file."""
        return self._source.line(self.path)


def declared_workers(root: Place) -> Iterator[Place]:
    """The Workers under `needs` of all autopilots, in the file's order."""
    for autopilot in root["autopilots"].items():
        yield from autopilot["needs"]["workers"].items()


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One broken rule and the path of the place that breaks it; `at_key`: point at the key, not at the value."""

    path: Path
    code: str
    message: str
    hint: str = ""
    at_key: bool = False


# Reads the whole file; knows nothing of other checks.
ManifestRule = Callable[[Place], Iterator[Mistake]]
