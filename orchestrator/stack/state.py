"""What a stack's state knows, as frozen values: which resources Pulumi has made, with what ids.

Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.kinds import Kind, kind_of_type, read_urn


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

    def of_kind(self, kind: Kind) -> dict[str, StateResource]:
        """The resources of a kind, by logical name."""
        return {resource.name: resource for resource in self.resources if resource.kind == kind}


def exported_state(printed: str) -> State:
    """A State from the text that `pulumi stack export` printed."""
    return parse_state(json.loads(printed))


def parse_state(exported: Mapping[str, Any]) -> State:
    """A State from what `pulumi stack export` printed; what Pulumi is about to delete is not part of it."""
    deployment = exported.get("deployment") or {}
    resources = [each for each in deployment.get("resources") or [] if not each.get("delete")]
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
        pending=len(deployment.get("pending_operations") or []),
    )
