"""What is in the account already under a name that a stack is about to create.

`pulumi up` must not take or overwrite what it does not know: the provider's upload of a Worker replaces whatever has
that name, and an empty namespace beside a full one helps nobody. So a name that is taken stops the update, with the
command that takes it over.

Whose a Worker is, its mark says: a random id that the first `up` makes, that only the stack's state knows, and that is
bound to each of its Workers. One with our mark is ours, though unknown to the state: an upload that was cut off after
it had its effect leaves such a one, and putting it again does no harm. One with another mark, and the data that it is
bound to, is another platform's, whatever its stack is called.

Pure: the account's contents are arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ExistingError
from orchestrator.kinds import Kind
from orchestrator.named_store import Store
from orchestrator.names import MARK

ALLOW = "ORCHESTRATOR_ALLOW_EXISTING"
"""An environment variable, set by `adopt` for the preview that says what the stack lacks; an update ignores it."""

Bindings = Iterable[Mapping[str, Any]]
"""As the API lists those of a Worker."""


@dataclass(frozen=True)
class Owner:
    """Another platform: one of its Workers, and the mark that it carries."""

    worker: str
    mark: str


def mark_of(bindings: Bindings) -> str | None:
    """The mark of a Worker with these bindings; its name is reserved, so that no declared variable can look like it."""
    marks = (str(each.get("text")) for each in bindings if (each.get("name"), each.get("type")) == (MARK, "plain_text"))
    return next(marks, None)


def other_owner(workers: Mapping[str, Bindings], store: Store, mark: str | None) -> Owner | None:
    """The other platform whose Workers are bound to `store`; `workers`: the bindings of the account's, by name."""
    for worker, bindings in sorted(workers.items()):
        found = mark_of(bindings)
        if found and found != mark and any(store.is_bound_by(each) for each in bindings):
            return Owner(worker, found)
    return None


def together(refusals: Sequence[ExistingError]) -> ExistingError:
    """Several refusals, none of which has changed anything, as one."""
    first, *others = refusals
    hint = "\n".join([f"  {first.hint}", *map(str, others)]).strip()
    return ExistingError(f"nothing was changed: {first.message}", hint)


def refusal(kind: Kind, name: str, stack: str) -> ExistingError:
    """Why `name` is not created: a Worker, or what holds data."""
    adopt = f"python -m orchestrator adopt -s {stack}"
    if kind is Kind.QUEUE:
        return ExistingError(
            f"the queue {name} exists in the account and is not in the state of the stack {stack}",
            f"{adopt} takes it over, with its messages and its consumer",
        )
    if kind.holds_data:
        return ExistingError(
            f"the {kind.word} {name} exists in the account and is not in the state of the stack {stack}",
            f"{adopt} takes it over, with its data",
        )
    return ExistingError(
        f"the Worker {name} exists in the account and is not the stack {stack}'s: an update would overwrite it",
        f"{adopt} --dry-run shows how it differs; {adopt} --overwrite {name} takes it over",
    )


def refusal_of_others(kind: Kind, name: str, owner: Owner, stack: str) -> ExistingError:
    """Why `name` is neither made nor taken over: another platform has it."""
    if kind is Kind.CUSTOM_DOMAIN:
        return ExistingError(
            f"the custom domain {name} leads to the Worker {owner.worker} of another platform in this account: the "
            f"stack {stack} does not take it away",
            f"take it out of `domains` in the file\n  {_without_domains(stack)}",
        )
    bound = "" if owner.worker == name else f", whose Worker {owner.worker} is bound to it"
    prefix = re.sub(r"[^a-z0-9-]", "-", stack.lower()).strip("-") + "-"
    ways = [
        "give it another name in the file",
        f"or, on a new stack, a prefix to all: pulumi config set namePrefix {prefix} -s {stack}",
        f"or, if it is this platform and its state was lost: pulumi config set mark {owner.mark} -s {stack}",
    ]
    return ExistingError(
        f"the {kind.word} {name} belongs to another platform in this account{bound}: it is neither overwritten nor "
        f"taken over by the stack {stack}",
        "\n  ".join(ways),
    )


def refusal_of_domain(host: str, worker: str, stack: str) -> ExistingError:
    """Why a custom domain is not attached: it leads to a Worker of nobody's that we know."""
    return ExistingError(
        f"the custom domain {host} leads to the Worker {worker}: an update of the stack {stack} would take it away",
        f"python -m orchestrator adopt -s {stack} --overwrite {host} takes it over\n  {_without_domains(stack)}",
    )


def _without_domains(stack: str) -> str:
    return (
        f"on a stack beside another one, which has no custom domains: pulumi config set customDomains false -s {stack}"
    )


def refusal_of_namesake(store: Store, stack: str, start_empty: str) -> ExistingError:
    """Why a bucket is not made: a full one of its name is in another jurisdiction."""
    place = f"{{name: …, jurisdiction: {store.jurisdiction}}}"
    return ExistingError(
        f"the {store.title} exists in the account in the jurisdiction {store.jurisdiction}, and is full; an empty one "
        "would be made beside it",
        f"if that one is meant, `{place}` in the file names it, and python -m orchestrator adopt -s {stack} takes it "
        f"over\n  to begin with an empty one: {start_empty}",
    )
