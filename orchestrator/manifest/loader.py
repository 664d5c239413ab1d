"""From a file, or a text, to a Manifest: every issue of it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from orchestrator.catalog import load_catalog
from orchestrator.errors import ManifestError
from orchestrator.issues import Issue
from orchestrator.manifest.bindings import router_bindings, worker_bindings
from orchestrator.manifest.compatibility_flags import unknown_flags
from orchestrator.manifest.duplicates import (
    conflicting_domains,
    conflicting_needs,
    duplicate_autopilots,
    duplicate_items,
)
from orchestrator.manifest.models import (
    Manifest,
)
from orchestrator.manifest.place import ManifestRule, Place
from orchestrator.manifest.references import (
    autopilots_without_a_way,
    callbacks,
    contradictions,
    dates_to_come,
    endpoints,
    metas_of_schedules,
    missing_sources,
    registry_namespace,
    tail_consumers,
    tasks_of_callers,
    tasks_of_schedules,
    tasks_that_differ_in_once,
    unsupported_capabilities,
)
from orchestrator.manifest.source import read
from orchestrator.manifest.translate import issues_of
from orchestrator.names import DEFAULT_FILE

_CHECKS: tuple[ManifestRule, ...] = (
    duplicate_autopilots,
    duplicate_items,
    conflicting_needs,
    conflicting_domains,
    autopilots_without_a_way,
    tail_consumers,
    unsupported_capabilities,
    contradictions,
    tasks_of_callers,
    tasks_of_schedules,
    tasks_that_differ_in_once,
    endpoints,
    callbacks,
    registry_namespace,
    worker_bindings,
    router_bindings,
)


def load(path: str | Path = DEFAULT_FILE, *, project: Path | None = None) -> Manifest:
    """The manifest in a file; with `project`, its folder, the sources that the file names must be there.

    Raises ManifestError where it cannot be read, or is not right.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise _unreadable(
            path, f"cannot read the file: {reason}", "name the file, or run this in its folder"
        ) from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise _unreadable(path, "the file is not UTF-8 here", "save it as UTF-8", line, column) from error
    catalog = load_catalog(Path(path).parent) if "schedules:" in text else {}
    metas = {name: entry.meta for name, entry in catalog.items()}
    is_there = (lambda source: (project / source).is_file()) if project else None
    return parse(text, str(path), metas, today=datetime.now(UTC).date(), is_there=is_there)


def parse(
    text: str,
    file: str = DEFAULT_FILE,
    catalog: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    *,
    today: date | None = None,
    is_there: Callable[[str], bool] | None = None,
) -> Manifest:
    """The manifest in a text; `file` is only for the messages; `catalog`: the schema of what each capability takes;
    `today`, in UTC: without it dates may be to come; `is_there`: whether a source is, without it each may be. Raises
    ManifestError with every issue."""
    source = read(text, file)
    issues = list(source.issues)
    manifest = None
    try:
        manifest = Manifest.model_validate(source.data)
    except ValidationError as error:
        issues.extend(issues_of(error, source))
    root = Place(source, source.data)
    for check in _CHECKS:
        issues.extend(source.issue(**asdict(finding)) for finding in check(root))
    issues.extend(source.issue(**asdict(finding)) for finding in metas_of_schedules(root, catalog))
    if today:
        issues.extend(source.issue(**asdict(finding)) for finding in dates_to_come(root, today))
    if is_there:
        issues.extend(source.issue(**asdict(finding)) for finding in missing_sources(root, is_there))
    if issues or manifest is None:
        raise ManifestError(sorted(set(issues)))
    return manifest


def warnings_of(path: str | Path) -> list[Issue]:
    """What is right in a file that was loaded, and may not be what was meant."""
    source = read(Path(path).read_text(encoding="utf-8"), str(path))
    return [source.issue(**asdict(finding)) for finding in unknown_flags(Place(source, source.data))]


def _unreadable(path: str | Path, message: str, hint: str, line: int = 1, column: int = 1) -> ManifestError:
    issue = Issue(file=str(path), line=line, column=column, code="unreadable-file", message=message, hint=hint)
    return ManifestError([issue])
