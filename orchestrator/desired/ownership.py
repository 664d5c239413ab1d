"""What is in the account already under a name that a stack is about to create.

`pulumi up` must not take or overwrite what it does not know: the provider's upload of a Worker replaces whatever has
that name, and an empty namespace beside a full one helps nobody. So a name that is taken stops the update, with the
command that takes it over. A Worker is the stack's own, though unknown to its state, when it carries the stack's
marks: an upload that was cut off after it had its effect leaves such a one, and putting it again does no harm.

Pure: the account's contents are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.errors import ExistingError
from orchestrator.kinds import Kind
from orchestrator.names import STAGE, WEBHOOK_SECRET

ALLOW = "ORCHESTRATOR_ALLOW_EXISTING"
"""An environment variable, set by `adopt` for the preview that says what the stack lacks; an update ignores it."""


def is_ours(bindings: Iterable[Mapping[str, Any]], stack: str) -> bool:
    """Whether a Worker with these bindings, as the API lists them, was uploaded by `stack`.

    Both names are reserved, so that no declared variable or secret can look like them.
    """
    marks = {(each.get("name"), each.get("type"), each.get("text")) for each in bindings}
    return (STAGE, "plain_text", stack) in marks and (WEBHOOK_SECRET, "secret_text", None) in marks


def refusal(kind: Kind, name: str, stack: str) -> ExistingError:
    """Why `name` is not created: a Worker, or what holds data."""
    adopt = f"python -m orchestrator adopt -s {stack}"
    if kind.holds_data:
        return ExistingError(
            f"the {kind.word} {name} exists in the account and is not in the state of the stack {stack}",
            f"{adopt} takes it over, with its data",
        )
    return ExistingError(
        f"the Worker {name} exists in the account and is not the stack {stack}'s: an update would overwrite it",
        f"{adopt} --dry-run shows how it differs; {adopt} --overwrite {name} takes it over",
    )
