"""What a kind of drift is: what somebody does to the account behind Pulumi's back, and what of it must be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.drift_stack import KEEPER
from tests.support.outside import Outside

Found = tuple[str, str, str, tuple[str, ...]]
"""Change, kind, name, and the paths of the differences."""


@dataclass(frozen=True, kw_only=True)
class DriftKind:
    """`does` changes the account. `lost`: names of what has lost its data. `full`: only a full check looks there."""

    name: str
    does: Callable[[Outside], object]
    finds: tuple[Found, ...]
    lost: tuple[str, ...] = ()
    full: bool = False


def keeper_finds(*paths: str) -> tuple[Found, ...]:
    """These differences of the Worker KEEPER."""
    return (("changed", "worker", KEEPER, paths),)
