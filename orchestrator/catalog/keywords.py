"""Which JSON Schema (2020-12) an entry of the catalogue may use: what router/src/catalog/schema.ts checks, and no more.

A keyword that the router passed over would promise a check that nobody makes, so an entry that has one is refused.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_FORMATS = frozenset({"email", "uri", "date-time"})
_ANNOTATIONS = frozenset({"title", "description", "examples", "default"})
_NUMBERS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"})
_KNOWN = (
    frozenset({"type", "enum", "const", "required", "properties", "additionalProperties", "items", "pattern", "format"})
    | _ANNOTATIONS
    | _NUMBERS
)


def schema_mistakes(schema: object, where: str) -> Iterator[str]:
    """What is wrong with a schema and those in it; `where` is what it is called."""
    if not isinstance(schema, Mapping):
        yield f"`{where}` is not a JSON Schema"
        return
    for keyword in schema:
        if keyword not in _KNOWN:
            yield f"`{where}` has the keyword `{keyword}`, which the router does not check"
    types = schema.get("type", [])
    if unknown := {str(each) for each in (types if isinstance(types, list) else [types])} - _TYPES:
        yield f"`{where}` has no known type: {', '.join(sorted(unknown))}"
    if schema.get("format", "email") not in _FORMATS:
        yield f"`{where}` has a format that is none of {', '.join(sorted(_FORMATS))}"
    for keyword in sorted(_NUMBERS & schema.keys()):
        if not isinstance(schema[keyword], int | float) or isinstance(schema[keyword], bool):
            yield f"`{where}` has no number for `{keyword}`"
    enum = schema.get("enum", [])
    choices = [*(enum if isinstance(enum, list) else [enum, {}]), schema.get("const")]
    if any(isinstance(each, list | dict) for each in choices):
        yield f"`{where}` may only have texts, numbers and the like in `enum` and `const`"
    if not isinstance(schema.get("additionalProperties", True), bool):
        yield f"`{where}` has `additionalProperties` that are neither true nor false"
    members = schema.get("properties", {})
    if not isinstance(members, Mapping):
        yield f"`{where}` has `properties` that are no mapping"
        members = {}
    for name, member in members.items():
        yield from schema_mistakes(member, f"{where}.{name}")
    if "items" in schema:
        yield from schema_mistakes(schema["items"], f"{where}[]")


def known_part(schema: object) -> dict[str, Any]:
    """As much of somebody else's schema as an entry may have; what is left takes all that the whole takes, and more."""
    if not isinstance(schema, Mapping):
        return {}
    kept: dict[str, Any] = {}
    for keyword in sorted(_KNOWN & schema.keys()):
        value = schema[keyword]
        if keyword == "properties" and isinstance(value, Mapping):
            kept[keyword] = {str(name): known_part(each) for name, each in value.items()}
        elif keyword == "items":
            kept[keyword] = known_part(value)
        elif keyword == "required":
            if isinstance(value, list) and all(isinstance(each, str) for each in value):
                kept[keyword] = value
        elif not [*schema_mistakes({keyword: value}, "")]:
            kept[keyword] = value
    return kept
