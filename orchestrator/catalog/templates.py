"""The templates of autopilots: catalog/templates/, a folder each.

    template.yaml        title, description, verb (the last word of its capability), settings: {NAME: {description,
                         default, pattern}}, source (the file of its code; index.ts where it says nothing)
    declared.yaml.tmpl   `autopilot` and `tasks`, as autopilots.yaml gets them
    index.ts.tmpl, and those of its test and of its capability's entry

In a `.tmpl` `{{name}}` is the autopilot's name, `{{NAME}}` that for names of bindings, `{{task}}`, `{{capability}}`,
and `{{SETTING}}` whatever a setting says. Touches the files below `catalog/templates`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.catalog.plain_yaml import load_plain
from orchestrator.errors import UserError
from orchestrator.nearest import nearest_names

FOLDER = Path("catalog/templates")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MOST_NAME = 24
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a template lets one choose; `pattern`: what its value must match, whole."""

    description: str
    default: str
    pattern: str


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template; `version`: the first 16 hex digits of its files' SHA-256, so no change goes without a new one;
    `texts`: its `.tmpl` files by the first word of their names."""

    name: str
    version: str
    title: str
    description: str
    verb: str
    source: str
    settings: Mapping[str, Setting]
    texts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What is written: `files` by path below the project's root; `autopilot` and `tasks` for autopilots.yaml."""

    files: Mapping[str, str]
    autopilot: Mapping[str, Any]
    tasks: Mapping[str, Any]


def template_names(root: Path) -> list[str]:
    """Those that there are."""
    return sorted(path.parent.name for path in (root / FOLDER).glob("*/template.yaml"))


def load_template(root: Path, name: str) -> Template:
    """Raises UserError for one that is not there."""
    known = template_names(root)
    if name not in known:
        near = nearest_names(name, known, 1)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise UserError(f"there is no template `{name}`", f"{hint}There are: {', '.join(known)}")
    folder = root / FOLDER / name
    about = load_plain((folder / "template.yaml").read_text(encoding="utf-8"))
    return Template(
        name=name,
        version=_version(folder),
        title=about["title"],
        description=about["description"],
        verb=about["verb"],
        source=about.get("source", "index.ts"),
        settings={key: Setting(**each) for key, each in about["settings"].items()},
        texts={path.name.partition(".")[0]: path.read_text(encoding="utf-8") for path in folder.glob("*.tmpl")},
    )


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.iterdir() if each.suffix in (".yaml", ".tmpl")):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def render(template: Template, name: str, chosen: Mapping[str, str]) -> Rendered:
    """The autopilot `name` by the template. Raises UserError for a name or a setting that is not right."""
    if not _NAME.fullmatch(name) or len(name) > _MOST_NAME:
        rule = f"up to {_MOST_NAME} lower-case letters and digits with single hyphens between them, such as rye-bread"
        raise UserError(f"`{name}` is no name for a new autopilot", f"it has {rule}")
    words = name.replace("-", "_")
    values = {"name": name, "NAME": words.upper(), "task": words, "capability": f"{name}.{template.verb}"}
    values |= _settings(template, chosen, values)
    texts = {file: _filled(text, values) for file, text in template.texts.items()}
    declared = load_plain(texts["declared"])
    folder = f"autopilots/{name}" + ("/src" if template.source == "index.ts" else "")
    return Rendered(
        files={
            f"{folder}/{template.source}": texts[template.source.partition(".")[0]],
            f"tests/integration/autopilots/test_{words}.py": texts["test"],
            f"catalog/capabilities/{values['capability']}.yaml": texts["capability"],
        },
        autopilot=declared["autopilot"],
        tasks=declared["tasks"],
    )


def _settings(template: Template, chosen: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    if unknown := sorted(chosen.keys() - template.settings.keys()):
        known = ", ".join(template.settings) or "none"
        raise UserError(f"the template {template.name} has no setting `{unknown[0]}`", f"it has: {known}")
    found = {}
    for key, setting in template.settings.items():
        value = chosen.get(key, _filled(setting.default, values))
        if not re.fullmatch(setting.pattern, value):
            what = f"`{value}` cannot be the setting `{key}` of the template {template.name}"
            raise UserError(what, f"it must match {setting.pattern}: {setting.description}")
        found[key] = value
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values[place[1]], text)
