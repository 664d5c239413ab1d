"""By which template an autopilot was written: `autopilots/NAME/template.yaml`, committed with its code.

    template: kv-cache             # its folder in catalog/templates
    version: 3f0c5d2e9a1b4c67      # of its files, as they were
    settings: {ttl: '900'}         # what `--set` said; the rest is the template's default, today's too
    autopilot, tasks               # what autopilots.yaml got
    files: {PATH: text}            # what was written

So whatever was written is known without git's history, which a shallow clone, an archive and a squashed branch do not
have, and without old versions of each template.

Touches: that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from orchestrator.catalog.plain_yaml import load_plain
from orchestrator.catalog.templates import Rendered, Template
from orchestrator.errors import UserError

_HEAD = """\
# By which template this autopilot was written, and what that said then. `python -m orchestrator template` reads and
# writes this file: commit it, and do not edit it.
"""
_KEYS = {"template", "version", "settings", "autopilot", "tasks", "files"}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """`settings`: those that somebody chose; `rendered`: what the template made of them in its `version`."""

    template: str
    version: str
    settings: Mapping[str, str]
    rendered: Rendered

    @classmethod
    def of(cls, template: Template, settings: Mapping[str, str], rendered: Rendered) -> Origin:
        return cls(template=template.name, version=template.version, settings=settings, rendered=rendered)

    def text(self) -> str:
        """As it is written."""
        document = {
            "template": self.template,
            "version": self.version,
            "settings": dict(self.settings),
            "autopilot": self.rendered.autopilot,
            "tasks": self.rendered.tasks,
            "files": dict(self.rendered.files),
        }
        return _HEAD + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def origin_path(name: str) -> str:
    """Below the project's root, for the autopilot `name`."""
    return f"autopilots/{name}/template.yaml"


def recorded_names(root: Path) -> list[str]:
    """The autopilots that have such a file."""
    return sorted(path.parent.name for path in root.glob(origin_path("*")))


def write_again(name: str) -> str:
    """The way out where the file of `name` is of no use."""
    return f"delete {origin_path(name)}, then: python -m orchestrator template record {name} --template TEMPLATE"


def load_origin(root: Path, name: str) -> Origin | None:
    """None where there is no such file. Raises UserError for one that `new` did not write."""
    path = root / origin_path(name)
    if not path.is_file():
        return None
    try:
        return _read(load_plain(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{origin_path(name)} is not what was written there: {reason}", write_again(name)) from None


def _read(data: Any) -> Origin:
    if not isinstance(data, dict) or data.keys() != _KEYS:
        raise ValueError(f"it must have {', '.join(sorted(_KEYS))}, and nothing else")
    texts = {"template": data["template"], "version": data["version"], **_mapping(data["settings"])}
    texts |= _mapping(data["files"])
    if wrong := next((name for name, each in texts.items() if not isinstance(each, str)), None):
        raise ValueError(f"{wrong} must be a text")
    for path in data["files"]:
        parts = PurePosixPath(path).parts
        if parts[:1] not in (("autopilots",), ("catalog",), ("tests",)) or ".." in parts:
            raise ValueError(f"{path} is no file that a template writes")
    return Origin(
        template=data["template"],
        version=data["version"],
        settings=data["settings"],
        rendered=Rendered(files=data["files"], autopilot=_mapping(data["autopilot"]), tasks=_mapping(data["tasks"])),
    )


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) and key for key in value):
        raise ValueError("settings, autopilot, tasks and files must be mappings")
    return value


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _written(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _written)
