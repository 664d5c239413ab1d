"""A hook before each creation: what has the name already is not taken, nor overwritten.

Pulumi runs the hook only where it has decided to create, in a preview as in an update, so an update that creates
nothing pays nothing; one that does pays a list call for each kind that was not read before, and one more for a Worker
whose name is taken. See docs/decisions/0017-nothing-taken-silently.md.

Touches the network, by the stack's account.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pulumi

from orchestrator.cloudflare.account import Account
from orchestrator.desired.ownership import ALLOW, is_ours, refusal
from orchestrator.errors import CloudflareError
from orchestrator.kinds import Kind, kind_of_type

OpenAccount = Callable[[], AbstractContextManager[Account]]

_WORKERS = (Kind.WORKER, "default")  # kind and jurisdiction


class Guard:
    """Stops the creation of what the account of `stack` has already; `workers`: the names of its Workers, if known."""

    def __init__(self, stack: str, open_account: OpenAccount, workers: frozenset[str] | None) -> None:
        self._stack = stack
        self._open_account = open_account
        self._names = {} if workers is None else {_WORKERS: workers}
        options = pulumi.ResourceHookOptions(on_dry_run=True)
        hook = pulumi.ResourceHook("not in the account yet", self._before_create, options)  # its name begins the error
        self._hooks = pulumi.ResourceHookBinding(before_create=[hook])

    @property
    def of_data(self) -> pulumi.ResourceHookBinding:
        """The hooks of each namespace, bucket and database."""
        return self._hooks

    def of_worker(self, name: str) -> pulumi.ResourceHookBinding | None:
        """The hooks of the script that is `name` in the account; none where that name is known to be free: at each of
        a hundred new Workers they would nearly double the time of a preview.
        """
        workers = self._names.get(_WORKERS)
        return self._hooks if workers is None or name in workers else None

    def _before_create(self, creation: pulumi.ResourceHookArgs) -> None:
        dry_run = pulumi.runtime.is_dry_run()
        if dry_run and os.environ.get(ALLOW):
            return
        try:
            self._check(creation.type, creation.new_inputs or {})
        except CloudflareError as unread:
            if not dry_run:
                raise
            pulumi.log.warn(f"{creation.name}: not known whether it exists already ({unread.message})")

    def _check(self, pulumi_type: str, inputs: Mapping[str, Any]) -> None:
        """Raise ExistingError where a resource of this type with `inputs` would meet one that is not the stack's."""
        kind = kind_of_type(pulumi_type)
        if kind is None:
            raise AssertionError(f"{pulumi_type} is in no row of orchestrator.kinds")
        name = kind.name_in(inputs)
        if name not in self._taken(kind, str(inputs.get("jurisdiction") or "default")):
            return
        if kind is Kind.WORKER:
            with self._open_account() as account:
                bindings = account.worker_bindings(name)
            if is_ours(bindings, self._stack):
                return
        raise refusal(kind, name, self._stack)

    def _taken(self, kind: Kind, jurisdiction: str) -> frozenset[str]:
        if (kind, jurisdiction) not in self._names:
            with self._open_account() as account:
                self._names[kind, jurisdiction] = frozenset(account.names(kind, jurisdiction))
        return self._names[kind, jurisdiction]
