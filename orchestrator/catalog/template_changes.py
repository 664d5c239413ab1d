"""What a template of today would change in the files of an autopilot that it wrote earlier.

A file that nobody touched becomes the template's; what both changed is merged, and in code a conflict is marked as git
marks it. In YAML nothing is marked, since every command reads those files: there a conflict leaves what the person
wrote. A file that the person deleted stays deleted, and one that the template no longer has goes only untouched.

Touches: what `merge` does; files are read by the function that it is given.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.catalog.merge import has_marks, is_marked_by, merge
from orchestrator.catalog.templates import Rendered
from orchestrator.errors import ManifestError, UserError
from orchestrator.manifest import DEFAULT_FILE, parse
from orchestrator.manifest.edit import add_tasks
from orchestrator.manifest.entries import Section, find_entry, write_entry

What = Literal["added", "replaced", "merged", "marked", "kept", "removed"]
_CONFLICTS = ("marked", "kept")


@dataclass(frozen=True, kw_only=True)
class TemplateChange:
    """Of one file: `mine` is its text now, `after` its text then; None where it is not there.

    `marked`: conflicts stand in it. `kept`: in part or in whole it stays as the person wrote it, although the template
    changed there; `wanted` is what the template's own text was and is.
    """

    path: str
    what: What
    mine: str | None
    after: str | None
    wanted: tuple[str, str] = ("", "")

    @property
    def is_conflict(self) -> bool:
        return self.what in _CONFLICTS

    @property
    def diff(self) -> str:
        """What would change, as a unified diff."""
        return unified(self.path, self.mine, self.after)

    @property
    def template_diff(self) -> str:
        """What the template changed, where that is kept out."""
        return unified(f"{self.path} (the template)", *self.wanted) if self.what == "kept" else ""


def unified(path: str, before: str | None, after: str | None) -> str:
    """A unified diff; empty where both say the same."""
    old, new = ((text or "").splitlines(keepends=True) for text in (before, after))
    old_name, new_name = ("/dev/null" if text is None else path for text in (before, after))
    lines = difflib.unified_diff(old, new, old_name, new_name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def find_changes(name: str, then: Rendered, today: Rendered, read: Callable[[str], str | None]) -> list[TemplateChange]:
    """The changes of the autopilot `name`; `read` gives a file's text, None where there is none.

    Raises UserError where a file still has the marks of an earlier conflict, or git is missing.
    """
    paths = [*today.files, *(path for path in then.files if path not in today.files)]
    found = [_file(path, read(path), then.files.get(path), today.files.get(path)) for path in paths]
    manifest = read(DEFAULT_FILE)
    return [change for change in (*found, _manifest(manifest or "", name, then, today)) if change]


def _file(path: str, mine: str | None, base: str | None, theirs: str | None) -> TemplateChange | None:
    if mine is not None and "\r\n" in mine:
        base, theirs = (text and text.replace("\n", "\r\n") for text in (base, theirs))
    if theirs in (base, mine):
        return None
    if mine is not None and has_marks(mine):
        if theirs is not None and is_marked_by(mine, base or "", theirs):
            return TemplateChange(path=path, what="marked", mine=mine, after=mine)
        raise UserError(
            f"{path} still has the marks of a conflict", "leave of each marked place what is right, without its marks"
        )
    if mine == base:
        what: What = "added" if mine is None else "removed" if theirs is None else "replaced"
        return TemplateChange(path=path, what=what, mine=mine, after=theirs)
    if mine is None or theirs is None:
        return TemplateChange(path=path, what="kept", mine=mine, after=mine, wanted=(base or "", theirs or ""))
    keeps_mine = path.endswith(".yaml")
    merged = merge(mine, base or "", theirs, keeps_mine=keeps_mine)
    what = "merged" if not merged.conflicts else "kept" if keeps_mine else "marked"
    return TemplateChange(path=path, what=what, mine=mine, after=merged.text, wanted=(base or "", theirs))


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """An entry of autopilots.yaml, as the template wrote it and as it would; nothing where it does not have it."""

    section: Section
    name: str
    base: Mapping[str, Any]
    theirs: Mapping[str, Any]

    def written(self, declared: Mapping[str, Any], indent: str | None = "  ") -> str:
        return write_entry(self.section, self.name, declared, indent) + "\n" if declared else ""


def _manifest(text: str, name: str, then: Rendered, today: Rendered) -> TemplateChange | None:
    """Only what the template changed of the entries; a merge that would not be right is not made, and no task is taken
    out, which somebody may ask for."""
    entries = [_Entry(section="autopilots", name=name, base=then.autopilot, theirs=today.autopilot)]
    for task in {**then.tasks, **today.tasks}:
        base, theirs = then.tasks.get(task, {}), today.tasks.get(task, {})
        entries.append(_Entry(section="tasks", name=task, base=base, theirs=theirs))
    entries = [entry for entry in entries if entry.base != entry.theirs]
    after, ways = text, set[What]()
    try:
        for entry in entries:
            after, way = _brought_in(after, entry)
            ways.add(way)
        parse(after)
    except ManifestError:
        after, ways = text, {"kept"}
    if after == text and "kept" not in ways:
        return None
    order: tuple[What, ...] = ("kept", "merged", "replaced")
    what = next(each for each in order if each in ways)
    base, theirs = ("".join(each.written(getattr(each, side)) for each in entries) for side in ("base", "theirs"))
    return TemplateChange(path=DEFAULT_FILE, what=what, mine=text, after=after, wanted=(base, theirs))


def _brought_in(text: str, entry: _Entry) -> tuple[str, What]:
    place = find_entry(text, entry.section, entry.name)
    if place is None:
        if entry.base:  # the person took it out
            return text, "kept"
        return add_tasks(text, {entry.name: entry.theirs}), "replaced"
    mine, base, theirs = f"{place.entry}\n", *(entry.written(each, place.indent) for each in (entry.base, entry.theirs))
    if theirs == mine:
        return text, "replaced"
    if not base or not theirs:
        return text, "kept"
    merged = merge(mine, base, theirs, keeps_mine=True)
    what: What = "kept" if merged.conflicts else "replaced" if mine == base else "merged"
    return place.replaced(merged.text.removesuffix("\n")), what
