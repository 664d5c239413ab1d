"""Pulumi's values on the wire, and Cloudflare's, as plain Python values. Pure.

Pulumi sends a protobuf Struct in which a value that is not known yet (in a preview) is a fixed text; here it is
UNKNOWN. Secrets do not arrive: the provider says that it accepts none, so Pulumi takes the marks off before a call and
puts them back on the answer. What the schema itself calls secret is marked by `to_struct`, as the official provider has
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from google.protobuf import struct_pb2

Properties = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A value that is to reach Pulumi as a secret."""

    value: Any


class _Unknown(Enum):
    UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


UNKNOWN: Final = _Unknown.UNKNOWN
_SECRET: Final = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a message; what is null is left out."""
    return {
        name: _from_value(value) for name, value in struct.fields.items() if value.WhichOneof("kind") != "null_value"
    }


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN.value else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def to_struct(properties: Properties, secret_keys: Collection[str] = ()) -> struct_pb2.Struct:
    """The message for `properties`; values under a key of `secret_keys`, at any depth, are marked as secrets."""
    struct = struct_pb2.Struct()
    struct.update(_to_wire(properties, frozenset(secret_keys)))
    return struct


def _to_wire(value: Any, secret_keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: {**_SECRET, "value": _to_wire(item, secret_keys)}
            if key in secret_keys and not isinstance(item, Secret)
            else _to_wire(item, secret_keys)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_to_wire(item, secret_keys) for item in value]
    if isinstance(value, Secret):
        return {**_SECRET, "value": _to_wire(value.value, secret_keys)}
    return value.value if value is UNKNOWN else value


def to_api(value: Any) -> Any:
    """A value with Cloudflare's names: `namespaceId` becomes `namespace_id`, at every depth."""
    return _rename(value, lambda name: re.sub(r"(?<=[a-z0-9])[A-Z]", lambda match: "_" + match[0].lower(), name))


def from_api(value: Any) -> Any:
    """A value with Pulumi's names: `namespace_id` becomes `namespaceId`, at every depth; nulls are left out."""
    return _rename(value, lambda name: re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name))


def _rename(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {rename(key): _rename(item, rename) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_rename(item, rename) for item in value]
    return value


def rfc3339(time: str) -> str:
    """A time as the official provider keeps most of them: without the fraction of a second, UTC as `Z`."""
    return re.sub(r"\+00:00$", "Z", re.sub(r"\.\d+", "", time))
