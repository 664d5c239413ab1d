"""What the next update creates, from the file and the state alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.desired.derive import Desired, derive
from orchestrator.kinds import Kind
from orchestrator.limits import Inventory
from orchestrator.manifest import parse
from orchestrator.stack.lacking import gone, lacking
from orchestrator.stack.state import State, StateResource

FILE = """
orchestrator: {worker: router}
autopilots:
  - name: keeper
    worker: keeper
    capabilities: [file.keep]
    needs:
      kvNamespaces: [NOTES]
      r2Buckets: [{name: files, jurisdiction: eu}]
      workers: [{name: keeper, content: "export default {}", domains: [a.example.com]}]
tasks:
  keep: {capability: file.keep, async: true}
"""
EVERYTHING = {
    (Kind.KV_NAMESPACE, "NOTES"),
    (Kind.KV_NAMESPACE, "REGISTRY"),
    (Kind.R2_BUCKET, "files"),
    (Kind.D1_DATABASE, "router"),
    (Kind.QUEUE, "efh-tasks"),
    (Kind.QUEUE, "efh-tasks-dead"),
    (Kind.WORKER, "keeper"),
    (Kind.WORKER, "router"),
    (Kind.CUSTOM_DOMAIN, "a.example.com"),
}


def desired(prefix: str = "") -> Desired:
    return derive(parse(FILE), name_prefix=prefix)


def known(kind: Kind, key: str, **inputs: Any) -> StateResource:
    named = {kind.name_input: key, **inputs}
    return StateResource(urn="", kind=kind, name=key, id=key, inputs=named, outputs={})


def whole(**of_bucket: Any) -> State:
    """All of the file is in it."""
    own = {Kind.R2_BUCKET: {"jurisdiction": "eu", **of_bucket}}
    return State(resources=tuple(known(kind, name, **own.get(kind, {})) for kind, name in EVERYTHING))


def names(found: Desired, state: State) -> set[tuple[Kind, str]]:
    return {(kind, name) for kind, name, _ in lacking(found, state)}


def test_a_new_stack_lacks_everything_and_one_that_is_up_nothing() -> None:
    assert names(desired(), State()) == EVERYTHING
    assert names(desired(), whole()) == set()


def test_a_prefix_makes_others_of_all_but_namespaces_which_are_renamed_and_hosts_which_take_none() -> None:
    renamed = {each for each in EVERYTHING if each[0] not in (Kind.KV_NAMESPACE, Kind.CUSTOM_DOMAIN)}
    assert names(desired("pr-7-"), whole()) == {(kind, f"pr-7-{name}") for kind, name in renamed}


@pytest.mark.parametrize("there", ["default", None])
def test_a_bucket_in_another_jurisdiction_is_another_one(there: str | None) -> None:
    assert names(desired(), whole(jurisdiction=there)) == {(Kind.R2_BUCKET, "files")}


def test_the_inputs_tell_a_bucket_and_what_a_host_leads_to() -> None:
    found = {(kind, name): inputs for kind, name, inputs in lacking(desired("pr-7-"), State())}
    assert found[Kind.R2_BUCKET, "pr-7-files"] == {"jurisdiction": "eu"}
    assert found[Kind.CUSTOM_DOMAIN, "a.example.com"] == {"service": "pr-7-keeper"}


def test_what_has_outputs_alone_is_known_by_them() -> None:
    bare = StateResource(
        urn="", kind=Kind.WORKER, name="keeper", id="keeper", inputs={}, outputs={"scriptName": "keeper"}
    )
    assert (Kind.WORKER, "keeper") not in names(desired(), State(resources=(bare,)))


ALL_THERE = Inventory(
    workers=frozenset({"keeper", "router"}),
    kv_namespaces=frozenset({"NOTES", "REGISTRY"}),
    d1_databases=frozenset({"router"}),
    r2_buckets=frozenset({("files", "eu")}),
)


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (ALL_THERE, []),
        (replace(ALL_THERE, r2_buckets=frozenset({("files", "default")})), ["R2 bucket files"]),
        (replace(ALL_THERE, r2_buckets=None), []),
        (replace(ALL_THERE, kv_namespaces=frozenset({"REGISTRY"})), ["KV namespace NOTES"]),
        (replace(ALL_THERE, d1_databases=frozenset(), workers=frozenset()), ["D1 database router", "keeper", "router"]),
    ],
)
def test_what_the_account_has_lost_is_told(there: Inventory, told: list[str]) -> None:
    assert [name.removeprefix("Worker ") for name in gone(desired(), whole(), there)] == told


def test_what_the_state_has_not_is_not_lost() -> None:
    assert gone(desired(), State(), Inventory(r2_buckets=frozenset())) == []
