"""Hooks before each creation, and each change of a Worker: what is not the stack's is not taken, nor overwritten.

Pulumi runs a hook only where it has decided to create or change, in a preview as in an update, so an update that does
neither pays nothing. One that creates pays the lists of a kind that were not read before, and one call more for a
Worker whose name is taken; one that changes Workers pays one list of them, and a call for each. What the upload of a
changed Worker takes away, since it was set outside the file, is named in a warning. See
docs/decisions/0017-nothing-taken-silently.md and 0026-empty-stores-and-marks.md.

Touches the network, by the stack's account.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, cast

import pulumi

from orchestrator.cloudflare.account import Account
from orchestrator.data.filled import is_filled
from orchestrator.data.store import find_all, worker_bindings
from orchestrator.desired.derive import Desired
from orchestrator.desired.ownership import (
    ALLOW,
    Bindings,
    Owner,
    mark_of,
    other_owner,
    refusal,
    refusal_of_domain,
    refusal_of_namesake,
    refusal_of_others,
    together,
)
from orchestrator.drift.overwritten import message
from orchestrator.errors import CloudflareError, ExistingError, SettingsError
from orchestrator.kinds import Kind, kind_of_type
from orchestrator.named_store import NOT_FOUND, Store, StoreKind
from orchestrator.stack.lacking import lacking
from orchestrator.stack.rules import start_empty_command
from orchestrator.stack.state import State

OpenAccount = Callable[[], AbstractContextManager[Account]]
Overwritten = Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]]

_SAME_MOMENT_S = 1.0  # the API may write a time in more than one precision


class Guard:
    """Stops what would take or overwrite something in the account that is not the stack's."""

    def __init__(
        self,
        stack: str,
        open_account: OpenAccount,
        workers: frozenset[str] | None,
        *,
        mark: str,
        start_empty: Sequence[str] = (),
        keep_bound: Callable[[Account, Mapping[str, Bindings]], None] = lambda *_: None,
    ) -> None:
        """`workers`: the names of the account's, if known; `mark`: the platform's; `start_empty`: buckets that may be
        made beside a full one of another jurisdiction; `keep_bound`: as `keep_bound_stores`, of these bindings."""
        self._stack = stack
        self._open_account = open_account
        self._workers = workers
        self._mark = mark
        self._start_empty = start_empty
        self._keep_bound = keep_bound
        self._stores: dict[Kind, list[Store]] = {}
        self._bindings: Mapping[str, Bindings] | None = None
        self._deployed: dict[str, str] | None = None
        self._overwritten: dict[str, Overwritten] = {}
        self._domains: dict[str, str] | None = None
        self._zones: list[str] = []
        options = pulumi.ResourceHookOptions(on_dry_run=True)
        # Their names begin the errors.
        create = pulumi.ResourceHook("not in the account yet", self._before_create, options)
        change = pulumi.ResourceHook("not another platform's", self._before_change, options)
        self._of_creation = pulumi.ResourceHookBinding(before_create=[create])
        self._of_worker = pulumi.ResourceHookBinding(before_create=[create], before_update=[change])

    @property
    def of_data(self) -> pulumi.ResourceHookBinding:
        """The hooks of each namespace, bucket and database."""
        return self._of_creation

    @property
    def of_domain(self) -> pulumi.ResourceHookBinding:
        """The hooks of each custom domain."""
        return self._of_creation

    def of_worker(self, name: str, overwritten: Overwritten) -> pulumi.ResourceHookBinding | None:
        """The hooks of the script that is `name` in the account; none where that name is known to be free: at each of
        a hundred new Workers they would nearly double the time of a preview. `overwritten`: of the account's settings
        of it and the inputs of its last upload, says what the next one takes away.
        """
        self._overwritten[name] = overwritten
        return self._of_worker if self._workers is None or name in self._workers else None

    def check_new(self, desired: Desired, state: State) -> None:
        """Raise ExistingError, of all of them, where what `desired` has and `state` has not is in the account already:
        before anything is declared, since Pulumi begins with others while it asks for one. An account that does not
        answer stops an update; in a preview the hooks say so, of each."""
        if _is_allowed():
            return
        refused = []
        try:
            for kind, name, inputs in lacking(desired, state):
                try:
                    self._check_creation(kind, name, inputs)
                except ExistingError as error:
                    refused.append(error)
        except CloudflareError:
            if not pulumi.runtime.is_dry_run():
                raise
        if refused:
            raise together(refused)

    def _before_create(self, creation: pulumi.ResourceHookArgs) -> None:
        if _is_allowed():
            return
        kind, inputs = _kind(creation), creation.new_inputs or {}
        _asking(
            lambda: self._check_creation(kind, kind.name_in(inputs), inputs),
            f"{creation.name}: not known whether it exists already",
        )

    def _check_creation(self, kind: Kind, name: str, inputs: Mapping[str, Any]) -> None:
        """`inputs`: as Pulumi has them, as far as they decide."""
        match kind:
            case Kind.WORKER:
                self._check_worker(name)
            case Kind.CUSTOM_DOMAIN:
                self._check_domain(name, str(inputs.get("service") or ""))
            case Kind.QUEUE:
                self._check_queue(name)
            case _:
                self._check_data(kind, name, str(inputs.get("jurisdiction") or "default"))

    def _before_change(self, change: pulumi.ResourceHookArgs) -> None:
        known = str((change.old_outputs or {}).get("modifiedOn") or "")
        name = _kind(change).name_in(change.new_inputs or {})
        _asking(
            lambda: self._check_change(name, known, change.old_inputs or {}),
            f"{change.name}: not known whose it is now, nor what the upload takes away",
        )

    def _check_worker(self, name: str) -> None:
        """Raise ExistingError where the Worker is there and does not carry our mark."""
        if self._workers is not None and name not in self._workers:
            return
        if (told := self._read_settings(name)) is not None:
            self._check_bound(name, told, is_known=False)

    def _check_domain(self, host: str, worker: str) -> None:
        """Raise ExistingError where the host leads to a Worker that is not ours, SettingsError where the token sees the
        account's zones and it is of none of them. One that leads to `worker` is put again, and stays as it is."""
        if self._domains is None:
            with self._open_account() as account:
                self._domains = {each["hostname"]: str(each["service"]) for each in account.custom_domains()}
                self._zones = [each["name"] for each in account.zones()]
        there = self._domains.get(host, worker)
        if (
            there != worker
            and (mark := mark_of((self._read_settings(there) or {}).get("bindings") or ())) != self._mark
        ):
            if mark:
                raise refusal_of_others(Kind.CUSTOM_DOMAIN, host, Owner(there, mark), self._stack)
            raise refusal_of_domain(host, there, self._stack)
        if self._zones and not any(host == zone or host.endswith(f".{zone}") for zone in self._zones):
            raise SettingsError(
                f"the custom domain {host} is of no zone of the account, which has {', '.join(sorted(self._zones))}",
                f"add its zone in the dashboard, or: pulumi config set customDomains false -s {self._stack}",
            )

    def _check_queue(self, name: str) -> None:
        """Raise ExistingError where it is there."""
        with self._open_account() as account:
            taken = name in account.names(Kind.QUEUE)
        if taken:
            raise refusal(Kind.QUEUE, name, self._stack)

    def _check_data(self, kind: Kind, name: str, jurisdiction: str) -> None:
        """Raise ExistingError where it is there, or a full bucket of its name is in another jurisdiction."""
        if kind not in self._stores:
            with self._open_account() as account:
                self._stores[kind] = find_all(account, cast("StoreKind", kind.short))
        named = [store for store in self._stores[kind] if store.name == name]
        if same := next((store for store in named if store.jurisdiction == jurisdiction), None):
            if owner := other_owner(self._all_bindings(), same, self._mark):
                raise refusal_of_others(kind, name, owner, self._stack)
            raise refusal(kind, name, self._stack)
        if name in self._start_empty:
            return
        for store in named:
            with self._open_account() as account:
                if is_filled(account, store):
                    command = start_empty_command([name], self._start_empty, self._stack)
                    raise refusal_of_namesake(store, self._stack, command)

    def _check_change(self, name: str, known: str, before: Mapping[str, Any]) -> None:
        """Name what the upload takes away; `before`: the inputs of the last one. Where somebody has deployed since
        `known`, raise ExistingError if it was another platform, and EmptyStoreError if the Worker was bound to a full
        store and would be to an empty one."""
        if self._deployed is None:
            with self._open_account() as account:
                listed = account.scripts()
            self._deployed = {each: str(told.get("modified_on") or "") for each, told in listed.items()}
        if name not in self._deployed or (told := self._read_settings(name)) is None:
            return
        is_ours = _same_moment(self._deployed[name], known)
        if not is_ours:
            self._check_bound(name, told, is_known=True)
            with self._open_account() as account:
                told["versions"] = account.deployed_versions(name)
        # Where nobody has deployed since, each binding is the stack's own: what the file drops was never set outside.
        if lost := self._overwritten[name]({**told, "bindings": []} if is_ours else told, before):
            pulumi.log.warn(message(name, lost, self._stack))

    def _check_bound(self, name: str, told: Mapping[str, Any], *, is_known: bool) -> None:
        """What a Worker is bound to, by which its owner is told too; `told`: its settings; `is_known`: to the state."""
        bindings = told.get("bindings") or ()
        mark = mark_of(bindings)
        if mark and mark != self._mark:
            raise refusal_of_others(Kind.WORKER, name, Owner(name, mark), self._stack)
        if mark is None and not is_known:
            raise refusal(Kind.WORKER, name, self._stack)
        with self._open_account() as account:
            self._keep_bound(account, {name: bindings})

    def _read_settings(self, worker: str) -> dict[str, Any] | None:
        with self._open_account() as account:
            try:
                return account.worker_settings(worker)
            except CloudflareError as error:
                if error.status == NOT_FOUND:
                    return None
                raise

    def _all_bindings(self) -> Mapping[str, Bindings]:
        if self._bindings is None:
            with self._open_account() as account:
                self._bindings = worker_bindings(account)
        return self._bindings


def _is_allowed() -> bool:
    return pulumi.runtime.is_dry_run() and bool(os.environ.get(ALLOW))


def _kind(args: pulumi.ResourceHookArgs) -> Kind:
    kind = kind_of_type(args.type)
    if kind is None:
        raise AssertionError(f"{args.type} is in no row of orchestrator.kinds")
    return kind


def _asking(check: Callable[[], None], unknown: str) -> None:
    """An account that does not answer stops an update; a preview continues, and says so."""
    try:
        check()
    except CloudflareError as unread:
        if not pulumi.runtime.is_dry_run():
            raise
        pulumi.log.warn(f"{unknown} ({unread.message})")


def _same_moment(one: str, other: str) -> bool:
    try:
        seconds = (datetime.fromisoformat(one) - datetime.fromisoformat(other)).total_seconds()
    except (ValueError, TypeError):  # one of them is not known
        return False
    return abs(seconds) < _SAME_MOMENT_S
