"""What a heal does about a drift: what waits for lost data, what does not, and what may be recreated."""

from __future__ import annotations

import pytest

from orchestrator.desired.derive import Desired, derive
from orchestrator.drift.findings import Change, Difference, Drift, Finding
from orchestrator.errors import UserError
from orchestrator.heal.plan import plan_heal
from orchestrator.kinds import Kind
from orchestrator.manifest import parse
from orchestrator.stack.state import State, StateResource

# The router is bound to REGISTRY, its database, and both Workers; the keeper to NOTES and files.
MANIFEST = """
orchestrator: {worker: router, kvNamespaces: [REGISTRY]}
autopilots:
  - name: keeper
    worker: keeper
    capabilities: [file.keep]
    needs:
      kvNamespaces: [NOTES]
      r2Buckets: [files]
      workers: [{name: keeper, content: "export default {}", domains: [keep.example.com]}]
  - name: greeter
    worker: greeter
    capabilities: [greet]
    needs: {workers: [{name: greeter, content: "export default {}"}]}
"""
DESIRED: Desired = derive(parse(MANIFEST, "autopilots.yaml"))
STATE = State(
    resources=tuple(
        StateResource(urn=f"urn::{kind.type_name}::{name}", kind=kind, name=name, id=name, inputs={}, outputs={})
        for kind, name in [
            (Kind.KV_NAMESPACE, "REGISTRY"),
            (Kind.KV_NAMESPACE, "NOTES"),
            (Kind.R2_BUCKET, "files"),
            (Kind.D1_DATABASE, "router"),
        ]
    )
)


def lost(kind: Kind, name: str, *, instead: bool = False) -> Finding:
    differences = (Difference(path="id", desired="old", live="new"),) if instead else ()
    change: Change = "changed" if instead else "missing"
    return Finding(change=change, kind=kind, key=name, name=name, lost=True, differences=differences)


def finding(change: Change, kind: Kind, name: str) -> Finding:
    return Finding(change=change, kind=kind, key=name, name=name)


NOTES, FILES, REGISTRY = (
    lost(Kind.KV_NAMESPACE, "NOTES"),
    lost(Kind.R2_BUCKET, "files"),
    lost(Kind.KV_NAMESPACE, "REGISTRY"),
)
KEEPER, GREETER, ROUTER = (finding("changed", Kind.WORKER, name) for name in ("keeper", "greeter", "router"))
NO_KEEPER, NO_GREETER = (finding("missing", Kind.WORKER, name) for name in ("keeper", "greeter"))
CRONS = finding("changed", Kind.SCHEDULES, "router")
FOREIGN = finding("undeclared", Kind.R2_BUCKET, "holiday-photos")
KEEPER_SCRIPT, ROUTER_SCRIPT = "**:WorkersScript::keeper", "**:WorkersScript::router"
KEEPER_ALL = (KEEPER_SCRIPT, "**:WorkersScriptSubdomain::keeper", "**:WorkersCronTrigger::keeper")
KEEPERS_DOMAIN = "**:WorkersCustomDomain::keep.example.com"
NOTES_URN, REGISTRY_URN = "urn::WorkersKvNamespace::NOTES", "urn::WorkersKvNamespace::REGISTRY"

# What is found, what is repaired, what waits, and what the update leaves alone.
CASES: dict[str, tuple[list[Finding], list[Finding], list[Finding], tuple[str, ...]]] = {
    "nothing": ([], [], [], ()),
    "what nobody declared is left alone": ([FOREIGN], [], [], ()),
    "without loss all is repaired": ([KEEPER, NO_GREETER, CRONS], [KEEPER, NO_GREETER, CRONS], [], ()),
    "a Worker that is bound to it waits": ([NOTES, KEEPER, GREETER], [GREETER], [KEEPER], (NOTES_URN, KEEPER_SCRIPT)),
    "also one that does not differ yet": ([NOTES, GREETER], [GREETER], [], (NOTES_URN, KEEPER_SCRIPT)),
    "its schedules do not": ([REGISTRY, ROUTER, CRONS], [CRONS], [ROUTER], (REGISTRY_URN, ROUTER_SCRIPT)),
    "one bound to a Worker that stays missing waits too": (
        [NOTES, NO_KEEPER, ROUTER, GREETER],
        [GREETER],
        [NO_KEEPER, ROUTER],
        (NOTES_URN, *KEEPER_ALL, ROUTER_SCRIPT, KEEPERS_DOMAIN),
    ),
    "one bound to a Worker that is recreated does not": (
        [NOTES, NO_GREETER, ROUTER],
        [NO_GREETER, ROUTER],
        [],
        (NOTES_URN, KEEPER_SCRIPT),
    ),
}


@pytest.mark.parametrize(("found", "repaired", "held", "exclude"), CASES.values(), ids=CASES)
def test_what_needs_lost_data_waits_and_the_rest_is_repaired(
    found: list[Finding], repaired: list[Finding], held: list[Finding], exclude: tuple[str, ...]
) -> None:
    plan = plan_heal(Drift(findings=tuple(found)), DESIRED, STATE, stack="prod")

    assert (list(plan.repaired), list(plan.held), plan.exclude) == (repaired, held, exclude)
    assert plan.does_something == bool(repaired)
    assert list(plan.lost) == [each for each in found if each.lost]


def test_only_what_is_named_is_made_again() -> None:
    plan = plan_heal(Drift(findings=(NOTES, FILES, KEEPER)), DESIRED, STATE, stack="prod", recreate=["NOTES"])

    assert (plan.recreated, plan.lost, plan.held) == ((NOTES,), (FILES,), (KEEPER,))
    assert plan.exclude == ("urn::R2Bucket::files", KEEPER_SCRIPT)
    assert plan.does_something


def test_what_is_not_lost_any_more_may_be_named() -> None:
    assert plan_heal(Drift(findings=(KEEPER,)), DESIRED, STATE, stack="prod", recreate=["NOTES"]).repaired == (KEEPER,)


@pytest.mark.parametrize(
    ("found", "name", "says"),
    [
        ([NOTES], "notes", "no namespace, bucket or database notes is declared\n  lost is: NOTES"),
        (
            [lost(Kind.D1_DATABASE, "router", instead=True)],
            "router",
            "to take that one over: python -m orchestrator adopt -s prod",
        ),
    ],
)
def test_what_is_not_declared_or_is_there_again_is_not_made_again(found: list[Finding], name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        plan_heal(Drift(findings=tuple(found)), DESIRED, STATE, stack="prod", recreate=[name])
