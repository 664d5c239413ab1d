"""Every endpoint of the routing Worker, from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from scripts.reference.markdown import code, page, table

Document = Mapping[str, Any]
_INTRODUCTION = """
The routing Worker's endpoints; the Worker serves [the document](../../router/openapi.yaml) they are taken from
at `/openapi.json`. All but `/health` need `Authorization: Bearer TOKEN`. JSON has camelCase keys, bodies are at
most 1 MiB. A refusal is a [problem document](problems.md).
"""
_METHODS = ("get", "post", "put", "patch", "delete")


def render(openapi: str) -> str:
    """The page; `openapi` is the document as YAML."""
    document: Document = yaml.safe_load(openapi)
    parts = [
        _endpoint(document, path, item, method)
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]
    schemas = [_schema(document, name, schema) for name, schema in document["components"]["schemas"].items()]
    return page("HTTP API", _INTRODUCTION, *parts, "## Schemas", *schemas)


def _endpoint(document: Document, path: str, item: Document, method: str) -> str:
    operation = item[method]
    parts = [f"## `{method.upper()} {path}`", f"{operation['summary']}.", operation.get("description", "")]
    parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
    if parameters:
        rows = [
            [code(each["name"]), each["in"], _type(each.get("schema", {})), each.get("description", "")]
            for each in (_resolved(document, given) for given in parameters)
        ]
        parts.append(table(["parameter", "in", "value", ""], rows))
    if body := operation.get("requestBody"):
        parts.append(f"Body: {_content(body)}")
    answers = [
        [code(status), answer.get("description", ""), _content(answer)]
        for status, answer in sorted(
            (status, _resolved(document, each)) for status, each in operation["responses"].items()
        )
    ]
    parts.append(table(["status", "", "body"], answers))
    return "\n\n".join(part for part in parts if part)


def _schema(document: Document, name: str, schema: Document) -> str:
    parts = [f"### {name}", schema.get("description", "")]
    if rows := list(_properties(document, schema)):
        parts.append(table(["member", "value", ""], rows))
    elif kind := _type(schema):
        parts.append(kind)
    return "\n\n".join(part for part in parts if part)


def _properties(document: Document, schema: Document) -> Iterator[list[str]]:
    for each in schema.get("allOf", ()):
        yield from _properties(document, _resolved(document, each))
    for name, given in schema.get("properties", {}).items():
        if isinstance(given, Mapping):
            yield [code(name), _type(given), str(given.get("description", ""))]


def _content(answer: Document) -> str:
    """The media types that are not plain JSON, and a link to each schema."""
    shown = []
    for media, content in answer.get("content", {}).items():
        kind = _type(content.get("schema", {}))
        shown.append(kind if media == "application/json" else f"{code(media)} {kind}".strip())
    return ", ".join(shown)


def _type(schema: Document) -> str:
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " or ".join(_type(each) or "any JSON" for each in schema[key])
    if "enum" in schema:
        return ", ".join(code(str(each)) for each in schema["enum"])
    if "const" in schema:
        return code(str(schema["const"]))
    kind = schema.get("type", "")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    return " or ".join(
        f"list of {_type(schema.get('items', {}))}" if each == "array" else each for each in kinds
    ).strip()


def _resolved(document: Document, given: Document) -> Document:
    if "$ref" not in given:
        return given
    _, section, name = given["$ref"].rsplit("/", 2)
    found: Document = document["components"][section][name]
    return found
