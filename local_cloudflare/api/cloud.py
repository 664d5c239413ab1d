"""What one account on this machine is made of: its store, the runtime with the Workers and their data, and the clock.

Models take it whole; they know nothing of HTTP. `AccountSettings` are the facts about the account that tests and people
switch through `/_local/account`, since on the real service they are chosen in the dashboard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from local_cloudflare.api.queues.messages import Messages
from local_cloudflare.api.store import Store
from local_cloudflare.runtime.bridge import Runtime

Clock = Callable[[], datetime]
Plan = Literal["free", "paid"]

_SETTINGS = ("setting", "account")


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """`workers_dev_subdomain` is None and `r2_enabled` false in an account fresh from the sign-up.

    `rate_limit`: how many calls a token may make in five minutes; None for any number. `zones`: their names.
    """

    plan: Plan = "free"
    workers_dev_subdomain: str | None = "local"
    r2_enabled: bool = True
    rate_limit: int | None = None
    zones: tuple[str, ...] = ("example.com",)


@dataclass(frozen=True, kw_only=True)
class Cloud:
    account_id: str
    data: Path
    store: Store
    messages: Messages
    runtime: Runtime
    clock: Clock = lambda: datetime.now(UTC)

    def now(self) -> str:
        """The time as the API writes it."""
        return timestamp(self.clock())

    @property
    def settings(self) -> AccountSettings:
        known = self.store.get(*_SETTINGS) or {}
        return AccountSettings(**{**known, "zones": tuple(known.get("zones", ("example.com",)))})

    def change_settings(self, settings: AccountSettings) -> None:
        self.store.put(*_SETTINGS, asdict(settings))


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as most of the API's services write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
