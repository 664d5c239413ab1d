"""What a stack lacks, in Pulumi's own words: the resources that the next update would create.

The JSON of `pulumi preview` has the type, name, parent and inputs that the program gives each, so that what is imported
under these has the very URN that the program declares; `--import-file` adds the provider's version. The names by which
that file itself refers to parents are not used: a Worker's component and its script share one, and the engine then
takes the wrong one for the parent.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.kinds import Kind, kind_of_type, read_urn

_BY_ID = (Kind.KV_NAMESPACE, Kind.D1_DATABASE, Kind.CUSTOM_DOMAIN, Kind.QUEUE, Kind.CONSUMER)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource that would be created. `key`: its name in the file; `name`: the one in the account, for what belongs
    to a Worker the Worker's; `worker`: of a custom domain, what it leads to; `parent`: its component's URN; `queue_id`:
    a consumer's, where its queue is the stack's already; `entry`: its line of Pulumi's import file."""

    kind: Kind
    key: str
    name: str
    account_id: str
    jurisdiction: str = "default"
    worker: str = ""
    parent: str = ""
    queue_id: str = ""
    entry: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def import_id(self, id: str) -> str:
        """As the provider wants it; `id` is Cloudflare's, where that is not the name."""
        last = id if self.kind in _BY_ID else self.name
        bucket = f"/{self.jurisdiction}" if self.kind is Kind.R2_BUCKET else ""
        return f"{self.account_id}/{last}{bucket}"


def wanted(preview: Mapping[str, Any], import_file: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """What `pulumi preview --json --import-file` says would be created, of the kinds that can be taken over."""
    entries = {(each["type"], each.get("logicalName") or each["name"]): each for each in import_file["resources"]}
    found = []
    for step in preview["steps"]:
        state = step.get("newState") or {}
        kind = kind_of_type(state.get("type", ""))
        key = read_urn(step["urn"]).name
        entry = entries.get((state.get("type"), key))
        if step["op"] != "create" or kind is None or entry is None:
            continue
        inputs = state["inputs"]
        found.append(
            Wanted(
                kind=kind,
                key=key,
                name=kind.name_in(inputs),
                account_id=inputs["accountId"],
                jurisdiction=inputs.get("jurisdiction") or "default",
                worker=str(inputs.get("service") or ""),
                parent=state.get("parent", ""),
                queue_id=str(inputs.get("queueId") or ""),
                entry=entry,
            )
        )
    return tuple(found)


def given_way(preview: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """The data of another name, or in another jurisdiction, that would be made in place of what the stack has."""
    found = []
    for step in preview["steps"]:
        state = step.get("newState") or {}
        kind = kind_of_type(state.get("type", ""))
        if step["op"] == "replace" and kind and kind.holds_data:
            inputs = state["inputs"]
            found.append(
                Wanted(
                    kind=kind,
                    key=read_urn(step["urn"]).name,
                    name=kind.name_in(inputs),
                    account_id=inputs["accountId"],
                    jurisdiction=inputs.get("jurisdiction") or "default",
                )
            )
    return tuple(found)


def import_document(preview: Mapping[str, Any], ids: Mapping[Wanted, str]) -> dict[str, Any]:
    """The file for `pulumi import` of the things in `ids` (Cloudflare's ids), with the components that they are in.

    A component that the state does not have is imported too; one that it has is named by its URN.
    """
    parents = {urn: f"parent {number}" for number, urn in enumerate(sorted({each.parent for each in ids}))}
    new = {step["urn"] for step in preview["steps"] if step["op"] == "create"}
    components = [
        {"type": read_urn(urn).type, "name": name, "logicalName": read_urn(urn).name, "component": True}
        for urn, name in parents.items()
        if urn in new
    ]
    resources = [
        {
            **{key: each.entry[key] for key in ("type", "version", "pluginDownloadUrl") if key in each.entry},
            "name": f"{each.kind} {each.key}",
            "logicalName": each.key,
            "parent": parents[each.parent],
            "id": each.import_id(id),
        }
        for each, id in ids.items()
    ]
    known = {name: urn for urn, name in parents.items() if urn not in new}
    return {"nameTable": known, "resources": [*components, *resources]}
