"""New entries of `autopilots.yaml`, from run-time registrations, templates and Workers that are taken over.

Only text is added, so that comments, order and every other byte of the file stay as people wrote them.

PyYAML's nodes say where the autopilots and the tasks are and how they are indented; nothing is written out again by a
library, which would lose comments or change quotes and line breaks. The result is read back: it must be a right
manifest that says what the file said before, and the new entries.

Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import yaml

from orchestrator.manifest import DEFAULT_FILE, parse
from orchestrator.manifest.source import read

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*|https://[A-Za-z0-9._/-]+")
_BYTE_ORDER_MARK = "\ufeff"
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}  # read as something else, by some


def entry(registration: Mapping[str, Any]) -> dict[str, Any]:
    """What autopilots.yaml says of `registration`: no defaults, and no needed Workers, whose scripts it cannot know."""
    declared = {name: registration[name] for name in ("name", "endpoint", "capabilities")}
    for name, default in (("priority", 0), ("weight", 1)):
        if registration.get(name, default) != default:
            declared[name] = registration[name]
    needs = {
        name: names
        for name in ("kvNamespaces", "r2Buckets", "d1Databases")
        if (names := registration["needs"].get(name))
    }
    return {**declared, **({"needs": needs} if needs else {})}


def add_autopilots(text: str, entries: Sequence[Mapping[str, Any]], file: str = DEFAULT_FILE) -> str:
    """`text`, a right manifest, with `entries` at the end of its list of autopilots.

    `file` is only for the messages. Raises ManifestError where the manifest with the entries would not be right.
    """
    parse(text, file)
    if not entries:
        return text
    content = text.removeprefix(_BYTE_ORDER_MARK)
    added = text[: len(text) - len(content)] + _insert(content, entries)
    return _checked(text, added, file, lambda data: {**data, "autopilots": [*data["autopilots"], *entries]})


def add_tasks(text: str, tasks: Mapping[str, Mapping[str, Any]], file: str = DEFAULT_FILE) -> str:
    """`text`, a right manifest, with `tasks` at the end of its tasks.

    `file` is only for the messages. Raises ManifestError where the manifest with the tasks would not be right.
    """
    content = text.removeprefix(_BYTE_ORDER_MARK)
    newline = "\r\n" if "\r\n" in content else "\n"
    root: Any = yaml.compose(content, Loader=yaml.SafeLoader)
    listed = next((value for key, value in root.value if key.value == "tasks"), None)
    lines = content.splitlines(keepends=True)
    if listed is not None and listed.flow_style:
        flow = ", ".join(f"{json.dumps(name)}: {json.dumps(task, ensure_ascii=False)}" for name, task in tasks.items())
        at = end_of(listed.value[-1][1]).index if listed.value else listed.end_mark.index - 1
        added = f"{content[:at]}{', ' if listed.value else ''}{flow}{content[at:]}"
    else:
        last = last_line(listed.value[-1][1], lines) if listed is not None else len(lines) - 1
        if not lines[last].endswith(("\n", "\r")):
            lines[last] += newline
        indent = " " * (listed.start_mark.column if listed is not None else 2)
        new = [f"{indent}{name}: {flow_text(task)}" for name, task in tasks.items()]
        head = [] if listed is not None else ["", "tasks:"]
        added = "".join([*lines[: last + 1], *(f"{line}{newline}" for line in (*head, *new)), *lines[last + 1 :]])
    added = text[: len(text) - len(content)] + added
    return _checked(text, added, file, lambda data: {**data, "tasks": {**data.get("tasks", {}), **tasks}})


def add_settings(text: str, settings: Mapping[str, Mapping[str, Any]], file: str = DEFAULT_FILE) -> str:
    """`text`, a right manifest, whose Workers have `settings`, by their names; a key that one says already stays.

    `file` is only for the messages. Raises ManifestError where the manifest with them would not be right.
    """
    content = text.removeprefix(_BYTE_ORDER_MARK)
    added = content
    for node in sorted(_workers_of(content), key=lambda node: int(node.start_mark.index), reverse=True):
        said = {key.value: value.value for key, value in node.value}
        new = {key: value for key, value in settings.get(said["name"], {}).items() if key not in said}
        if new:
            added = _extend(added, node, [f"{key}: {flow_text(value)}" for key, value in new.items()])
    return _checked(text, text[: len(text) - len(content)] + added, file, lambda data: _with_settings(data, settings))


def _workers_of(text: str) -> Iterator[Any]:
    """The mapping of each declared Worker, as a node of the file."""
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for autopilot in _value(root, "autopilots"):
        yield from _value(next(iter(_nodes(autopilot, "needs")), None), "workers")


def _nodes(mapping: Any, name: str) -> list[Any]:
    return [value for key, value in mapping.value if key.value == name]


def _value(mapping: Any, name: str) -> list[Any]:
    """The items of the list `name` of a mapping; none where there is no such list, or no mapping."""
    return [item for listed in (_nodes(mapping, name) if mapping else []) for item in listed.value]


def _extend(text: str, mapping: Any, entries: Sequence[str]) -> str:
    """`text` with `entries`, `key: value` each, at the end of one of its mappings."""
    if mapping.flow_style:
        at = end_of(mapping.value[-1][1]).index
        return f"{text[:at]}{''.join(f', {each}' for each in entries)}{text[at:]}"
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    last = last_line(mapping, lines)
    if not lines[last].endswith(("\n", "\r")):
        lines[last] += newline
    indent = " " * mapping.start_mark.column
    return "".join([*lines[: last + 1], *(f"{indent}{each}{newline}" for each in entries), *lines[last + 1 :]])


def _with_settings(data: dict[str, Any], settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    data = deepcopy(data)
    for autopilot in data["autopilots"]:
        for worker in autopilot.get("needs", {}).get("workers", ()):
            worker |= {key: value for key, value in settings.get(worker["name"], {}).items() if key not in worker}
    return data


def _checked(text: str, added: str, file: str, wanted: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    """`added`, where it is right and says what `text` said, and what is new."""
    parse(added, file)
    if read(added, file).data != wanted(read(text, file).data):
        raise ValueError(f"{file} would not say what it said before")
    return added


def _insert(text: str, entries: Sequence[Mapping[str, Any]]) -> str:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    listed = next(value for key, value in root.value if key.value == "autopilots")
    if listed.flow_style:
        flow = ", ".join(json.dumps(each, ensure_ascii=False) for each in entries)
        if listed.value:
            at, flow = end_of(listed.value[-1]).index, f", {flow}"
        else:
            at = listed.end_mark.index - 1
        return f"{text[:at]}{flow}{text[at:]}"
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    last = last_line(listed.value[-1], lines)
    spaced = any(
        not line.strip()
        for one, other in zip(listed.value, listed.value[1:], strict=False)
        for line in lines[last_line(one, lines) : other.start_mark.line]
    )
    if not lines[last].endswith(("\n", "\r")):
        lines[last] += newline
    indent = " " * listed.start_mark.column
    new = [line for each in entries for line in (*([""] if spaced else []), *block_lines(each, indent))]
    return "".join([*lines[: last + 1], *(f"{line}{newline}" for line in new), *lines[last + 1 :]])


def end_of(node: Any) -> Any:
    """Where what is written of `node` ends; PyYAML lets a block collection reach to the next token, over comments."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return node.end_mark


def last_line(node: Any, lines: Sequence[str]) -> int:
    """The number, from 0, of the last line of `node`."""
    end = end_of(node)
    line = min(end.line, len(lines) - 1)
    if end.column == 0 or end.line > line:  # a block of text, which takes the empty lines after it
        line = min(end.line, len(lines)) - 1
        while not lines[line].strip():
            line -= 1
    return int(line)


def block_lines(declared: Mapping[str, Any], indent: str) -> list[str]:
    """One item of the list, as a person would write it."""
    lines = _lines(declared)
    return [f"{indent}{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(lines)]


def _lines(value: Mapping[str, Any]) -> list[str]:
    """A mapping of the entry; Workers stand below each other, small mappings and lists on a line."""
    lines = []
    for name, each in value.items():
        if name == "workers" and not isinstance(each[0], str):
            lines += [f"{name}:", *(line for one in each for line in block_lines(one, "  "))]
        elif isinstance(each, Mapping):
            lines += [f"{name}:", *(f"  {line}" for line in _lines(each))]
        else:
            lines.append(f"{name}: {flow_text(each)}")
    return lines


def flow_text(value: Any) -> str:
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key}: {flow_text(each)}' for key, each in value.items())} }}"
    return f"[{', '.join(map(flow_text, value))}]"
