"""Which settings a queue and a consumer have, with what defaults, and within what ranges. Pure.

The ranges are the limits that Cloudflare documents for Queues, and wrangler's own checks. Seconds, but for what ends
with `_ms`. A message is kept for a day on the free plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloudflare.api.cloud import Plan
from local_cloudflare.api.errors import ApiError
from local_cloudflare.api.queues import errors


@dataclass(frozen=True, kw_only=True)
class Range:
    """A whole number; `default` None may also be given."""

    default: int | None
    least: int
    most: int

    def holds(self, value: Any) -> bool:
        if value is None:
            return self.default is None
        return isinstance(value, int | float) and not isinstance(value, bool) and self.least <= value <= self.most

    def __str__(self) -> str:
        return f"a number from {self.least} to {self.most}"


class Flag:
    """True or false."""

    default = False

    def holds(self, value: Any) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "true or false"


_DAY_S = 86_400
TWELVE_HOURS_S = 43_200
_DELAY = Range(default=0, least=0, most=TWELVE_HOURS_S)
_RETENTION: Final[Mapping[Plan, Range]] = {
    "free": Range(default=_DAY_S, least=60, most=_DAY_S),
    "paid": Range(default=4 * _DAY_S, least=60, most=14 * _DAY_S),
}
_CONSUMER: Final[Mapping[str, Mapping[str, Range]]] = {
    "worker": {
        "batch_size": Range(default=10, least=1, most=100),
        "max_retries": Range(default=3, least=0, most=100),
        "max_wait_time_ms": Range(default=5_000, least=0, most=60_000),
        "retry_delay": _DELAY,
        "max_concurrency": Range(default=None, least=1, most=250),
    },
    "http_pull": {
        "batch_size": Range(default=5, least=1, most=100),
        "max_retries": Range(default=3, least=0, most=100),
        "visibility_timeout_ms": Range(default=30_000, least=0, most=1_000 * TWELVE_HOURS_S),
        "retry_delay": _DELAY,
    },
}
CONSUMER_TYPES: Final = tuple(_CONSUMER)


def queue_settings(given: Any, plan: Plan, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A queue's settings: what is given, else what it had `before`, else the defaults. Raises ApiError."""
    known: dict[str, Range | Flag] = {
        "delivery_delay": _DELAY,
        "delivery_paused": Flag(),
        "message_retention_period": _RETENTION[plan],
    }
    return {**_complete(given or {}, known, errors.invalid_queue), **(before or {}), **(given or {})}


def consumer_settings(given: Any, type: str) -> dict[str, Any]:
    """A consumer's settings: what is given, else the defaults. Raises ApiError."""
    return _complete(given or {}, _CONSUMER[type], errors.invalid_consumer)


def _complete(given: Any, known: Mapping[str, Range | Flag], invalid: Callable[[str], ApiError]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("settings must be an object")
    for name, value in given.items():
        if name not in known:
            raise invalid(f"there is no setting {name}")
        if not known[name].holds(value):
            raise invalid(f"{name} must be {known[name]}")
    return {**{name: each.default for name, each in known.items()}, **given}
