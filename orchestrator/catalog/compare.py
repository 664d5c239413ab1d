"""What changed between two versions of a catalogue's entry, and whether it breaks whoever uses the capability.

A caller is broken where `meta` refuses what it took, whoever reads the answer where `result` allows what it had not. A
member that the entry had not said anything of breaks nobody: that is how entries grow. The comparison may see a break
where there is none (another pattern that takes all that the old one took), never the other way round. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.catalog.entries import Entry

_LEAST, _MOST = ("minLength", "minItems", "minimum"), ("maxLength", "maxItems", "maximum")
_ALL_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})


def breaks(old: Entry, new: Entry) -> list[str]:
    """Each break, in words."""
    return [
        *_narrower(old.meta, new.meta, "meta"),
        *(f"the answer may be other than it was: {each}" for each in _narrower(new.result, old.result, "result")),
        *(f"`{each}` is gone" for each in _gone(old.result, new.result, "result")),
    ]


def mistakes(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> list[str]:
    """What is wrong with the versions of `new`, whose entries were `old`. An entry that is gone checks nothing any
    more, and breaks nobody."""
    return [mistake for name in sorted(old.keys() & new.keys()) for mistake in _mistakes(old[name], new[name])]


def _mistakes(old: Entry, new: Entry) -> Iterator[str]:
    before, after = _version(old), _version(new)
    if after < before:
        yield f"{new.name}: version {new.version} is lower than {old.version}"
    elif (broken := breaks(old, new)) and after[0] == before[0]:
        next_major = f"{before[0] + 1}.0.0"
        yield f"{new.name}: {'; '.join(broken)}. That breaks who uses it: version {next_major}, not {new.version}"
    elif (old.meta, old.result) != (new.meta, new.result) and after == before:
        yield f"{new.name}: what it takes or answers has changed, and the version is still {old.version}"


def _version(entry: Entry) -> tuple[int, ...]:
    return tuple(map(int, entry.version.split(".")))


def _narrower(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    """Where `new` refuses what `old` takes."""
    if lost := _types(old) - _types(new):
        yield f"`{where}` is no longer {' or '.join(sorted(lost))}"
    yield from _fewer_values(old, new, where)
    for keyword in _LEAST:
        if keyword in new and new[keyword] > old.get(keyword, float("-inf")) and not _is_trivial(keyword, new[keyword]):
            yield f"`{where}` has another `{keyword}`: {old.get(keyword, 'none')} before, {new[keyword]} now"
    for keyword in _MOST:
        if keyword in new and new[keyword] < old.get(keyword, float("inf")):
            yield f"`{where}` has another `{keyword}`: {old.get(keyword, 'none')} before, {new[keyword]} now"
    for keyword in ("pattern", "format"):
        if keyword in new and new[keyword] != old.get(keyword):
            yield f"`{where}` has another `{keyword}`: {old.get(keyword, 'none')} before, {new[keyword]} now"
    for name in sorted({*new.get("required", [])} - {*old.get("required", [])}):
        yield f"`{where}.{name}` is required"
    yield from _members(old, new, where)
    if "items" in new:
        yield from _narrower(old.get("items", {}), new["items"], f"{where}[]")


def _members(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    closed_before, closed = old.get("additionalProperties") is False, new.get("additionalProperties") is False
    if closed and not closed_before:
        yield f"`{where}` takes no other members"
    for name in sorted(before):
        if name in after:
            yield from _narrower(before[name], after[name], f"{where}.{name}")
        elif closed and closed_before:
            yield f"`{where}.{name}` is gone"


def _gone(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    """Members that an answer had."""
    members = new.get("properties", {})
    for name, member in old.get("properties", {}).items():
        if name in members:
            yield from _gone(member, members[name], f"{where}.{name}")
        else:
            yield f"{where}.{name}"
    if "items" in old:
        yield from _gone(old["items"], new.get("items", {}), f"{where}[]")


def _fewer_values(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    before, after = _values(old), _values(new)
    if after is not None and (before is None or any(not _is_in(value, after) for value in before)):
        yield f"`{where}` takes fewer values: {', '.join(map(str, after))}"


def _values(schema: Mapping[str, Any]) -> list[Any] | None:
    """Those that fit both `const` and `enum`; None where neither is said."""
    if "const" not in schema:
        return schema.get("enum")
    return [schema["const"]] if _is_in(schema["const"], schema.get("enum", [schema["const"]])) else []


def _is_in(value: Any, values: Sequence[Any]) -> bool:
    """As JSON has it: true is not 1."""
    return any(isinstance(value, bool) == isinstance(each, bool) and value == each for each in values)


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    said = schema.get("type", sorted(_ALL_TYPES))
    types = frozenset([said] if isinstance(said, str) else said)
    return types | {"integer"} if "number" in types else types


def _is_trivial(keyword: str, value: float) -> bool:
    """No text and no list is shorter than that."""
    return keyword != "minimum" and value <= 0
