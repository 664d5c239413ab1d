"""The entries of the catalogue, as the files have them.

    name: crm.lead.create          # the file's name, too
    version: 1.0.0                 # of what it takes and answers: a breaking change needs a new major
    title, description, cost       # texts
    meta, result                   # JSON Schema 2020-12
    examples: [{title, meta}]      # each fits `meta`
    errors: [{status, when}]

Touches: the files below `catalog/capabilities`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestrator.catalog.keywords import schema_mistakes
from orchestrator.catalog.plain_yaml import load_plain
from orchestrator.catalog.schema import mistakes_of
from orchestrator.errors import OrchestratorError

FOLDER = Path("catalog/capabilities")
_TEXTS = ("name", "version", "title", "description", "cost")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class CatalogError(OrchestratorError):
    """An entry of the catalogue is not one."""

    code = "catalog"
    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A capability; `meta` and `result` are JSON Schemas."""

    name: str
    version: str
    title: str
    description: str
    meta: dict[str, Any]
    result: dict[str, Any]
    examples: tuple[dict[str, Any], ...] = ()
    errors: tuple[dict[str, Any], ...] = ()
    cost: str = ""

    def document(self) -> dict[str, Any]:
        """As the router answers it."""
        return asdict(self)


def load_catalog(root: Path, only: str | None = None) -> dict[str, Entry]:
    """The entries by name, or the `only` one; none where there is no catalogue. Raises CatalogError with what is wrong
    with the first."""
    paths = [path for path in sorted((root / FOLDER).glob("*.yaml")) if only in (None, path.stem)]
    return {entry.name: entry for path in paths if (entry := _entry(path, root))}


def _entry(path: Path, root: Path) -> Entry:
    where = path.relative_to(root).as_posix()
    try:
        content = load_plain(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise CatalogError(f"{where} is not YAML: {error}", "correct the file") from error
    wrong = _wrong(content, path.stem)
    if wrong:
        raise CatalogError(f"{where}: {'; '.join(wrong)}", "docs/reference/catalog.md says what an entry has")
    texts = {name: " ".join(str(content.get(name, "")).split()) for name in _TEXTS}
    return Entry(
        name=texts["name"],
        version=texts["version"],
        title=texts["title"],
        description=texts["description"],
        meta=content.get("meta"),
        result=content.get("result"),
        examples=tuple(content.get("examples", ())),
        errors=tuple(content.get("errors", ())),
        cost=texts["cost"],
    )


def _wrong(content: object, name: str) -> list[str]:
    if not isinstance(content, dict):
        return ["it is not a mapping"]
    known = set(Entry.__dataclass_fields__)
    wrong = [f"`{key}` is no member of an entry" for key in content if key not in known]
    wrong += [f"`{key}` is missing" for key in ("name", "version", "title", "meta", "result") if key not in content]
    if content.get("name", name) != name:
        wrong.append(f"its name is `{content['name']}`, and the file's is `{name}`")
    if not _VERSION.fullmatch(str(content.get("version", "1.0.0"))):
        wrong.append("`version` is not a semantic version such as 1.0.0")
    wrong += [mistake for key in ("meta", "result") for mistake in schema_mistakes(content.get(key, {}), key)]
    return wrong or [*_wrong_lists(content)]


def _wrong_lists(content: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the examples and the errors of an entry whose schemas are right."""
    for key, members in (("examples", {"title": str, "meta": dict}), ("errors", {"status": int, "when": str})):
        listed = content.get(key, [])
        if not isinstance(listed, list) or not all(_has(each, members) for each in listed):
            yield f"`{key}` is no list of {{{', '.join(members)}}}"
        elif key == "examples":
            for number, each in enumerate(listed, 1):
                for mistake in mistakes_of(content["meta"], each["meta"], ""):
                    yield f"its example {number} does not fit: /meta{mistake['pointer']} {mistake['message']}"


def _has(value: object, members: Mapping[str, type]) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == members.keys()
        and all(isinstance(value[name], kind) for name, kind in members.items())
    )
