"""One KV namespace, R2 bucket, D1 database or queue of an account, by its name, and which Workers are bound to it.

Touches the network, by the Account that it is given, and changes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast

from orchestrator.cloudflare.account import JURISDICTIONS, Account
from orchestrator.data.parallel import in_parallel
from orchestrator.data.queues import all_queues
from orchestrator.errors import CloudflareError, UserError
from orchestrator.kinds import Kind, kind_of_short
from orchestrator.named_store import KINDS, Store, StoredQueue, StoreKind, which
from orchestrator.nearest import nearest_names

__all__ = [
    "KINDS",
    "Progress",
    "Store",
    "StoreKind",
    "arguments",
    "bound_workers",
    "everything",
    "find",
    "find_all",
    "find_or_queue",
    "worker_bindings",
]

Progress = Callable[[str], None]
"""Takes a short text about how far long work is; each replaces the one before."""

_Held = TypeVar("_Held", bound=Store | StoredQueue)


def arguments(parser: argparse.ArgumentParser, kinds: Sequence[str] = KINDS) -> None:
    """What tells one thing from another of the same name, for the commands that name one."""
    parser.add_argument("--kind", choices=kinds, help="where several things have the name")
    parser.add_argument("--jurisdiction", choices=JURISDICTIONS, help="where buckets of several have the name")


def find(account: Account, name: str, kind: StoreKind | None = None, jurisdiction: str | None = None) -> Store:
    """The one thing of that name. Raises UserError where there is none, or more than one."""
    if jurisdiction:
        kind = kind or "r2"  # nothing else has one
    stores = find_all(account, kind) if kind else everything(account)
    what = kind_of_short(kind).word if kind else "KV namespace, R2 bucket or D1 database"
    return _the_one(stores, name, jurisdiction, what)


def find_or_queue(
    account: Account, name: str, kind: StoreKind | Literal["queue"] | None = None, jurisdiction: str | None = None
) -> Store | StoredQueue:
    """As `find`, among the queues too."""
    if jurisdiction or kind in KINDS:
        return find(account, name, cast("StoreKind | None", kind), jurisdiction)
    queues = all_queues(account)
    if kind == "queue":
        return _the_one(queues, name, None, Kind.QUEUE.word)
    both: list[Store | StoredQueue] = [*everything(account), *queues]
    return _the_one(both, name, None, "KV namespace, R2 bucket, D1 database or queue")


def _the_one(stores: Sequence[_Held], name: str, jurisdiction: str | None, what: str) -> _Held:
    found = [each for each in stores if each.name == name and (jurisdiction or each.jurisdiction) == each.jurisdiction]
    if len(found) == 1:
        return found[0]
    if found:
        kinds = ", ".join(f"{each.title} ({each.jurisdiction})" if each.kind == "r2" else each.title for each in found)
        ways = " or ".join(which(each) for each in found)
        raise UserError(f"there are several things named {name}: {kinds}", f"say which: {ways}")
    near = nearest_names(name, sorted({store.name for store in stores}))
    raise UserError(
        f"the account has no {what} named {name}",
        f"the nearest names: {', '.join(near)}" if near else "`python -m orchestrator show` prints the declared names",
    )


def everything(account: Account) -> list[Store]:
    """All that holds data in the account."""
    return [store for kind in KINDS for store in find_all(account, kind)]


def bound_workers(account: Account, store: Store, progress: Progress) -> tuple[str, ...]:
    """The Workers of the whole account that are bound to `store`, declared or not: one call for each Worker."""
    workers = worker_bindings(account, progress)
    return tuple(name for name, found in workers.items() if any(store.is_bound_by(binding) for binding in found))


def worker_bindings(account: Account, progress: Progress = lambda _: None) -> dict[str, list[Mapping[str, Any]]]:
    """What each Worker of the account is bound to, by its name: one call for each."""
    names = sorted(account.names(Kind.WORKER))
    found = {}

    def bindings(name: str) -> list[Mapping[str, Any]]:
        try:
            return account.worker_bindings(name)
        except CloudflareError as error:
            if error.status == 404:  # removed since the list was read
                return []
            raise

    for number, (name, bound) in enumerate(zip(names, in_parallel(bindings, names, progress), strict=True), 1):
        progress(f"looking at the bindings of Worker {number} of {len(names)}")
        found[name] = bound
    return found


def find_all(account: Account, kind: StoreKind) -> list[Store]:
    """All of a kind, buckets of every jurisdiction."""
    if kind != "r2":
        return [Store(kind=kind, name=name, id=id) for name, id in account.names(kind_of_short(kind)).items()]
    return [
        Store(kind=kind, name=each["name"], id=each["name"], jurisdiction=each["jurisdiction"])
        for each in sorted(account.buckets_everywhere(), key=lambda each: str(each["name"]))
    ]
