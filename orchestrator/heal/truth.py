"""What the provider's refresh cannot see, told to Pulumi's state, so that `pulumi up` finds the difference itself.

The provider keeps of some things what the state says, whatever the account says: a Worker's cron triggers, its
bindings, a bucket's storage class, a queue's name, the Worker and the dead letter queue of a consumer. So the state is
told, before the update, how they are; but of a Worker that differs in any way no bindings at all, since the refresh
adds to the state what it finds beyond it, and the list is one encrypted value that nobody has to open then. What
follows is an ordinary update, with the provider's own calls, that the next run repeats if this one dies. See
docs/decisions/0016-heal.md.

Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.drift.findings import Finding
from orchestrator.kinds import Kind, kind_of_type, read_urn
from orchestrator.stack.state import State


def tell_truth(
    exported: Mapping[str, Any], findings: Iterable[Finding], schedules: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The state, as exported, with what `findings` say of the account; secrets stay encrypted as they are.

    `schedules`: the cron expressions that the drifted Workers have now, by key.
    """
    told = copy.deepcopy(dict(exported))
    resources = (told.get("deployment") or {}).get("resources") or []
    outputs = {_place(each): each["outputs"] for each in resources if each.get("outputs") and not each.get("delete")}
    for finding in findings:
        if finding.change != "changed":
            continue
        if finding.kind is Kind.WORKER and (script := outputs.get((finding.kind, finding.key))):
            script["bindings"] = []
        elif finding.kind is Kind.SCHEDULES and (trigger := outputs.get((finding.kind, finding.key))):
            trigger["schedules"] = [{"cron": cron} for cron in schedules[finding.key]]
        elif finding.kind is Kind.QUEUE and (queue := outputs.get((finding.kind, finding.key))):
            queue |= {_QUEUE[path]: live for path, live in _live(finding) if path in _QUEUE}
        elif finding.kind is Kind.CONSUMER and (consumer := outputs.get((finding.kind, finding.key))):
            consumer |= {_CONSUMER[path]: live for path, live in _live(finding) if path in _CONSUMER}
        elif finding.kind is Kind.R2_BUCKET and (bucket := outputs.get((finding.kind, finding.key))):
            bucket["storageClass"] = next(
                (each.live for each in finding.differences if each.path == "storage_class"), bucket["storageClass"]
            )
    return told


def told_of(state: State) -> set[str]:
    """The keys of the Workers of which the state still has what `tell_truth` has put there.

    No update has followed, so a preview would upload them, also where somebody has mended the account meanwhile.
    """
    workers = state.of_kind(Kind.WORKER)
    triggers = state.of_kind(Kind.SCHEDULES)
    return {
        *(key for key, each in workers.items() if each.outputs.get("bindings") == [] and each.inputs.get("bindings")),
        *(key for key, each in triggers.items() if _crons(each.outputs) != _crons(each.inputs)),
    }


def _crons(properties: Mapping[str, Any]) -> set[str]:
    return {str(each.get("cron")) for each in properties.get("schedules") or ()}


_QUEUE = {"name": "queueName"}
_CONSUMER = {"id": "consumerId", "script_name": "scriptName", "dead_letter_queue": "deadLetterQueue"}


def _live(finding: Finding) -> Iterable[tuple[str, str | None]]:
    return ((each.path, each.live) for each in finding.differences)


def _place(resource: Mapping[str, Any]) -> tuple[Kind | None, str]:
    """Kind and logical name."""
    return kind_of_type(resource["type"]), read_urn(resource["urn"]).name
