"""Which JSON Schema (2020-12) an entry of the catalogue may use: what router/src/catalog/schema.ts checks, and no more.

A keyword that the router passed over would promise a check that nobody makes, so an entry that has one is refused.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.catalog.patterns import is_pattern

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_FORMATS = frozenset({"email", "uri", "date-time"})
_TEXTS = frozenset({"title", "description"})
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
    said = schema.get("type", "null")
    types = said if isinstance(said, list) else [said]
    if not types or (unknown := {str(each) for each in types} - _TYPES):
        yield f"`{where}` has no known type: {', '.join(sorted(unknown)) if types else 'none'}"
    if schema.get("format", "email") not in _FORMATS:
        yield f"`{where}` has a format that is none of {', '.join(sorted(_FORMATS))}"
    for keyword in sorted(_NUMBERS & schema.keys()):
        if not _is_number(schema[keyword], is_count=keyword not in ("minimum", "maximum")):
            yield f"`{where}` has no number for `{keyword}`"
    for keyword in sorted(_TEXTS & schema.keys()):
        if not isinstance(schema[keyword], str):
            yield f"`{where}` has a `{keyword}` that is no text"
    if "pattern" in schema and not is_pattern(schema["pattern"]):
        yield f"`{where}` has a `pattern` that JavaScript does not read (with the flag u)"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
        yield f"`{where}` has `required` that is no list of names"
    enum = schema.get("enum", [None])
    if enum == []:
        yield f"`{where}` has an `enum` without a value, which nothing fits"
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


def _is_number(value: object, *, is_count: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        return False
    return not is_count or (value >= 0 and value == int(value))


def known_part(schema: object) -> dict[str, Any]:
    """As much of somebody else's schema as an entry may have; what is left takes all that the whole takes, and more.

    `allOf` is put together, and OpenAPI 3.0's `nullable` is a type more."""
    if not isinstance(schema, Mapping):
        return {}
    kept: dict[str, Any] = {}
    for keyword in sorted(_KNOWN & schema.keys()):
        value = schema[keyword]
        if keyword == "properties" and isinstance(value, Mapping):
            kept[keyword] = {str(name): known_part(each) for name, each in value.items()}
        elif keyword == "items":
            kept[keyword] = known_part(value)
        elif not [*schema_mistakes({keyword: value}, "")]:
            kept[keyword] = value
    if "patternProperties" in schema:  # which are members too
        kept.pop("additionalProperties", None)
    parts = schema.get("allOf")
    for part in map(known_part, parts if isinstance(parts, list) else []):
        part.pop("additionalProperties", None)  # it knows its own members alone
        members = {**part.get("properties", {}), **kept.get("properties", {})}
        required = [*dict.fromkeys([*kept.get("required", []), *part.get("required", [])])]
        kept = {
            **part,
            **kept,
            **({"properties": members} if members else {}),
            **({"required": required} if required else {}),
        }
    return _with_null(kept) if schema.get("nullable") is True else kept


def _with_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    types, values = schema.get("type", []), schema.get("enum", [])
    more: dict[str, Any] = {"type": [*([types] if isinstance(types, str) else types), "null"]} if types else {}
    return (
        {key: each for key, each in schema.items() if key != "const"}
        | more
        | ({"enum": [*values, None]} if values else {})
    )
