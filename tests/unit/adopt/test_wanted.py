"""What a stack lacks, read from Pulumi's preview, and the import file that is made of it."""

from __future__ import annotations

from typing import Any

from orchestrator.adopt.wanted import import_document, wanted
from orchestrator.kinds import Kind

ACCOUNT = "0" * 32
STACK = "urn:pulumi:dev::project::"
STORAGE, SERVICE = f"{STACK}autopilot:infra:Storage::storage", f"{STACK}autopilot:infra:WorkerService::site"


def step(kind: str, key: str, parent: str, op: str = "create", **inputs: str) -> dict[str, Any]:
    type = f"cloudflare:index/{kind[0].lower()}{kind[1:]}:{kind}"
    above = parent.split("::")[2]
    urn = f"{STACK}{above}${type}::{key}"
    return {
        "op": op,
        "urn": urn,
        "newState": {"type": type, "parent": parent, "inputs": {"accountId": ACCOUNT, **inputs}},
    }


def component(urn: str, op: str = "create") -> dict[str, Any]:
    return {"op": op, "urn": urn, "newState": {"type": urn.split("::")[2]}}


PREVIEW = {
    "steps": [
        component(STORAGE, "same"),
        component(SERVICE),
        step("WorkersKvNamespace", "LOGS", STORAGE, title="pr-7-LOGS"),
        step("R2Bucket", "files", STORAGE, name="files", jurisdiction="eu"),
        step("D1Database", "router", STORAGE, name="router", op="update"),
        step("WorkersScript", "site", SERVICE, scriptName="site"),
        step("WorkersCronTrigger", "site", SERVICE, scriptName="site"),
    ]
}
IMPORT_FILE = {
    "resources": [
        {"type": each["newState"]["type"], "name": f"name-{number}", "logicalName": each["urn"].rpartition("::")[2],
         "id": "<PLACEHOLDER>", "version": "6.23.1"}
        for number, each in enumerate(PREVIEW["steps"])
    ]
}  # fmt: skip


def test_only_what_would_be_created_is_wanted_by_the_names_of_the_account() -> None:
    found = wanted(PREVIEW, IMPORT_FILE)

    assert [(each.kind, each.key, each.name, each.jurisdiction) for each in found] == [
        ("kvNamespace", "LOGS", "pr-7-LOGS", "default"),
        ("r2Bucket", "files", "files", "eu"),
        ("worker", "site", "site", "default"),
        ("schedules", "site", "site", "default"),
    ]
    assert [each.import_id("id") for each in found] == [
        f"{ACCOUNT}/id",
        f"{ACCOUNT}/files/eu",
        f"{ACCOUNT}/site",
        f"{ACCOUNT}/site",
    ]


def test_each_thing_is_imported_below_its_own_component() -> None:
    found = {each.kind: each for each in wanted(PREVIEW, IMPORT_FILE)}

    document = import_document(PREVIEW, {found[Kind.KV_NAMESPACE]: "id", found[Kind.WORKER]: "site"})

    [(in_state, urn)] = document["nameTable"].items()
    assert urn == STORAGE
    new, namespace, script = document["resources"]
    assert new == {
        "type": "autopilot:infra:WorkerService",
        "name": new["name"],
        "logicalName": "site",
        "component": True,
    }
    assert (namespace["parent"], script["parent"]) == (in_state, new["name"])
    assert (namespace["logicalName"], namespace["id"], namespace["version"]) == ("LOGS", f"{ACCOUNT}/id", "6.23.1")
    assert len({each["name"] for each in document["resources"]}) == 3
