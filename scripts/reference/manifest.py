"""Every key of autopilots.yaml, from the JSON Schema of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.manifest.schema import schema_json
from scripts.reference.markdown import code, page, table

Schema = Mapping[str, Any]
_INTRODUCTION = """
What [autopilots.yaml](../../autopilots.yaml) may say. An unknown key is an error; `python -m orchestrator
validate` names each mistake with its line. Editors complete the keys by `autopilots.schema.json`, which is made
of the same models. Where a key takes a name or a mapping, the name alone is short for the mapping. After an
edit, `pulumi preview` shows what it changes.
"""
_SIZES = (("minimum", "from {}"), ("maximum", "to {}"), ("maxLength", "at most {} characters"))


def render() -> str:
    document: Schema = json.loads(schema_json())
    return page("autopilots.yaml", _INTRODUCTION, *_sections("", document, document))


def _sections(path: str, schema: Schema, document: Schema) -> Iterator[str]:
    """A section for `schema`, a mapping with fixed keys, and one for each mapping below it."""
    required = schema.get("required", ())
    rows = []
    below: list[tuple[str, Schema]] = []
    for key, given in schema["properties"].items():
        value = _resolved(given, document)
        rows.append([code(key), _type(value, document), _default(key, given, required), _text(given, value)])
        below.extend(_mappings(f"{path}.{key}".lstrip("."), value, document))
    heading = f"## `{path}`\n\n{schema.get('description', '')}" if path else str(schema.get("description", ""))
    yield f"{heading}\n\n{table(['key', 'value', 'default', ''], rows)}"
    for name, each in below:
        yield from _sections(name, each, document)


def _mappings(path: str, schema: Schema, document: Schema) -> Iterator[tuple[str, Schema]]:
    """The mappings with fixed keys that a value at `path` may be or hold."""
    schema = _resolved(schema, document)
    if "properties" in schema:
        yield path, schema
    for each in schema.get("anyOf", ()):
        yield from _mappings(path, each, document)
    if isinstance(items := schema.get("items"), Mapping):
        yield from _mappings(f"{path}[]", items, document)
    for each in _values(schema):
        yield from _mappings(f"{path}.<name>", each, document)


def _values(schema: Schema) -> list[Schema]:
    """Of a mapping whose keys are names: what stands behind them."""
    patterns = list(schema.get("patternProperties", {}).values())
    more = schema.get("additionalProperties")
    return patterns or ([more] if isinstance(more, Mapping) else [])


def _type(schema: Schema, document: Schema) -> str:
    schema = _resolved(schema, document)
    if "properties" in schema:
        return "mapping"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each, document) for each in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(code(str(each)) for each in schema["enum"])
    if "const" in schema:
        return code(str(schema["const"]))
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_type(schema['items'], document)}"
    if kind == "object":
        values = _values(schema)
        return f"{_type(values[0], document)} by name" if values else "mapping"
    sizes = [text.format(schema[key]) for key, text in _SIZES if key in schema]
    return f"{kind} {' '.join(sizes)}".strip()


def _default(key: str, given: Schema, required: Any) -> str:
    if key in required:
        return "required"
    value = _without_nulls(given.get("default"))
    return "" if value is None else code(json.dumps(value, ensure_ascii=False))


def _without_nulls(value: Any) -> Any:
    """A key that stands for null in a model is one that is left out of the file."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _text(given: Schema, value: Schema) -> str:
    text = str(given.get("description") or value.get("description") or "")
    examples = given.get("examples") or value.get("examples") or []
    shown = ", ".join(code(json.dumps(each, ensure_ascii=False)) for each in examples)
    return f"{text} For example {shown}." if shown else text


def _resolved(schema: Schema, document: Schema) -> Schema:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = {**document["$defs"][name], **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema
