"""The plan's limits, checked before anything is declared: in the preview what is near its limit, all of them with
`pulumi preview --debug`; warnings, and an error.

The account is read for what else is in it, so that what it has lost is seen here, too. Where it does not answer the
check works with what is declared, and says so: a preview works offline too. Where it refuses the token, the permission
that is missing is named: as a warning of a preview, as an error of an update, which would stop half-way otherwise.
`doctor` looks at all permissions.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi

from orchestrator.bundle.modules import Module, module_sizes
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.inventory import take_inventory
from orchestrator.desired.derive import Desired
from orchestrator.errors import CloudflareError, LimitError
from orchestrator.infra.settings import StackSettings
from orchestrator.limits import Inventory, Use, usage
from orchestrator.limits.plans import CRONS
from orchestrator.limits.report import COLUMNS, refusal, rows, warnings
from orchestrator.names import LOCAL
from orchestrator.stack.lacking import gone
from orchestrator.stack.state import State
from orchestrator.terminal import Terminal


def read_inventory(account: Account, desired: Desired) -> Inventory | CloudflareError:
    """What is in the account, or why that is not known. Raises CloudflareError where an update's token is refused."""
    try:
        return take_inventory(account, desired)
    except CloudflareError as unread:
        if _is_refusal(unread):
            _tell_refusal(unread)
        return unread


def check_limits(
    desired: Desired,
    modules: Mapping[str, Module],
    settings: StackSettings,
    *,
    inventory: Inventory | CloudflareError,
    root: Path,
) -> None:
    """Compare `desired` with the stack's plan. Raises LimitError where Cloudflare would not take it."""
    sizes = module_sizes(modules, root=root)
    known = inventory if isinstance(inventory, Inventory) else None
    uses = usage(desired, plan=settings.plan, module_sizes=sizes, account=known)
    if pulumi.runtime.is_dry_run():
        note = "account: read; what nobody declared is counted too"
        if isinstance(inventory, CloudflareError):
            note = f"account: not read, so only what is declared is counted ({inventory.message})"
        close = [use for use in uses if use.state in ("near", "over")]
        heading = f"Cloudflare's {settings.plan} plan"
        pulumi.log.debug(f"{heading}\n{_table(uses)}  {note}")
        if close:
            pulumi.log.info(f"{heading}, what is near its limit\n{_table(close)}  {note}")
        else:
            pulumi.log.info(
                f"{heading}: nothing is near its limit (all: --debug, or `python -m orchestrator limits`)\n  {note}"
            )
    if near := warnings(uses):
        pulumi.log.warn("\n".join(near))
    if error := refusal(uses, paid_command=f"pulumi config set plan paid -s {settings.stack}"):
        # Cloudflare on this machine counts cron triggers as the real one does, and takes any number of the rest.
        if settings.stack == LOCAL and not any(use.is_refused for use in uses if use.limit is CRONS):
            pulumi.log.warn(error.message)
        else:
            raise LimitError(f"nothing was changed: {error.message}", error.hint)


def tell_gone(desired: Desired, state: State, settings: StackSettings, inventory: Inventory | CloudflareError) -> None:
    """Warn of what the account has lost: to Pulumi, which compares with its state, it is "unchanged"."""
    if isinstance(inventory, Inventory) and (names := gone(desired, state, inventory)):
        pulumi.log.warn(
            f"in the state and no longer in the account: {', '.join(names)}. An update leaves that as it is; "
            f"`python -m orchestrator heal -s {settings.stack}` repairs it, and says what was lost"
        )


def _table(uses: Sequence[Use]) -> str:
    table = io.StringIO()
    Terminal(table, table, {}).table(COLUMNS, rows(uses))
    return table.getvalue()


def _is_refusal(error: CloudflareError) -> bool:
    """Whether Cloudflare does not take the token for what was read, as opposed to not answering, or too many calls."""
    return error.status in (401, 403)


def _tell_refusal(error: CloudflareError) -> None:
    if not pulumi.runtime.is_dry_run():
        raise CloudflareError(f"nothing was changed: {error.message}", error.hint, status=error.status)
    pulumi.log.warn(f"an update would fail: {error}")
