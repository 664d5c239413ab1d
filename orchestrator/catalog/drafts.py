"""Drafts of autopilots from what others publish: an agent card (A2A) or an OpenAPI document.

Whoever wrote it had another reader in mind, and its version may be any: what is understood is taken, what is not is
left out and said. Nothing of it is more than a draft for a person. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urljoin

import yaml

from orchestrator.catalog.entries import FOLDER
from orchestrator.catalog.keywords import known_part
from orchestrator.catalog.plain_yaml import load_plain
from orchestrator.urls import check_endpoint

_MOST = 200
_MOST_TEXT = 500
_MOST_PARTS = 2_000  # of a schema
_DEEPEST = 12
_METHODS = ("post", "put", "patch", "get", "delete")
_JSON = re.compile(r"application/(?:[\w.*-]+\+)?json|\*/\*")


@dataclass(frozen=True, kw_only=True)
class Skill:
    """What one can ask for."""

    name: str
    title: str
    description: str
    meta: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """`left_out`: what was not understood, in sentences."""

    name: str
    endpoint: str
    skills: tuple[Skill, ...]
    left_out: tuple[str, ...]


def parse_document(text: str) -> Mapping[str, Any]:
    """JSON or YAML. Raises ValueError where it is neither, or no mapping."""
    try:
        document = _parsed(text)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ValueError("it is neither JSON nor YAML") from error
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(document, dict):
        raise ValueError("it is no mapping")
    return document


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return load_plain(text)


def draft_of_agent_card(card: Mapping[str, Any], name: str | None, source: str) -> Draft:
    """The skills of a card of any version that has some."""
    left_out: list[str] = []
    own = name or slug(_text(card.get("name")) or "agent")
    skills = []
    listed = _list(card.get("skills"))
    if len(listed) > _MOST:
        left_out.append(f"all but the first {_MOST} skills")
    for number, skill in enumerate(listed[:_MOST]):
        about = skill if isinstance(skill, Mapping) else {}
        word = slug(_text(about.get("id")) or _text(about.get("name")))
        if not word:
            left_out.append(f"the skill {number} has neither an id nor a name")
            continue
        title = _text(about.get("name")) or word
        skills.append(Skill(name=f"{own}.{word}", title=title, description=_text(about.get("description"))))
    interfaces = [*_list(card.get("supportedInterfaces")), *_list(card.get("additionalInterfaces"))]
    urls = [card.get("url"), *(each.get("url") for each in interfaces if isinstance(each, Mapping))]
    endpoint = next((url for url in map(_text, urls) if url), source)
    return _draft(own, endpoint, skills, left_out)


def draft_of_openapi(document: Mapping[str, Any], name: str | None, source: str) -> Draft:
    """The operations of an OpenAPI document, of version 2 or 3."""
    left_out: list[str] = []
    info = _mapping(document.get("info"))
    own = name or slug(_text(info.get("title")) or "service")
    skills = []
    operations = [*islice(_operations(document), _MOST + 1)]
    if len(operations) > _MOST:
        left_out.append(f"all but the first {_MOST} operations")
    for path, method, operation in operations[:_MOST]:
        said = _text(operation.get("operationId")) or f"{method} {path}"
        meta, result = _meta(document, operation, left_out, said), _result(document, operation)
        description = _text(operation.get("description")) or f"{method.upper()} {path}"
        title = _text(operation.get("summary")) or said
        skills.append(Skill(name=f"{own}.{slug(said)}", title=title, description=description, meta=meta, result=result))
    servers = [_text(each.get("url")) for each in _list(document.get("servers")) if isinstance(each, Mapping)]
    relative = [urljoin(source, url) for url in servers] if source.startswith("https://") else []
    endpoint = next((url for url in (*servers, *relative) if url.startswith("https://")), source)
    return _draft(own, endpoint, skills, left_out)


def _draft(name: str, endpoint: str, skills: list[Skill], left_out: list[str]) -> Draft:
    if refusal := check_endpoint(endpoint):
        left_out.append(f"its address {endpoint} cannot be an endpoint: {refusal.message}")
        endpoint = "https://REPLACE.example.com/"
    different = {skill.name: skill for skill in skills}
    if len(different) < len(skills):
        left_out.append(f"{len(skills) - len(different)} of the same name as another one")
    return Draft(name=name, endpoint=endpoint, skills=tuple(different.values()), left_out=tuple(left_out))


def text_of(draft: Draft, source: str) -> str:
    """The draft as YAML documents: what goes into autopilots.yaml, then each entry of the catalogue."""
    autopilot = {
        "name": draft.name,
        "endpoint": draft.endpoint,
        "capabilities": [skill.name for skill in draft.skills],
    }
    tasks = {
        skill.name.replace(".", "_").replace("-", "_"): {
            "capability": skill.name,
            "description": _line(skill.title),
        }
        for skill in draft.skills
    }
    head = [
        f"A draft from {source}, for a person to go over: into autopilots.yaml, and a file of",
        "catalog/capabilities/ for each document below. The orchestrator sends",
        "{task, capability, meta, autopilot, caller, requestId}, signed; where the other side takes something else, a",
        "Worker stands between: python -m orchestrator new NAME --template http-relay.",
        *(f"Left out: {each}" for each in draft.left_out),
    ]
    parts = ["".join(f"# {_line(each)}\n" for each in head) + _yaml({"autopilots": [autopilot], "tasks": tasks})]
    for skill in draft.skills:
        entry = {
            **{"name": skill.name, "version": "0.1.0", "title": _line(skill.title)},
            **{"description": _line(skill.description), "meta": dict(skill.meta), "result": dict(skill.result)},
        }
        parts.append(f"# {FOLDER / skill.name}.yaml\n{_yaml(entry)}")
    return "---\n".join(parts)


def slug(text: str) -> str:
    """As names of autopilots and capabilities have it; "" where nothing is left."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:48].strip("-")


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in _mapping(document.get("paths")).items():
        for method in _METHODS:
            operation = _mapping(item).get(method)
            if isinstance(operation, Mapping):
                parameters = [*_list(_mapping(item).get("parameters")), *_list(operation.get("parameters"))]
                yield str(path), method, {**operation, "parameters": parameters}


def _meta(document: Mapping[str, Any], operation: Mapping[str, Any], left_out: list[str], said: str) -> dict[str, Any]:
    """Of the body, and of the parameters in path and query."""
    body = _content(document, operation.get("requestBody"))
    members: dict[str, Any] = {}
    required: list[str] = []
    for each in _list(operation.get("parameters")):
        parameter = _resolved(document, each)
        place, name = _text(parameter.get("in")), _text(parameter.get("name"))
        if place == "body":
            body = _mapping(parameter.get("schema"))
        elif place in ("path", "query") and name:
            members[name] = known_part(_resolve_all(document, parameter.get("schema") or parameter))
            if parameter.get("required") is True and name not in required:
                required.append(name)
    schema = known_part(_resolve_all(document, body))
    if schema and schema.get("type", "object") != "object":
        left_out.append(f"{said} takes a body that is no object: it is `body` in the draft")
        schema = {"properties": {"body": schema}, "required": ["body"]}
    schema = {**schema, "type": "object"}
    if members:
        schema["properties"] = {**members, **schema.get("properties", {})}
    if every := [*dict.fromkeys([*required, *schema.get("required", [])])]:
        schema["required"] = every
    return schema


def _result(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    responses = _mapping(operation.get("responses"))
    for status, response in responses.items():
        if str(status).startswith("2"):
            found = _resolved(document, response)
            schema = _content(document, found) or _mapping(found.get("schema"))
            return known_part(_resolve_all(document, schema))
    return {}


def _content(document: Mapping[str, Any], body: object) -> Mapping[str, Any]:
    content = _mapping(_resolved(document, body).get("content"))
    found = next((each for kind, each in content.items() if _JSON.fullmatch(str(kind).partition(";")[0].strip())), None)
    return _mapping(_mapping(found).get("schema"))


def _resolve_all(document: Mapping[str, Any], schema: object) -> Any:
    """The schema with what `$ref` names in its place. One that names itself has no end: it is cut off."""
    left = _MOST_PARTS

    def resolve(value: object, depth: int) -> Any:
        nonlocal left
        left -= 1
        if isinstance(value, list):
            return [resolve(each, depth + 1) for each in value[: max(left, 0)]] if depth <= _DEEPEST else []
        if not isinstance(value, Mapping):
            return value
        if depth > _DEEPEST or left < 0:
            return {}
        return {key: resolve(each, depth + 1) for key, each in _resolved(document, value).items()}

    return resolve(schema, 0)


def _resolved(document: Mapping[str, Any], value: object) -> Mapping[str, Any]:
    """Where it is a `$ref` into the same document, what that names."""
    for _ in range(8):
        reference = _text(_mapping(value).get("$ref"))
        if not reference.startswith("#/"):
            return _mapping(value)
        place: Any = document
        for step in reference[2:].split("/"):
            place = _mapping(place).get(step.replace("~1", "/").replace("~0", "~"))
        value = place
    return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _line(text: str) -> str:
    """On one line, without what a terminal would take for more than text."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())[:_MOST_TEXT]


def _yaml(value: object) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=110))
