"""After an update that died: put Pulumi's state right before the next one.

A `pulumi up` that is killed leaves two things. Its lock: removed when it is known to be dead (`locks`). And operations
that were begun and not recorded: a namespace, bucket, database or queue that was being created may well exist, and
creating it again would fail (KV, code 10014) or make a second one. Those are looked up by name in the account and
written into the state with their id; what was being changed or deleted is read again, unless it holds data.

Touches Pulumi's state through the `pulumi` command, and reads the account.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import OrchestratorError
from orchestrator.kinds import Kind, kind_of_type, read_urn
from orchestrator.stack.config import Stack
from orchestrator.stack.edit import ExportedState, Report, edit_state
from orchestrator.stack.locks import TIMEOUT_S
from orchestrator.stack.state import SCHEMA_VERSION
from orchestrator.stack.updates import run_when_free

_NO_ID = "missing ID"  # what the official provider gives Pulumi for a consumer


@dataclass(frozen=True)
class _Found:
    """What the account has: its id in the state, in people's words, and what of its outputs says which it is."""

    id: str
    name: str
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class _Looked:
    """What became of an operation that was begun; `read` has its URN where it is to be read again."""

    text: str
    read: tuple[str, ...] = ()


def recover(stack: Stack, *, report: Report, host: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
    """Make the state of `stack` fit for the next update; `report` gets a line for each thing that was put right.

    A live update's operations are its own business: as long as a lock is there that is not known to be dead, it is
    waited for. `host` (this machine) and `timeout_s` as `wait_until_free` takes them. Raises OrchestratorError.
    """
    looked: list[_Looked] = []

    def settle(state: ExportedState) -> ExportedState:
        looked.clear()  # another machine's update may have been under way: then it is looked at again
        settled = copy.deepcopy(state)
        pending = settled["deployment"].pop("pending_operations", None) or []
        looked.extend(_look(operation, settled, stack) for operation in pending)
        return settled if pending else state

    edit_state(stack, settle, report, host=host, timeout_s=timeout_s)
    if looked:
        report(f"An earlier update was interrupted in the middle of {len(looked)} operations:")
    for each in looked:
        report(f"  {each.text}")
    if urns := [urn for each in looked for urn in each.read]:
        targets = [argument for urn in urns for argument in ("--target", urn)]
        finished = run_when_free(stack, ["refresh", "--yes", "--skip-preview", *targets], report)
        if finished.code != 0:
            raise OrchestratorError(f"`pulumi refresh` failed:\n{(finished.errors or finished.output).strip()}")


def _look(operation: Mapping[str, Any], state: ExportedState, stack: Stack) -> _Looked:
    """Settle one operation in `state`."""
    resource, begun = operation["resource"], operation["type"]
    urn, kind = resource["urn"], kind_of_type(resource["type"])
    what = f"{begun} {kind.word if kind else resource['type']} {read_urn(urn).name}"
    if begun == "creating":
        found = _find(resource, kind, stack)
        if not found:
            return _Looked(f"{what}: not there, or safe to create again")
        # What Pulumi's own `refresh --import-pending-creates` is for; in 3.250 it forgets the resource.
        _insert(state["deployment"]["resources"], resource, found)
        return _Looked(f"{what}: exists, taken over: {found.name}", (urn,))
    if begun == "importing":  # that was but a read, of what the state does not have
        return _Looked(f"{what}: not imported; `adopt` does it again")
    if begun != "deleting" and kind and kind.holds_data:
        # Were it gone, a refresh would drop it, and the next update would recreate it, empty.
        return _Looked(f"{what}: done again by the next update")
    return _Looked(f"{what}: read again", (urn,))


def _insert(resources: list[dict[str, Any]], resource: Mapping[str, Any], found: _Found) -> None:
    """Add a resource to the state: after what it depends on, before what may depend on it."""
    provider = resource.get("provider", "").rpartition("::")[0]
    before = {resource.get("parent", ""), provider, *resource.get("dependencies", ())}
    place = max((index + 1 for index, each in enumerate(resources) if each["urn"] in before), default=0)
    # What else it has is read from the account next. Without a version it would be taken for a state of the provider's
    # version 4, which knew no jurisdictions, and a bucket be looked for in the wrong one.
    known = {**resource["inputs"], **found.outputs, "__meta": SCHEMA_VERSION}
    resources.insert(place, {**resource, "id": found.id, "outputs": known})


def _find(resource: Mapping[str, Any], kind: Kind | None, stack: Stack) -> _Found | None:
    """The thing that a broken-off creation has made, if it is in the account."""
    inputs = resource["inputs"]
    if kind in (Kind.QUEUE, Kind.CONSUMER):
        with stack.account() as account:
            return _find_queue(kind, inputs, account.queues())
    if not kind or not kind.holds_data:
        return None  # Workers, their switches and crons are put, not created: doing it again does no harm.
    with stack.account() as account:
        id = account.names(kind, inputs.get("jurisdiction", "default")).get(kind.name_in(inputs))
    return _Found(id, id, {"id": id, "uuid": id}) if id else None


def _find_queue(kind: Kind, inputs: Mapping[str, Any], queues: Iterable[Mapping[str, Any]]) -> _Found | None:
    """A queue by its name; a consumer by that of its queue, which has at most one. Pure."""
    told, said = ("queue_name", "queueName") if kind is Kind.QUEUE else ("queue_id", "queueId")
    queue = next((each for each in queues if each[told] == inputs[said]), None)
    if queue is None:
        return None
    if kind is Kind.QUEUE:
        id = str(queue["queue_id"])
        return _Found(id, id, {"id": id, "queueId": id})
    if not queue["consumers"]:
        return None
    id = str(queue["consumers"][0]["consumer_id"])
    return _Found(_NO_ID, id, {"consumerId": id})
