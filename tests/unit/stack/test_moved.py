"""Which stores give way to which, from the file and the state alone."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.desired.derive import Desired, derive
from orchestrator.kinds import Kind
from orchestrator.manifest import parse
from orchestrator.named_store import Store
from orchestrator.stack.moved import made_prefix, moves, moves_of_live
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
        (desired(worker="clerk", title="BOOKS"), {"kv NOTES default -> BOOKS default: clerk"}),
        (desired(worker="clerk", jurisdiction="default"), {"r2 files eu -> files default: clerk"}),
        (
            desired(worker="clerk", title="BOOKS", router="gate", database="gate"),
            {"kv NOTES default -> BOOKS default: clerk", "d1 router default -> gate default: gate"},
        ),
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
        "worker and title",
        "worker and jurisdiction",
        "all",
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


def test_what_another_worker_goes_on_with_is_not_out_of_sight() -> None:
    """A Worker comes with a namespace of its own and another goes, whose namespace the routing Worker has as well."""
    text = FILE.format(**{**NAMES, "worker": "clerk", "title": "BOOKS"})
    shared = text.replace("database: router}", "database: router, kvNamespaces: [REGISTRY, NOTES]}")
    assert told(derive(parse(shared))) == set()


def test_what_somebody_bound_a_worker_to_gives_way_to_what_is_declared() -> None:
    known = Store(kind="kv", name="NOTES", id="kv-1")
    other = Store(kind="kv", name="THEIRS", id="kv-9")
    bucket = Store(kind="r2", name="files", id="files", jurisdiction="eu")
    right = {"type": "r2_bucket", "bucket_name": "files", "jurisdiction": "eu"}

    def live(id: str) -> set[tuple[str, str]]:
        bound = {"keeper": [{"type": "kv_namespace", "namespace_id": id}, right]}
        found = moves_of_live(desired(), KNOWN, [known, other, bucket], bound)
        return {(move.old.name, move.new.name) for move in found}

    assert live("kv-1") == set()
    assert live("kv-9") == {("THEIRS", "NOTES")}
    assert live("gone") == set()
