"""From what pydantic found to what a person should read: the place in the file, what is wrong, what would be right.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.issues import Issue
from orchestrator.manifest.models import Manifest
from orchestrator.manifest.needs import Shorthand
from orchestrator.manifest.source import Path, Source
from orchestrator.nearest import distance, nearest_names

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping (`key: value`)",
    "model_type": "a mapping (`key: value`)",
}
_TRUTH = {  # as older YAML reads them, and what people put in quotes
    **dict.fromkeys(("yes", "y", "on", "true"), "true"),
    **dict.fromkeys(("no", "n", "off", "false"), "false"),
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}


def issues_of(error: ValidationError, source: Source) -> Iterator[Issue]:
    """Each error of pydantic as an Issue, but one mistake once."""
    details = [(_path(detail), detail) for detail in error.errors(include_url=False)]
    misspelt = {(*path[:-1], _meant(path)) for path, detail in details if detail["type"] == "extra_forbidden"}
    for path, detail in details:
        if any(path[: len(broken)] == broken for broken in source.broken):
            continue  # could not be read as YAML
        if detail["type"] == "missing" and path in misspelt:
            continue  # it is there, with a mistake in its name
        if detail["type"] == "too_short" and detail["input"]:
            continue  # it has items, but pydantic does not count the wrong ones
        yield _issue(detail, path, source)


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean …?` where one of the known names is near."""
    near = _near(name, known)
    return f"did you mean `{near}`?" if near else otherwise


def label(path: Path) -> str:
    """`autopilots[0].needs.kvNamespaces`, or `the file`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    return f"`{text}`" if text else "the file"


def _near(name: str, known: Iterable[str]) -> str | None:
    nearest = next(iter(nearest_names(name, known, 1)), "")
    return nearest if nearest and distance(name.lower(), nearest.lower()) <= max(2, len(name) // 3) else None


def _path(detail: ErrorDetails) -> Path:
    return tuple(step for step in detail["loc"] if step != "[key]")


def _meant(path: Path) -> str | None:
    """The key that the unknown key at `path` may have been meant for."""
    return _near(str(path[-1]), _keys(path[:-1]))


def _keys(path: Path) -> list[str]:
    return [field.alias or name for name, field in _model_at(path).model_fields.items()]


def _issue(detail: ErrorDetails, path: Path, source: Source) -> Issue:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    written = source.written.get(path, "")
    at_key = detail["loc"][-1:] == ("[key]",)
    if kind == "missing":
        return _missing(path, source, value)
    if kind == "extra_forbidden":
        keys = _keys(path[:-1])
        hint = did_you_mean(str(path[-1]), keys, f"known here: {', '.join(sorted(keys))}")
        message = f"unknown key `{path[-1]}` in {label(path[:-1])}"
        return source.issue(path, "unknown-key", message, hint, at_key=True)
    if kind in _KINDS:
        wanted = (
            "text or a mapping" if kind == "model_type" and issubclass(_model_at(path), Shorthand) else _KINDS[kind]
        )
        hint = _how_to_write(kind, value, written) if path else "begin with `orchestrator:`, `autopilots:` and `tasks:`"
        return source.issue(
            path, "wrong-type", f"{label(path)} must be {wanted}, and is {_describe(value, written)}", hint
        )
    if kind == "literal_error":
        message = f"{label(path)} must be {context['expected']}, and is {_describe(value, written)}"
        return source.issue(path, "not-allowed", message)
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        message = f"{label(path)} must be {words} {context[key]}, and is {written or value}"
        return source.issue(path, "out-of-range", message)
    if kind in {"too_short", "string_too_short"}:
        return source.issue(path, "empty", f"{label(path)} must not be empty")
    if kind == "string_too_long":
        most = context["max_length"]
        return source.issue(
            path, "too-long", f"{label(path)} must have at most {most} characters, and has {len(value)}"
        )
    return source.issue(path, kind, context.get("message", detail["msg"]), context.get("hint", ""), at_key=at_key)


def _missing(path: Path, source: Source, value: Any) -> Issue:
    parent, key = path[:-1], path[-1]
    if parent[:1] == ("tasks",) and isinstance(value, dict) and value.get("once"):
        known = [name for name, task in source.data["tasks"].items() if isinstance(task, dict) and "capability" in task]
        message = f"`once` on an unknown task: `{parent[-1]}` has no capability"
        hint = did_you_mean(str(parent[-1]), known, "add its `capability`, or set `once` where the task is declared")
        return source.issue(parent, "once-unknown-task", message, hint, at_key=True)
    return source.issue(parent, "missing-key", f"{label(parent)} lacks `{key}`", f"add `{key}:`", at_key=True)


def _describe(value: Any, written: str) -> str:
    """What stands there, as a person sees it; `written`: the text in the file of what is not read as text."""
    if value is None:
        return f"`{written}`, which is no value" if written else "empty"
    if isinstance(value, bool):
        return written or str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {written or value}"
    if isinstance(value, str):
        return f"`{value[:60]}{'…' * (len(value) > 60)}`"
    return "a list" if isinstance(value, list) else "a mapping"


def _how_to_write(kind: str, value: Any, written: str) -> str:
    quoted = f'put it in quotes: "{written}"'
    if value is None:
        leave = "leave the key out, or give it a value"
        return f"{quoted}; or {leave}" if written and kind == "string_type" else leave
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return quoted
    if kind == "bool_type" and isinstance(value, str):
        meant = _TRUTH.get(value.lower())
        return f"write {meant}" if meant else "write true or false"
    if kind in {"int_type", "float_type"} and isinstance(value, str):
        return "write it without quotes" if value.isdecimal() else "write it in digits"
    if kind == "tuple_type" and isinstance(value, (str, int, float)):
        return f"write [{written or value}]"
    return ""


def _model_at(path: Path) -> type[BaseModel]:
    """The model that the value at `path` belongs to, by the types of the fields on the way."""
    model: type[BaseModel] = Manifest
    for step in path:
        for field in model.model_fields.values():
            if field.alias == step and (inner := _model_in(field.annotation)):
                model = inner
                break
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model within a type such as `tuple[Autopilot, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
