"""Edits of a stack's state by which nothing is lost that another run writes, of this machine or another.

Pulumi locks a stack for an import, not between an export and the import that follows it. So a lock is waited for, the
state is compared right before the import with the one that was edited, and what the import has replaced is looked at
after it: where another run came in between, its state is edited and put in place.

Touches the stack's state through the `pulumi` command; reads Pulumi's backup of it where the state is in a folder.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from orchestrator.errors import OrchestratorError
from orchestrator.stack.config import Stack, read_project_name, run_pulumi
from orchestrator.stack.locks import TIMEOUT_S, is_busy, state_folder, wait_until_free
from orchestrator.stack.state import readable

Report = Callable[[str], None]
ExportedState = dict[str, Any]  # as `pulumi stack export` gives it

_ROUNDS = 20
_IMPORT = "import"  # the kind of an import's own entry in Pulumi Cloud's history; stores make none


def edit_state(
    stack: Stack,
    edit: Callable[[ExportedState], ExportedState],
    report: Report,
    *,
    host: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Put `edit` of the stack's state in its place; nothing is written where it changes nothing.

    What the provider keeps with the outputs is dropped where it does not fit them any more: see `readable`.
    `edit` is called again on what another run has left. `host` and `timeout_s` as `wait_until_free` takes them.
    Raises OrchestratorError where the stack stays locked, where other runs come in between each time, and where Pulumi
    refuses the import.
    """
    left: ExportedState | None = None  # by a run whose state an import of ours has replaced
    imported: ExportedState | None = None
    for _ in range(_ROUNDS):
        if state_folder() is not None:
            wait_until_free(stack, report, host=host, timeout_s=timeout_s)
        before = stack.export()
        if left is not None and before != imported:
            raise _lost(stack)
        source = left or before
        after = readable(source, edit(source))
        if after == before:
            return
        wait_until_free(stack, report, host=host, timeout_s=timeout_s)
        newest = _newest_update(stack)
        if stack.export() != before or not _import(stack, after):
            continue
        left = _find_replaced(stack, before, after, newest)
        if left is None:
            return
        report("Another run changed the state at the same time; editing what that run left.")
        imported = stack.export()
    raise OrchestratorError(
        f"other runs changed the state of the stack {stack.name} during each of {_ROUNDS} attempts to edit it",
        "run this again when they have finished",
    )


def _import(stack: Stack, state: ExportedState) -> bool:
    """Put it in place; False where another run holds the stack."""
    finished = run_pulumi(["stack", "import", "--stack", stack.name], stack.root, stdin=json.dumps(state), check=False)
    if finished.code != 0 and not is_busy(finished):
        raise OrchestratorError(f"`pulumi stack import` failed:\n{finished.errors.strip()}")
    return finished.code == 0


def _find_replaced(stack: Stack, before: ExportedState, after: ExportedState, newest: Any) -> ExportedState | None:
    """What another run has left between the last look (`before`) and the import of `after`; None where none did.

    Raises OrchestratorError where one did and what it has left is not to be had.
    """
    backup = _backup(stack)
    if backup is not None:
        if backup == before["deployment"]:
            return None
        if _shape(stack.export()["deployment"]) == _shape(after["deployment"]):  # else it is a later run's backup
            return {**before, "deployment": backup}
    if _newest_update(stack) == newest:
        return None
    raise _lost(stack)


def _lost(stack: Stack) -> OrchestratorError:
    return OrchestratorError(
        f"another run changed the state of the stack {stack.name} at the same time; what it recorded may be missing",
        f"python -m orchestrator adopt -s {stack.name} takes over what the account has and the state has not",
    )


def _backup(stack: Stack) -> ExportedState | None:
    """The deployment that the last write to the state has replaced, as Pulumi keeps it beside a state in a folder."""
    folder = state_folder()
    if folder is None:
        return None
    file = folder / ".pulumi" / "stacks" / read_project_name(stack.root) / f"{stack.name.rpartition('/')[2]}.json"
    for kept, read in ((f"{file}.bak", open), (f"{file}.gz.bak", gzip.open)):
        try:
            with read(kept, "rb") as content:
                deployment: ExportedState = json.load(content)["checkpoint"]["latest"]
                return deployment
        except FileNotFoundError:
            continue
    return None


def _newest_update(stack: Stack) -> Any:
    """What tells the newest update in the stack's history from any other."""
    printed = run_pulumi(["stack", "history", "--json", "--page-size", "5", "--stack", stack.name], stack.root).output
    entries = [entry for entry in json.loads(printed or "[]") if entry.get("kind") != _IMPORT]
    return [(entry.get("version"), entry["kind"], entry["startTime"], entry.get("endTime")) for entry in entries[:1]]


def _shape(value: Any) -> Any:
    """A deployment without what Pulumi writes anew at each import: the manifest, and the bytes of what is encrypted."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items() if key not in ("manifest", "ciphertext")}
    return [_shape(each) for each in value] if isinstance(value, list) else value
