"""Which stores give way to which, from the file and the state alone."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.desired.derive import Desired, derive
from orchestrator.kinds import Kind
from orchestrator.manifest import parse
from orchestrator.stack.moved import made_prefix, moves
from orchestrator.stack.state import State, parse_state

FILE = """
orchestrator: {{worker: {router}, database: {database}}}
autopilots:
  - name: keeper
    worker: {worker}
    capabilities: [file.keep]
    needs:
      kvNamespaces: [{title}]
      r2Buckets: [{{name: files, jurisdiction: {jurisdiction}}}]
      d1Databases: [{ledger}]
      workers: [{{name: {worker}, content: "export default {{}}"}}]
"""
NAMES = {
    "router": "router",
    "database": "router",
    "worker": "keeper",
    "title": "NOTES",
    "jurisdiction": "eu",
    "ledger": "ledger",
}


def desired(prefix: str = "", **names: str) -> Desired:
    return derive(parse(FILE.format(**{**NAMES, **names})), name_prefix=prefix)


def urn(kind: Kind, name: str) -> str:
    return f"urn:pulumi:dev::p::autopilot:infra:X${kind.pulumi_type}::{name}"


def resource(kind: Kind, name: str, id: str, outputs: dict[str, Any], *bound: str) -> dict[str, Any]:
    return {"urn": urn(kind, name), "type": kind.pulumi_type, "id": id, "outputs": outputs, "dependencies": list(bound)}


NOTES, REGISTRY = urn(Kind.KV_NAMESPACE, "NOTES"), urn(Kind.KV_NAMESPACE, "REGISTRY")
LEDGER = urn(Kind.D1_DATABASE, "ledger")
RECORDS, FILES = urn(Kind.D1_DATABASE, "router"), urn(Kind.R2_BUCKET, "files")
KNOWN = parse_state(
    {
        "deployment": {
            "resources": [
                resource(Kind.KV_NAMESPACE, "NOTES", "kv-1", {"title": "NOTES"}),
                resource(Kind.KV_NAMESPACE, "REGISTRY", "kv-2", {"title": "REGISTRY"}),
                resource(Kind.R2_BUCKET, "files", "files", {"name": "files", "jurisdiction": "eu"}),
                resource(Kind.D1_DATABASE, "router", "d1-1", {"name": "router"}),
                resource(Kind.D1_DATABASE, "ledger", "d1-2", {"name": "ledger"}),
                resource(Kind.WORKER, "keeper", "keeper", {"scriptName": "keeper"}, NOTES, FILES, LEDGER),
                resource(Kind.WORKER, "router", "router", {"scriptName": "router"}, RECORDS, REGISTRY),
            ]
        }
    }
)


def told(wanted: Desired, state: State = KNOWN) -> set[str]:
    return {
        f"{move.old.kind} {move.old.name} {move.old.jurisdiction} -> {move.new.name} {move.new.jurisdiction}: "
        f"{' '.join(move.workers)}"
        for move in moves(wanted, state)
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (desired(), set()),
        (desired(title="BOOKS"), {"kv NOTES default -> BOOKS default: keeper"}),
        (desired(jurisdiction="default"), {"r2 files eu -> files default: keeper"}),
        (desired(database="records"), {"d1 router default -> records default: router"}),
        (desired(router="gate", database="gate"), {"d1 router default -> gate default: gate"}),
        (desired(router="gate"), set()),
        (desired(ledger="books"), {"d1 ledger default -> books default: keeper"}),
        (desired(worker="clerk"), set()),
        # A namespace is renamed in place: its id, and its data, stay.
        (
            "prefix",
            {
                "r2 files eu -> a-files eu: a-keeper",
                "d1 ledger default -> a-ledger default: a-keeper",
                "d1 router default -> a-router default: a-router",
            },
        ),
    ],
    ids=[
        "nothing",
        "title",
        "jurisdiction",
        "database",
        "router",
        "router, kept database",
        "ledger",
        "worker",
        "prefix",
    ],
)
def test_what_gives_way_to_what(wanted: Desired | str, expected: set[str]) -> None:
    assert told(desired("a-") if isinstance(wanted, str) else wanted) == expected


def test_a_stack_without_a_state_loses_nothing() -> None:
    assert told(desired("a-", title="BOOKS"), State()) == set()


def test_what_a_worker_no_longer_needs_gives_way_to_nothing() -> None:
    text = FILE.format(**NAMES).replace("kvNamespaces: [NOTES]", "kvNamespaces: []")
    assert told(derive(parse(text))) == set()


def test_a_binding_to_another_store_that_is_declared_already_is_a_move_too() -> None:
    text = FILE.format(**NAMES).replace("[NOTES]", "[REGISTRY]")
    assert told(derive(parse(text))) == {"kv NOTES default -> REGISTRY default: keeper"}


def test_the_prefix_that_the_data_was_made_with() -> None:
    named = resource(Kind.R2_BUCKET, "files", "a-files", {"name": "a-files"})
    assert made_prefix(parse_state({"deployment": {"resources": [named]}})) == "a-"
    assert made_prefix(KNOWN) == made_prefix(State()) == ""
