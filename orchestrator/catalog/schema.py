"""A value held against a JSON Schema of the catalogue: the twin of router/src/catalog/schema.ts, word for word.

`keywords.py` refuses what is not checked here. Two things are only nearly as JavaScript has them, since the autopilot
itself looks closer: characters as people count them, and the formats. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

_MOST_MISTAKES = 100
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HAS_HOST = re.compile(r"(?i)(https?|wss?|ftp):")
_WITH_HOST = re.compile(
    r"(?i)[a-z]+:[/\\]*([^/\\?#]*@)?([^/\\?#:@\s<>^|%\[\]]+|\[[0-9a-f:.]+\])(:\d{0,5})?([/\\?#]|\Z)"
)
_MOST_UNITS = 16  # UTF-16 units that one character may have, as people count them


def mistakes_of(schema: Mapping[str, Any], value: object, pointer: str) -> list[dict[str, str]]:
    """Up to 100 of what is wrong with `value`: `{pointer, message}`; of what is of another type nothing else."""
    return [{"pointer": at, "message": says} for at, says in islice(_check(schema, value, pointer), _MOST_MISTAKES)]


def _check(schema: Mapping[str, Any], value: object, pointer: str) -> Iterator[tuple[str, str]]:
    said = schema.get("type", [])
    types = [said] if isinstance(said, str) else said
    if types and not any(_TYPES[each][1](value) for each in types):
        yield pointer, f"must be {' or '.join(_TYPES[each][0] for each in types)}"
    elif "enum" in schema and not any(_is_same(each, value) for each in schema["enum"]):
        yield pointer, f"must be one of {', '.join('' if each is None else _text(each) for each in schema['enum'])}"
    elif "const" in schema and not _is_same(schema["const"], value):
        yield pointer, f"must be {_text(schema['const'])}"
    elif isinstance(value, str):
        yield from ((pointer, says) for says in _text_mistakes(schema, value))
    elif _is_number(value):
        yield from ((pointer, says) for says in _out_of(schema, "minimum", "maximum", value, "must be", ""))
    elif isinstance(value, list | tuple):
        wrong = [*_out_of(schema, "minItems", "maxItems", len(value), "must have", " items")]
        yield from ((pointer, says) for says in wrong)
        if "items" in schema and not wrong:
            for index, item in enumerate(value):
                yield from _check(schema["items"], item, f"{pointer}/{index}")
    elif isinstance(value, Mapping):
        yield from _members(schema, value, pointer)


def _members(schema: Mapping[str, Any], value: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{pointer}/{_escaped(name)}", "is required"
    for name, member in properties.items():
        if name in value:
            yield from _check(member, value[name], f"{pointer}/{_escaped(name)}")
    if schema.get("additionalProperties") is False and value.keys() - properties.keys():
        yield pointer, f"must have no members but {', '.join(properties)}"


def _text_mistakes(schema: Mapping[str, Any], value: str) -> Iterator[str]:
    """The first of them."""
    least, most = schema.get("minLength"), schema.get("maxLength")
    pattern, format = schema.get("pattern"), schema.get("format")
    if most is not None and not _is_at_most(value, most):
        yield f"must have at most {most} characters"
    elif least is not None and len(value) < least:
        yield f"must have at least {least} character{'' if least == 1 else 's'}"
    elif pattern is not None and not _expression(pattern).search(value):
        yield f"must match {pattern}"
    elif format is not None and not _FORMATS[format][1](value):
        yield f"must be {_FORMATS[format][0]}"


def _out_of(schema: Mapping[str, Any], least: str, most: str, number: Any, verb: str, of: str) -> Iterator[str]:
    """Where it does not lie between the two."""
    if least in schema and number < schema[least]:
        yield f"{verb} at least {_text(schema[least])}{of}"
    elif most in schema and number > schema[most]:
        yield f"{verb} at most {_text(schema[most])}{of}"


def _is_at_most(value: str, most: int) -> bool:
    units = len(value.encode("utf-16-le", "surrogatepass")) // 2
    return units <= most or (units <= most * _MOST_UNITS and _characters(value) <= most)


def _characters(value: str) -> int:
    """As people count them, nearly: what joins the character before it, or is joined to it, is none of its own."""
    count, before, flags = 0, "", 0
    for each in value:
        is_flag = 0x1F1E6 <= ord(each) <= 0x1F1FF
        flags = flags + 1 if is_flag else 0
        joins = each == "\u200d" or unicodedata.category(each)[0] == "M" or 0x1F3FB <= ord(each) <= 0x1F3FF
        tag = 0xE0020 <= ord(each) <= 0xE007F
        if not (joins or tag or before == "\u200d" or (before, each) == ("\r", "\n") or (is_flag and flags % 2 == 0)):
            count += 1
        before = each
    return count


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """As JavaScript reads it: `$` is the very end. What only JavaScript can read takes all here."""
    try:
        return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern), re.ASCII)
    except re.error:
        return re.compile("")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_same(one: object, other: object) -> bool:
    """As JSON has it: true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _text(value: object) -> str:
    """As JavaScript writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _is_url(text: str) -> bool:
    """Nearly as `URL.canParse`: an absolute one, of the schemes that have a host with one that can be such."""
    return bool((_WITH_HOST if _HAS_HOST.match(text) else _ABSOLUTE).match(text))


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return bool(re.search(r"[Tt].+([Zz]|[+-]\d\d:\d\d)$", text))


_Check = Callable[[Any], bool]
_TYPES: Mapping[str, tuple[str, _Check]] = {
    "string": ("a string", lambda value: isinstance(value, str)),
    "number": ("a number", _is_number),
    "integer": ("a whole number", lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer())),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "array": ("a list", lambda value: isinstance(value, list | tuple)),
    "object": ("an object", lambda value: isinstance(value, Mapping)),
    "null": ("null", lambda value: value is None),
}
_FORMATS: Mapping[str, tuple[str, _Check]] = {
    "email": ("an e-mail address", lambda text: bool(re.search(r"^[^\s@]+@[^\s@]+\Z", text))),
    "uri": ("a URL", _is_url),
    "date-time": ("a time of RFC 3339 with its offset", _is_time),
}
