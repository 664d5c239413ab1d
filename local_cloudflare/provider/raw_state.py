"""How Terraform's own state is got back from Pulumi's: the delta that the Pulumi bridge keeps with each output. Pure.

The official provider is a bridge to Terraform's. Pulumi's outputs leave out what is null and do not tell an object from
a map, so the bridge keeps in `__pulumi_raw_state_delta` what is missing, and puts the two together before each read,
comparison and update. They must fit: an element that was taken out of a list while the delta still speaks of it makes
all of these fail. Without the key the bridge works the state out from the schema.

A delta is an object with one key: `obj` (`ps`: deltas of its properties), `arr` (`el`: deltas of its elements, by
index), `map` (`el`, by key), `plu` (`i`: delta of the one element of a list that Pulumi shows as a value), `replace`
(`raw`: the value itself, secret), `num` (a number that Pulumi has as a string) or `asset`; an empty one says that the
value is what it looks like. Source: pkg/tfbridge/rawstate.go of pulumi-terraform-bridge, and the official provider's
records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from local_cloudflare.provider.errors import RawStateError
from local_cloudflare.provider.values import Properties, Secret, from_api

META = "__meta"
DELTA = "__pulumi_raw_state_delta"
_RESERVED = "__"  # what the names of the bridge's own properties begin with


class Shape:
    """A Terraform type, as far as it decides what a delta says. This one is a string, a number or a boolean."""


@dataclass(frozen=True)
class Object(Shape):
    """An object, with all its attributes."""

    attributes: Mapping[str, Shape]


@dataclass(frozen=True)
class List(Shape):
    """A list or set."""

    element: Shape


@dataclass(frozen=True)
class Map(Shape):
    """A map, by names that the program chooses."""

    element: Shape


class Dynamic(Shape):
    """A value of any type, which Terraform's state keeps beside its type."""


SCALAR: Final = Shape()
DYNAMIC: Final = Dynamic()
SCALARS: Final = List(SCALAR)


def scalars(*names: str) -> Mapping[str, Shape]:
    """Attributes that are plain values."""
    return MappingProxyType(dict.fromkeys(names, SCALAR))


def delta(attributes: Mapping[str, Shape], outputs: Properties) -> dict[str, Any]:
    """The delta of `outputs`, of a resource with these attributes."""
    # The one map, a script's `files`, is newer than the records: of a script without any nothing is known to be kept.
    named = [
        (name, shape) for name, shape in sorted(attributes.items()) if name in outputs or not isinstance(shape, Map)
    ]
    deltas = {name: _delta(shape, outputs.get(name)) for name, shape in named}
    found = {name: each for name, each in deltas.items() if each}
    return {"obj": {"ps": found} if found else {}}


def _delta(shape: Shape, value: Any) -> Any:
    if value is None:
        return Secret({"replace": {"raw": None}})
    if isinstance(shape, Dynamic):
        return Secret({"replace": {"raw": {"type": _dynamic_type(value), "value": value}}})
    if isinstance(shape, Object):
        return delta(shape.attributes, value)
    if isinstance(shape, Map):
        return {"map": {"el": {key: _delta(shape.element, item) for key, item in value.items()}}}
    if isinstance(shape, List):
        deltas = {str(index): _delta(shape.element, item) for index, item in enumerate(value)}
        found = {index: each for index, each in deltas.items() if each}
        return {"arr": {"el": found} if found else {}}
    return {}


def _dynamic_type(value: Any) -> Any:
    if isinstance(value, list):
        return ["tuple", [_dynamic_type(item) for item in value]]
    return "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"


def recovered(outputs: Properties) -> Properties:
    """Terraform's state, by Pulumi's names and without what is null. Raises RawStateError where the two do not fit."""
    if DELTA in outputs:
        return dict(_recovered(outputs[DELTA], outputs) or {})
    return {name: value for name, value in outputs.items() if not name.startswith(_RESERVED)}


def _recovered(described: Mapping[str, Any], value: Any) -> Any:
    for case, recover in _CASES.items():
        if case in described:
            return recover(described[case] or {}, value)
    return _natural(value)


def _natural(value: Any) -> Any:
    if isinstance(value, dict):
        raise RawStateError("an object could be a map as well")
    return [_natural(item) for item in value] if isinstance(value, list) else value


def _replaced(described: Mapping[str, Any], _value: Any) -> Any:
    """The value in the delta, whatever the outputs say; of a dynamic one without its type."""
    raw = described.get("raw")
    return raw["value"] if isinstance(raw, dict) and raw.keys() == {"type", "value"} else from_api(raw)


def _plural(described: Mapping[str, Any], value: Any) -> list[Any]:
    return [] if value is None else [_recovered(described.get("i") or {}, value)]


def _map(described: Mapping[str, Any], value: Any) -> Properties:
    if not isinstance(value, dict):
        raise RawStateError("expected PropertyValue to be an Object encoding a map")
    deltas = described.get("el") or {}
    return {key: _recovered(deltas.get(key) or {}, item) for key, item in value.items()}


def _object(described: Mapping[str, Any], value: Any) -> Properties:
    if not isinstance(value, dict):
        raise RawStateError("expected PropertyValue to be an Object encoding a Terraform object")
    deltas, ignored = described.get("ps") or {}, described.get("ignored") or []
    names = [name for name in value if not name.startswith(_RESERVED) and name not in ignored]
    found = {name: _recovered(deltas.get(name) or {}, value.get(name)) for name in dict.fromkeys([*names, *deltas])}
    return {name: item for name, item in found.items() if item is not None}


def _array(described: Mapping[str, Any], value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RawStateError("expected PropertyValue to be an Array")
    deltas = described.get("el") or {}
    for index in deltas:
        if not index.isdecimal() or int(index) >= len(value):
            raise RawStateError(f"Invalid array delta index {index}")
    return [_recovered(deltas.get(str(index)) or {}, item) for index, item in enumerate(value)]


def _number(_described: Mapping[str, Any], value: Any) -> float:
    if not isinstance(value, str):
        raise RawStateError("Expected PropertyValue to be a String")
    return float(value)


def _asset(_described: Mapping[str, Any], _value: Any) -> Any:
    raise RawStateError("Expected PropertyValue to be an Asset or an Archive")


_CASES: Final[Mapping[str, Callable[[Mapping[str, Any], Any], Any]]] = {
    "replace": _replaced,
    "plu": _plural,
    "map": _map,
    "obj": _object,
    "arr": _array,
    "asset": _asset,
    "num": _number,
}
