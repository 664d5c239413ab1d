"""Desired properties against the state: what changes, and what the resource will look like. Pure.

As in Terraform, a computed property that the program leaves out keeps its value, one that is merely optional goes away;
that is why an answer that says more than the program asked for shows up as a change after each refresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from local_cloudflare.provider.schema import Property, Schema
from local_cloudflare.provider.values import UNKNOWN, Properties


class Kind(Enum):
    """What happens to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One difference. `path` is Pulumi's property path (`bindings[0].text`), `property` the top-level name in it."""

    property: str
    path: str
    kind: Kind
    replace: bool


def changes(schema: Schema, desired: Properties, state: Properties) -> list[Change]:
    """How `desired` (with its defaults) differs from `state`."""
    return [
        Change(name, path, kind, declared.replace)
        for name, declared in schema.items()
        for path, kind in _difference(name, declared, desired.get(name), state.get(name))
    ]


def _difference(name: str, declared: Property, desired: Any, state: Any) -> Iterator[tuple[str, Kind]]:
    if not declared.settable or (desired is None and declared.computed):
        return
    if declared.fixed and state is not None:
        return
    if declared.unordered and isinstance(desired, list) and isinstance(state, list):
        if sorted(map(repr, desired)) != sorted(map(repr, state)):
            yield name, Kind.UPDATE
        return
    yield from _walk(name, desired, state, declared.inner_computed)


def _walk(path: str, desired: Any, state: Any, computed: frozenset[str]) -> Iterator[tuple[str, Kind]]:
    if desired is None or state is None:
        if desired is not state:
            yield path, Kind.ADD if state is None else Kind.DELETE
    elif isinstance(desired, dict) and isinstance(state, dict):
        for key in sorted({*desired, *state} - {key for key in computed if key not in desired}):
            yield from _walk(f"{path}.{key}", desired.get(key), state.get(key), computed)
    elif isinstance(desired, list) and isinstance(state, list):
        for index in range(max(len(desired), len(state))):
            wanted, found = (values[index] if index < len(values) else None for values in (desired, state))
            yield from _walk(f"{path}[{index}]", wanted, found, computed)
    elif desired != state:
        yield path, Kind.UPDATE


def planned(schema: Schema, desired: Properties, state: Properties | None) -> Properties:
    """What the resource will be: UNKNOWN where only Cloudflare's answer can tell. `state` is None for a new one."""
    result = dict(desired)
    for name, declared in schema.items():
        kept = (state or {}).get(name)
        if declared.fixed and kept is not None:
            result[name] = kept
        elif declared.computed and name not in desired:
            result[name] = kept if declared.stable and kept is not None else UNKNOWN
    return result


def known(properties: Properties) -> Properties:
    """`properties` without what is UNKNOWN: what can be sent."""
    return {name: value for name, value in properties.items() if value is not UNKNOWN}


def settled(properties: Properties, answer: Properties) -> Properties:
    """`properties` with what was UNKNOWN taken from Cloudflare's answer; what it does not say is left out."""
    result = {name: answer.get(name) if value is UNKNOWN else value for name, value in properties.items()}
    return {name: value for name, value in result.items() if value is not None}


def refreshed_inputs(inputs: Properties, outputs: Properties) -> Properties:
    """What the program had said, with the values that were found."""
    return {name: _refreshed(value, outputs[name]) for name, value in inputs.items() if name in outputs}


def _refreshed(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return refreshed_inputs(old, new)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_refreshed(*pair) for pair in zip(old, new, strict=True)]
    return new


def imported_inputs(schema: Schema, outputs: Properties) -> Properties:
    """What a program would have to say to get `outputs`."""
    return {
        name: _without(outputs[name], declared.inner_computed)
        for name, declared in schema.items()
        if declared.settable and name in outputs
    }


def _without(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, keys) for key, item in value.items() if key not in keys}
    if isinstance(value, list):
        return [_without(item, keys) for item in value]
    return value
