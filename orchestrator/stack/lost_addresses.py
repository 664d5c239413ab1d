"""No address of a Worker is lost unsaid.

A Worker that leaves the file, or gets another name, takes along the custom domains that lead to it, and the routes of
zones to it lead nowhere. Those that the file said are in Pulumi's plan. Those that somebody made in the account are
in no plan: so the Pulumi program looks for them before it declares anything, `heal` before it edits the state, and
both stop. An account is asked only where a Worker leaves. What cannot be read stops them too; zones and routes that the
token may not read are not looked at.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from orchestrator.cloudflare.account import Account
from orchestrator.desired.derive import Desired
from orchestrator.errors import LostAddressError
from orchestrator.kinds import Kind
from orchestrator.stack.rules import drop_addresses_command
from orchestrator.stack.state import State


@dataclass(frozen=True, order=True, kw_only=True)
class Address:
    """`name`: the host of a custom domain, or the pattern of a route. `worker`: what it leads to."""

    worker: str
    name: str
    is_route: bool

    def __str__(self) -> str:
        return f"the {'route' if self.is_route else 'custom domain'} {self.name} leads to the Worker {self.worker}"


def keep_addresses(
    desired: Desired,
    state: State,
    open_account: Callable[[], AbstractContextManager[Account]],
    *,
    dropped: Sequence[str],
    stack: str,
) -> None:
    """Raise LostAddressError where a Worker goes to which an address leads that nobody declared, and that `dropped`
    does not name: what the configuration lists under `dropAddresses`. Raises CloudflareError."""
    if not (leaving := leaving_workers(desired, state)):
        return
    with open_account() as account:
        domains, (routes, _) = account.custom_domains(), account.routes()
    lost = [
        each
        for each in lost_addresses(desired, state, leaving, domains, [route for _, route in routes])
        if each.name not in dropped
    ]
    if lost:
        raise LostAddressError(
            f"nothing was changed: with a Worker that leaves, addresses would go that the file does not say: "
            f"{'; '.join(map(str, lost))}",
            "\n  ".join(_ways(lost, dropped, stack)),
        )


def leaving_workers(desired: Desired, state: State) -> frozenset[str]:
    """The names in the account of the Workers that the next update deletes."""
    known = {Kind.WORKER.name_in(each.inputs or each.outputs) for each in state.of_kind(Kind.WORKER).values()}
    return frozenset(known - {worker.name for worker in desired.workers} - {""})


def lost_addresses(
    desired: Desired,
    state: State,
    leaving: Collection[str],
    domains: Sequence[Mapping[str, Any]],
    routes: Sequence[Mapping[str, Any]],
) -> tuple[Address, ...]:
    """What leads to `leaving` and is neither declared nor the stack's; `domains`, `routes`: as the API lists them."""
    declared = {host for worker in desired.workers for host in worker.domains}
    ours = {*declared, *state.of_kind(Kind.CUSTOM_DOMAIN)}
    found = [
        *(
            Address(worker=each["service"], name=each["hostname"], is_route=False)
            for each in domains
            if each["hostname"] not in ours
        ),
        *(Address(worker=str(each.get("script") or ""), name=each["pattern"], is_route=True) for each in routes),
    ]
    return tuple(sorted(each for each in found if each.worker in leaving))


def _ways(lost: Sequence[Address], dropped: Sequence[str], stack: str) -> list[str]:
    hosts = ", ".join(each.name for each in lost if not each.is_route)
    return [
        *([f"to keep it: `domains: [{hosts}]` at a Worker that stays, in the file"] if hosts else []),
        f"to let it go: {drop_addresses_command([each.name for each in lost], dropped, stack)}",
    ]
