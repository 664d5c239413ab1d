"""From the text of a YAML file to plain data that knows where each part of it stands.

Built from PyYAML's events, which carry the positions: its constructors lose them, and its C composer dies of deep
nesting. Scalars are read by the core schema of YAML 1.2, as editors do: `no` and `on` are text, not booleans, `12:30`
is no number and `2026-01-01` no date. Aliases are refused: they hide what a reviewer should see, and a few lines of
them can stand for gigabytes.

Pure. Every problem becomes an Issue, never an exception; the data of a text with problems has None in their places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from orchestrator.issues import Issue
from orchestrator.manifest.syntax import explain

Path = tuple[str | int, ...]  # ("autopilots", 0, "name")
Position = tuple[int, int]  # line and column, from 1
_MOST_LEVELS = 30
_TAG = "tag:yaml.org,2002:"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times as fast

# The core schema: kind, what a plain scalar of it looks like, how it is read. What looks like none is text.
_SCALARS: tuple[tuple[str, re.Pattern[str], Callable[[str], Any]], ...] = (
    ("null", re.compile(r"~|null|Null|NULL|"), lambda _: None),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    ("int", re.compile(r"[-+]?[0-9]{1,18}"), int),
    ("int", re.compile(r"0o[0-7]{1,20}"), lambda text: int(text, 8)),
    ("int", re.compile(r"0x[0-9a-fA-F]{1,15}"), lambda text: int(text, 16)),
    ("float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?"), float),
    ("float", re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: float(text.replace(".", "", 1))),
    ("str", re.compile(r".*", re.DOTALL), str),
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """`data` as JSON has it (dict, list, str, int, float, bool, None), and where each key and value stands.

    `written`: what stands in the file for a value that is not read as text: `1.10` for the number 1.1.
    """

    file: str
    data: Any = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)  # paths whose value could not be read

    def issue(self, path: Path, code: str, message: str, hint: str = "", *, at_key: bool = False) -> Issue:
        """An issue at `path`, or at the nearest part around it that stands in the file."""
        places = self.keys if at_key and path in self.keys else self.values
        while path and path not in places:
            path = path[:-1]
        line, column = places.get(path, (1, 1))
        return Issue(file=self.file, line=line, column=column, code=code, message=message, hint=hint)

    def has(self, path: Path) -> bool:
        """Whether something stands at `path`."""
        return path in self.values

    def line(self, path: Path) -> int:
        """The line on which the value at `path` begins."""
        return self.values.get(path, (1, 1))[0]


def read(text: str, file: str) -> Source:
    """Read a text. `file` is only for the messages."""
    text = text.removeprefix("\ufeff")
    if odd := _UNPRINTABLE.search(text):
        place = text.count("\n", 0, odd.start()) + 1, odd.start() - text.rfind("\n", 0, odd.start())
        return _unreadable(file, place, f"the character U+{ord(odd[0]):04X} is not allowed in YAML", "remove it")
    reader = _Reader(file, yaml.parse(text, Loader=_LOADER))
    try:
        data = reader.document()
    except yaml.MarkedYAMLError as error:
        line, column, message, hint = explain(error, text)
        return _unreadable(file, (line, column), message, hint)
    except _UnreadableError as error:
        return _unreadable(file, error.place, error.message, error.hint)
    return Source(
        file=file,
        data=data,
        keys=reader.keys,
        values=reader.values,
        written=reader.written,
        issues=reader.issues,
        broken=reader.broken,
    )


class _UnreadableError(Exception):
    """What makes the rest of the file meaningless."""

    def __init__(self, event: yaml.Event, message: str, hint: str) -> None:
        super().__init__(message)
        self.place = _position(event)
        self.message = message
        self.hint = hint


class _Reader:
    """Turns the events of one document into data and collects what a Source holds."""

    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self.file = file
        self.events = events
        self.keys: dict[Path, Position] = {}
        self.values: dict[Path, Position] = {}
        self.written: dict[Path, str] = {}
        self.issues: list[Issue] = []
        self.broken: set[Path] = set()

    def document(self) -> Any:
        """The data of the only document; None where there is none."""
        data = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _UnreadableError(event, "the file has more than one YAML document", "remove the line `---`")
                data = self._value(next(self.events), ())
        return data

    def _value(self, event: yaml.Event, path: Path) -> Any:
        self.values[path] = _position(event)
        if len(path) > _MOST_LEVELS:
            raise _UnreadableError(event, f"the file is nested more than {_MOST_LEVELS} levels deep", "flatten it")
        if isinstance(event, yaml.AliasEvent):
            hint = "write the value out, so that a review shows it; a text that begins with `*` needs quotes"
            return self._break(path, "yaml-alias", f"the alias `*{event.anchor}` is not supported here", hint)
        tag = _short(getattr(event, "tag", None))
        if isinstance(event, yaml.MappingStartEvent):
            data: Any = dict(self._entries(path))
            fits = tag in {"", "map"}
        elif isinstance(event, yaml.SequenceStartEvent):
            data = [self._value(item, (*path, index)) for index, item in enumerate(self._until(yaml.SequenceEndEvent))]
            fits = tag in {"", "seq"}
        else:
            data, fits = _scalar(event, tag)
            if not isinstance(data, str) and isinstance(event, yaml.ScalarEvent):
                self.written[path] = event.value
        if fits:
            return data
        return self._break(
            path, "yaml-tag", f"the tag `{'' if tag[:1] == '!' else '!!'}{tag}` does not fit here", "leave it out"
        )

    def _entries(self, path: Path) -> Iterator[tuple[str, Any]]:
        first: dict[str, int] = {}
        for event in self._until(yaml.MappingEndEvent):
            place = _position(event)
            key = _scalar(event, "")[0] if isinstance(event, yaml.ScalarEvent) else None
            if not isinstance(key, str):
                written = f"`{event.value}`" if isinstance(event, yaml.ScalarEvent) else "this one"
                self._report(place, "yaml-key", f"a key must be text, and {written} is not", "put it in quotes")
                self._skip(event)
                self._skip(next(self.events))
            elif key in first:
                message = f"the key `{key}` stands twice; first on line {first[key]}"
                self._report(place, "duplicate-key", message, "keep one of them")
                self._skip(next(self.events))
            else:
                first[key] = place[0]
                self.keys[(*path, key)] = place
                yield key, self._value(next(self.events), (*path, key))

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        """The events up to the end of a collection; who takes one that begins something takes all of that."""
        while not isinstance(event := next(self.events), end):
            yield event

    def _skip(self, event: yaml.Event) -> None:
        """Pass over what begins with `event`."""
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return
            event = next(self.events)

    def _break(self, path: Path, code: str, message: str, hint: str) -> None:
        self.broken.add(path)
        self._report(self.values[path], code, message, hint)

    def _report(self, place: Position, code: str, message: str, hint: str) -> None:
        line, column = place
        self.issues.append(Issue(file=self.file, line=line, column=column, code=code, message=message, hint=hint))


def _scalar(event: Any, tag: str) -> tuple[Any, bool]:
    """The value of a scalar, and whether its explicit tag (if any) fits."""
    if not tag and event.style not in {None, ""}:
        return event.value, True  # in quotes or a block
    for kind, pattern, convert in _SCALARS:
        if tag in {"", kind} and pattern.fullmatch(event.value):
            return convert(event.value), True
    return None, False


def _short(tag: str | None) -> str:
    return (tag or "").removeprefix(_TAG)


def _position(event: yaml.Event) -> Position:
    mark: Any = event.start_mark
    return mark.line + 1, mark.column + 1


def _unreadable(file: str, place: Position, message: str, hint: str) -> Source:
    line, column = place
    issue = Issue(file=file, line=line, column=column, code="yaml-syntax", message=message, hint=hint)
    return Source(file=file, issues=[issue], broken={()})
