"""What the properties of a resource are, and whether what a program says about them is acceptable. Pure.

A table of `Property` per resource type takes the place of Terraform's schema: the words are the same (required,
computed, default, replace), because the official provider's behaviour follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from local_cloudflare.provider.raw_state import SCALAR, Shape
from local_cloudflare.provider.values import UNKNOWN, Properties


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property.

    `settable`: a program may give it. `computed`: Cloudflare gives it when the program does not. `stable`: an update
    does not change what was computed. `replace`: another value needs another resource. `fixed`: once in the state,
    another value is not a change. `unordered`: a list whose order means nothing. `inner_computed`: keys inside the
    value that Cloudflare adds. `choices`: the values that are accepted, in any case of letters. `shape`: its type.
    """

    required: bool = False
    settable: bool = True
    computed: bool = False
    stable: bool = False
    default: Any = None
    replace: bool = False
    fixed: bool = False
    unordered: bool = False
    inner_computed: frozenset[str] = frozenset()
    choices: tuple[str, ...] = ()
    shape: Shape = SCALAR


Schema = Mapping[str, Property]


@dataclass(frozen=True)
class Failure:
    """Why a property is not accepted."""

    property: str
    reason: str


ACCOUNT = Property(required=True, replace=True)
ID = Property(settable=False, computed=True, stable=True)
COMPUTED = Property(settable=False, computed=True)


def check(schema: Schema, inputs: Properties) -> list[Failure]:
    """Properties that do not exist, are missing, or have a value that is not among their choices."""
    known = [name for name, declared in schema.items() if declared.settable]
    failures = [Failure(name, _unexpected(name, known)) for name in inputs if name not in known]
    for name, declared in schema.items():
        value = inputs.get(name)
        if value is None:
            if declared.required:
                failures.append(Failure(name, f'Missing required argument. The argument "{name}" is required'))
        elif declared.choices and value is not UNKNOWN and not _is_choice(value, declared.choices):
            failures.append(Failure(name, f'must be one of {", ".join(declared.choices)}, got "{value}"'))
    return failures


def _is_choice(value: Any, choices: tuple[str, ...]) -> bool:
    return str(value).lower() in (choice.lower() for choice in choices)


def _unexpected(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else f" The local stand-in takes: {', '.join(sorted(known))}."
    return f'An argument named "{name}" is not expected here.{hint}'


def with_defaults(schema: Schema, inputs: Properties) -> Properties:
    """What the program says, completed with the values that hold when it says nothing."""
    defaults = {name: declared.default for name, declared in schema.items() if declared.default is not None}
    return {**defaults, **inputs}
