"""From the text of a YAML file to plain data that knows where each part of it stands.

PyYAML's nodes carry the positions; its constructors, which would lose them, are not used. Scalars are read by the core
schema of YAML 1.2, as editors do: `no` and `on` are text, not booleans, `12:30` is no number and `2026-01-01` no date.
Aliases are refused: they hide what a reviewer should see, and a few lines of them can stand for gigabytes.

Pure. Every problem becomes an Issue, never an exception; the data of a text with problems has None in their places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from orchestrator.manifest.issues import Issue
from orchestrator.manifest.syntax import explain

Path = tuple[str | int, ...]  # ("autopilots", 0, "name")
Position = tuple[int, int]  # line and column, from 1
_MOST_LEVELS = 30
_TAG = "tag:yaml.org,2002:"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times as fast


class _Loader(_Base):  # type: ignore[misc]
    """Resolves plain scalars by the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str | None, Any] = {}  # noqa: RUF012 - PyYAML's own name; not the parent's table


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]{1,18}", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(f"(?:{_pattern})$"), _first)


@dataclass(frozen=True, kw_only=True)
class Source:
    """`data` as JSON has it (dict, list, str, int, float, bool, None), and where each key and value stands."""

    file: str
    data: Any = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
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
        message = f"the character U+{ord(odd[0]):04X} is not allowed in YAML"
        line, column = text.count("\n", 0, odd.start()) + 1, odd.start() - text.rfind("\n", 0, odd.start())
        return _unreadable(file, line, column, message, "remove it")
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        return _unreadable(file, *explain(error, text))
    except RecursionError:
        return _unreadable(file, 1, 1, "the file is nested too deeply", "")
    reader = _Reader(file)
    data = None if root is None else reader.value(root, ())
    if reader.aliased:
        reader.issues.extend(_alias_issues(text, file))
    return Source(
        file=file, data=data, keys=reader.keys, values=reader.values, issues=reader.issues, broken=reader.broken
    )


class _Reader:
    """Walks the nodes of one document and collects what a Source holds."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Path, Position] = {}
        self.values: dict[Path, Position] = {}
        self.issues: list[Issue] = []
        self.broken: set[Path] = set()
        self.seen: set[int] = set()
        self.aliased = False

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.values[path] = _position(node)
        if id(node) in self.seen:  # PyYAML gives the same node for an anchor and its aliases
            self.aliased = True
            self.broken.add(path)
            return None
        self.seen.add(id(node))
        if len(path) > _MOST_LEVELS:
            return self._break(path, "yaml-nesting", f"nested more than {_MOST_LEVELS} levels deep", "flatten it")
        if node.tag == f"{_TAG}map" and isinstance(node, yaml.MappingNode):
            return dict(self._entries(node, path))
        if node.tag == f"{_TAG}seq" and isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and (kind := node.tag.removeprefix(_TAG)) in _SCALARS:
            try:
                return _SCALARS[kind](node.value)
            except ValueError:  # an explicit tag that does not fit: `!!int many`
                pass
        return self._break(path, "yaml-tag", f"the tag `{_short(node.tag)}` is not supported here", "leave it out")

    def _entries(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            place = _position(key_node)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != f"{_TAG}str":
                written = f"`{key_node.value}`" if isinstance(key_node, yaml.ScalarNode) else "this one"
                self._report(place, "yaml-key", f"a key must be text, and {written} is not", "put it in quotes")
                continue
            key = key_node.value
            if key in first:
                message = f"the key `{key}` stands twice; first on line {first[key]}"
                self._report(place, "duplicate-key", message, "keep one of them")
                continue
            first[key] = place[0]
            self.keys[(*path, key)] = place
            yield key, self.value(value_node, (*path, key))

    def _break(self, path: Path, code: str, message: str, hint: str) -> None:
        self.broken.add(path)
        self._report(self.values[path], code, message, hint)

    def _report(self, place: Position, code: str, message: str, hint: str) -> None:
        line, column = place
        self.issues.append(Issue(file=self.file, line=line, column=column, code=code, message=message, hint=hint))


_SCALARS: dict[str, Any] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": float,
    "str": str,
}


def _position(node: yaml.Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _short(tag: str) -> str:
    return tag.replace(_TAG, "!!")


def _unreadable(file: str, line: int, column: int, message: str, hint: str) -> Source:
    issue = Issue(file=file, line=line, column=column, code="yaml-syntax", message=message, hint=hint)
    return Source(file=file, issues=[issue], broken={()})


def _alias_issues(text: str, file: str) -> Iterator[Issue]:
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) and event.start_mark:
            yield Issue(
                file=file,
                line=event.start_mark.line + 1,
                column=event.start_mark.column + 1,
                code="yaml-alias",
                message=f"the alias `*{event.anchor}` is not supported here",
                hint="write the value out, so that a review shows it; a text that begins with `*` needs quotes",
            )
