"""No Worker is bound to an empty store while the one that it has is full and in the account, unless told by name.

The Pulumi program asks before it declares anything, `drift`, `heal` and `adopt` before they compare (`keep_stores`). An
account is asked only where the file or the configuration names another store than the stack's state has. What somebody
has bound a Worker to behind Pulumi's back is looked at where that Worker would be uploaded (`keep_bound_stores`): `up`
by a hook, `heal` and `adopt` before they change anything. What cannot be read stops it too.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from http import HTTPStatus

from orchestrator.cloudflare.account import Account
from orchestrator.data.filled import is_filled
from orchestrator.data.store import everything, find_all
from orchestrator.desired.derive import Desired
from orchestrator.desired.ownership import Bindings
from orchestrator.errors import CloudflareError, EmptyStoreError
from orchestrator.kinds import Kind, kind_of_short
from orchestrator.named_store import NOT_FOUND, STORE_BINDINGS, Store, which
from orchestrator.stack.moved import Move, moves, moves_of_live
from orchestrator.stack.rules import prefix_command, start_empty_command
from orchestrator.stack.state import State


def keep_stores(
    desired: Desired,
    state: State,
    open_account: Callable[[], AbstractContextManager[Account]],
    *,
    start_empty: Sequence[str],
    stack: str,
) -> None:
    """Raise EmptyStoreError where a full store would give way to an empty one that `start_empty` does not name.

    `start_empty`: what the configuration lists under `startEmpty`, names in the account.
    """
    _keep_jurisdictions(desired, state, open_account)
    found = [move for move in moves(desired, state) if move.new.name not in start_empty]
    if not found:
        return
    try:
        with open_account() as account:
            lost = _lost(account, found)
    except CloudflareError as error:
        names = ", ".join(sorted({move.old.title for move in found}))
        raise EmptyStoreError(
            f"nothing was changed: it is not known whether {names}, which would give way to others, are empty: "
            f"{error.message}",
            error.hint or "run it again when the account can be read",
        ) from None
    if lost:
        raise EmptyStoreError(_message(lost), "\n  ".join(_ways(lost, desired, start_empty, stack)))


def _keep_jurisdictions(
    desired: Desired, state: State, open_account: Callable[[], AbstractContextManager[Account]]
) -> None:
    """Raise EmptyStoreError where a database is to be in another jurisdiction than it was made in: that is for ever,
    and another one of its name cannot be made. Of one that was taken over the account is asked."""
    known = state.of_kind(Kind.D1_DATABASE)
    for database in desired.d1_databases:
        made = known.get(database.key)
        if made is None or made.outputs.get("name") != database.name:
            continue
        there = str(made.outputs.get("jurisdiction") or "default")
        if there == "default" != database.jurisdiction:
            there = _ask_jurisdiction(open_account, made.id) or database.jurisdiction
        if there != database.jurisdiction:
            raise EmptyStoreError(
                f"nothing was changed: the D1 database {database.name} was made in the jurisdiction {there}, and the "
                f"file says {database.jurisdiction}: Cloudflare cannot change that",
                f"`{{name: {database.key}, jurisdiction: {there}}}` in the file keeps it; under another name a new "
                "one can be made",
            )


def _ask_jurisdiction(open_account: Callable[[], AbstractContextManager[Account]], id: str) -> str | None:
    """That of a database in the account; None where it is gone, which is another check's business."""
    with open_account() as account:
        try:
            return str(account.database(id).get("jurisdiction") or "default")
        except CloudflareError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise


def keep_bound_stores(
    desired: Desired,
    state: State,
    account: Account,
    live: Mapping[str, Bindings],
    *,
    start_empty: Sequence[str],
    stack: str,
) -> None:
    """Raise EmptyStoreError where a Worker is bound in the account to a full store, and would be to an empty one.

    `live`: the bindings of the Workers that would be uploaded, by name, as the API lists them. Raises CloudflareError
    where the account cannot be read.
    """
    if not any(binding.get("type") in STORE_BINDINGS for bindings in live.values() for binding in bindings):
        return
    found = moves_of_live(desired, state, everything(account), live)
    if lost := _lost(account, [move for move in found if move.new.name not in start_empty]):
        raise EmptyStoreError(_message(lost, "stopped"), "\n  ".join(_ways_of_live(lost, start_empty, stack)))


def read_bindings(account: Account, workers: Iterable[str]) -> dict[str, Bindings]:
    """The bindings of those Workers that are there, by name. Raises CloudflareError."""
    found: dict[str, Bindings] = {}
    for worker in workers:
        try:
            found[worker] = account.worker_bindings(worker)
        except CloudflareError as error:
            if error.status != NOT_FOUND:
                raise
    return found


def _lost(account: Account, found: Sequence[Move]) -> list[Move]:
    """Those of which the old store holds something, and the new one nothing."""
    filled: dict[Store, bool] = {}

    def holds(store: Store) -> bool:
        if store not in filled:
            filled[store] = is_filled(account, store)
        return filled[store]

    full = [move for move in found if holds(move.old)]
    return [move for move in full if not any(holds(each) for each in _there(account, move.new))]


def _there(account: Account, new: Store) -> list[Store]:
    """The new store, where there is one of that name."""
    if new.id and new.kind != "r2":
        return [new]
    named = [each for each in find_all(account, new.kind) if each.name == new.name]
    return [each for each in named if each.jurisdiction == new.jurisdiction]


def _message(lost: Collection[Move], outcome: str = "nothing was changed") -> str:
    lines = [f"{outcome}: Workers would see an empty store in place of their full one:"]
    for move in lost:
        seen = f", for {', '.join(move.workers)}" if move.workers else ""
        lines.append(f"  {_told(move.old, move.new)} is full; {_told(move.new, move.old)} would be empty{seen}")
    return "\n".join(lines)


def _told(store: Store, other: Store) -> str:
    where = f" ({store.jurisdiction})" if store.jurisdiction != other.jurisdiction else ""
    return f"{store.title}{where}"


def _ways(lost: Sequence[Move], desired: Desired, start_empty: Sequence[str], stack: str) -> list[str]:
    """What leads on: the edit taken back, a beginning without the data, or the data taken along."""
    names = sorted({move.new.name for move in lost})
    return [
        *(f"to keep what is there: {way}" for way in sorted({_taken_back(move, desired, stack) for move in lost})),
        f"to begin with empty ones: {start_empty_command(names, start_empty, stack)}",
        *(f"to take the data along, save it before that: {_saved(move, stack)}" for move in lost),
    ]


def _ways_of_live(lost: Sequence[Move], start_empty: Sequence[str], stack: str) -> list[str]:
    """Somebody bound the Worker to another store: the data is taken along, or the Worker begins without it."""
    names = sorted({move.new.name for move in lost})
    return [
        f"to go on with what is declared, empty as it is: {start_empty_command(names, start_empty, stack)}",
        *(f"to take the data along: {_saved(move, stack, then='then')}" for move in lost),
    ]


def _taken_back(move: Move, desired: Desired, stack: str) -> str:
    old, new = move.keys
    if old != new and move.old.kind == "d1" and new == desired.records.key:
        return f"`database: {old}` below `orchestrator:` in the file"
    if old != new:
        return f"the {kind_of_short(move.old.kind).word} `{old}` in place of `{new}` in the file"
    if move.old.name != move.new.name:
        return f"pulumi config {prefix_command(move.old.name.removesuffix(old))} -s {stack}"
    return f"`{{name: {old}, jurisdiction: {move.old.jurisdiction}}}` in the file"


def _saved(move: Move, stack: str, *, then: str = "then, after the next `pulumi up`") -> str:
    old, new = shlex.quote(move.old.name), shlex.quote(move.new.name)
    folder = shlex.quote(f"backups/{move.old.name.replace('/', '_')}")
    return (
        f"python -m orchestrator backup {old} {folder} {which(move.old)} -s {stack}; {then}: "
        f"python -m orchestrator restore {folder} --into {new} {which(move.new)} -s {stack}"
    )
