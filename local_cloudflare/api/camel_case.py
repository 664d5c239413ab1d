"""Keys of our own JSON are camelCase, fields of our dataclasses snake_case. What is Cloudflare's stays as it has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def to_json(values: DataclassInstance) -> dict[str, Any]:
    """`exit_code` becomes `exitCode`; values stay."""
    return {re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), key): value for key, value in asdict(values).items()}


def to_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """`exitCode` becomes `exit_code`. A key in snake_case becomes one that no field has, so that it is refused."""
    return {re.sub(r"_|[A-Z]", lambda found: f"_{found[0].lower()}", key): value for key, value in document.items()}
