"""What a stack's state knows, as frozen values: which resources Pulumi has made, with what ids; and edits of it.

Pure.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.kinds import Kind, kind_of_type, read_urn

MARK_TYPE = "autopilot:infra:Mark"
"""The component whose one input is the platform's mark."""
SCHEMA_VERSION = '{"schema_version":"500"}'
"""What the provider keeps as `__meta` with the outputs of each resource that is declared here."""
_PROVIDER = "cloudflare:"
DELTA = "__pulumi_raw_state_delta"
"""What the provider keeps beside the outputs, which must fit them."""
SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 (the key by which Pulumi marks an encrypted value)


@dataclass(frozen=True, kw_only=True)
class StateResource:
    """A resource in a stack's state; `kind` None: a component or provider; `name`: its logical name.

    `dependencies`: the URNs of what it was made with, for a Worker what it is bound to.
    """

    urn: str
    kind: Kind | None
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class State:
    """What the stack's last update left: its resources, and how many operations were begun and not recorded."""

    resources: tuple[StateResource, ...] = ()
    pending: int = 0

    @property
    def mark(self) -> str | None:
        """The platform's mark, which its first update has made; None before that."""
        marks = (each.inputs.get("mark") for each in self.resources if read_urn(each.urn).type == MARK_TYPE)
        return next((str(mark) for mark in marks if mark), None)

    def of_kind(self, kind: Kind) -> dict[str, StateResource]:
        """The resources of a kind, by logical name."""
        return {resource.name: resource for resource in self.resources if resource.kind == kind}


def exported_state(printed: str) -> State:
    """A State from the text that `pulumi stack export` printed."""
    return parse_state(json.loads(printed))


def parse_state(exported: Mapping[str, Any]) -> State:
    """A State from what `pulumi stack export` printed; what Pulumi is about to delete is not part of it."""
    resources = [each for each in _resources(exported) if not each.get("delete")]
    return State(
        resources=tuple(
            StateResource(
                urn=each["urn"],
                kind=kind_of_type(each["type"]),
                name=read_urn(each["urn"]).name,
                id=each.get("id", ""),
                inputs=each.get("inputs") or {},
                outputs=each.get("outputs") or {},
                dependencies=tuple(each.get("dependencies") or ()),
            )
            for each in resources
        ),
        pending=len((exported.get("deployment") or {}).get("pending_operations") or []),
    )


def readable(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """`after`, an edit of the exported state `before`, as the provider can read it.

    The provider is a bridge to Terraform's and keeps with the outputs how to get Terraform's state back from them.
    Where the two do not fit, every later preview, refresh and update fails; without that key the bridge works it out.
    So it is dropped of each resource whose outputs differ from `before`, and of each that does not fit, as an edit by
    an older version has left it.

    What has no version of its schema, as older versions of `recover` and of the stand-in have left it, gets the one
    that it has: the provider would take it for a state of its version 4, and refuse that of a Worker.
    """
    known = {_identity(each): each.get("outputs") for each in _resources(before)}
    kept = copy.deepcopy(dict(after))
    for each in _resources(kept):
        outputs = each.get("outputs") or {}
        if DELTA in outputs and (outputs != known.get(_identity(each)) or not _fits(outputs[DELTA], outputs)):
            del outputs[DELTA]
        if outputs and each.get("type", "").startswith(_PROVIDER):
            outputs.setdefault("__meta", SCHEMA_VERSION)
    return kept


def _resources(exported: Mapping[str, Any]) -> list[dict[str, Any]]:
    return (exported.get("deployment") or {}).get("resources") or []


def _identity(resource: Mapping[str, Any]) -> tuple[str, bool]:
    return resource["urn"], bool(resource.get("delete"))


def _fits(delta: Any, value: Any) -> bool:
    """Whether a delta fits a value, as the bridge sees it (pkg/tfbridge/rawstate.go). What is encrypted fits."""
    if not isinstance(delta, dict) or _is_secret(delta) or _is_secret(value) or "replace" in delta:
        return True
    if "obj" in delta or "map" in delta:
        described = delta.get("obj") or delta.get("map") or {}
        deltas = described.get("ps") or described.get("el") or {}
        return isinstance(value, dict) and all(
            _fits(deltas.get(key, {}), value.get(key))
            for key in {*value, *deltas}
            if not key.startswith("__") and key not in described.get("ignored", ())
        )
    if "arr" in delta:
        deltas = delta["arr"].get("el") or {}
        return (
            isinstance(value, list)
            and all(int(index) < len(value) for index in deltas)
            and all(_fits(deltas.get(str(index), {}), item) for index, item in enumerate(value))
        )
    return not isinstance(value, dict)


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and SECRET in value
