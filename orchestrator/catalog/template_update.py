"""An autopilot that a template wrote, beside what the template says today.

Touches: the project's files, which it reads; and what `merge` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.catalog.origin import Origin, load_origin, origin_path, write_again
from orchestrator.catalog.template_changes import TemplateChange, find_changes
from orchestrator.catalog.templates import Template, load_template, render, template_names
from orchestrator.errors import UserError
from orchestrator.manifest import DEFAULT_FILE, load
from orchestrator.nearest import nearest_names


@dataclass(frozen=True, kw_only=True)
class Update:
    """`then` is what was written down, `today` what is to be; `dropped`: settings that the template has no more."""

    name: str
    then: Origin
    today: Origin
    changes: Sequence[TemplateChange]
    dropped: Sequence[str]

    def texts(self) -> dict[str, str | None]:
        """What is to be written, by path; None for what goes. What says that it is done comes last."""
        texts = {change.path: change.after for change in self.changes if change.after != change.mine}
        return texts if self.today == self.then else {**texts, origin_path(self.name): self.today.text()}


def find_update(root: Path, name: str, chosen: Mapping[str, str]) -> Update:
    """What the template of today would change in the autopilot `name`; `chosen`: settings from now on.

    Raises UserError where nothing says by which template it was written, or that one is gone.
    """
    load(root / DEFAULT_FILE)  # a mistake in it is told first
    then = load_origin(root, name)
    if then is None:
        raise unrecorded(root, name)
    if then.template not in template_names(root):
        raise UserError(
            f"the template {then.template}, by which {name} was written, is not in catalog/templates any more",
            write_again(name),
        )
    template = load_template(root, then.template)
    dropped = sorted(then.settings.keys() - template.settings.keys())
    settings = {key: each for key, each in then.settings.items() if key not in dropped}
    settings |= chosen
    try:
        rendered = render(template, name, settings)
    except UserError as error:
        raise UserError(error.message, f"{error.hint}; --set NAME=VALUE says another value") from None
    changes = find_changes(name, then.rendered, rendered, reader(root))
    today = Origin.of(template, settings, rendered)
    return Update(name=name, then=then, today=today, changes=changes, dropped=dropped)


def unrecorded(root: Path, name: str) -> UserError:
    """Why nothing is known of the autopilot `name`, and what to do."""
    known = [each.name for each in load(root / DEFAULT_FILE).autopilots]
    if name not in known:
        near = nearest_names(name, known, 1)
        hint = f"did you mean `{near[0]}`? " if near else ""
        return UserError(f"{DEFAULT_FILE} has no autopilot `{name}`", f"{hint}There are: {', '.join(known)}")
    return UserError(
        f"there is no {origin_path(name)}: {name} was written before that was kept, or without a template",
        f"what changes in one from now on can be brought in after: "
        f"python -m orchestrator template record {name} --template TEMPLATE",
    )


def reader(root: Path) -> Callable[[str], str | None]:
    """What reads a file of the project as text; None where there is none."""

    def read(path: str) -> str | None:
        try:
            return (root / path).read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise UserError(f"{path} is not UTF-8, so nothing can be merged with it", "save it as UTF-8") from None

    return read


def state_of(root: Path, name: str, templates: Mapping[str, Template]) -> dict[str, str]:
    """`current`, `changed` where the template says something else today, `gone` where there is none any more."""
    origin = load_origin(root, name)
    assert origin  # noqa: S101  it is one of those that were found
    template = templates.get(origin.template)
    state = "gone" if template is None else "current" if _is_current(name, origin, template) else "changed"
    return {"name": name, "template": origin.template, "version": origin.version, "state": state}


def _is_current(name: str, origin: Origin, template: Template) -> bool:
    if origin.version == template.version:
        return True
    try:
        today = render(template, name, origin.settings)
    except UserError:  # a setting that it no longer has, or no longer takes
        return False
    return today == origin.rendered
