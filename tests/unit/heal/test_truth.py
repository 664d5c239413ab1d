"""What is written into Pulumi's state: before a heal's update, and where something took the place of what is lost."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from orchestrator.adopt.replaced import point_at, replaced
from orchestrator.drift.findings import Difference, Finding
from orchestrator.heal.truth import tell_truth
from orchestrator.kinds import Kind

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def resource(kind: str, name: str, id: str, outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    token = f"cloudflare:index/{kind[0].lower()}{kind[1:]}:{kind}"
    return {"urn": f"urn:pulumi:prod::p::{token}::{name}", "type": token, "id": id, "outputs": outputs, **more}


EXPORTED: dict[str, Any] = {
    "version": 3,
    "deployment": {
        "resources": [
            {"urn": "urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod", "type": "pulumi:pulumi:Stack"},
            resource("WorkersScript", "keeper", "keeper", {"bindings": SECRET}, inputs={"bindings": SECRET}),
            resource(
                "WorkersCronTrigger", "keeper", "keeper", {"schedules": [{"cron": "0 6 * * *", "createdOn": "x"}]}
            ),
            resource("R2Bucket", "files", "files", {"storageClass": "Standard", "creationDate": "2026-01-01"}),
            resource("WorkersKvNamespace", "NOTES", "kv-1", {"id": "kv-1", "title": "NOTES"}),
            resource("D1Database", "router", "d1-1", {"id": "d1-1", "uuid": "d1-1"}),
        ]
    },
}


def changed(kind: Kind, key: str, *differences: tuple[str, str | None, str | None], lost: bool = False) -> Finding:
    told = tuple(Difference(path=path, desired=desired, live=live) for path, desired, live in differences)
    return Finding(change="changed", kind=kind, key=key, name=f"pr-7-{key}", differences=told, lost=lost)


def outputs_of(exported: dict[str, Any], *changes: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """The exported state with other outputs, by kind and name."""
    other = copy.deepcopy(exported)
    for kind, name, values in changes:
        for each in other["deployment"]["resources"]:
            if each["urn"].endswith(f":{kind}::{name}"):
                each["outputs"] |= values
    return other


TOLD = {
    "bindings are forgotten, not opened": (
        changed(Kind.WORKER, "keeper", ("bindings.MODE", "plain_text a", None)),
        ("WorkersScript", "keeper", {"bindings": []}),
    ),
    "whatever differs of a Worker": (
        changed(Kind.WORKER, "keeper", ("placement", None, "smart")),
        ("WorkersScript", "keeper", {"bindings": []}),
    ),
    "schedules as they are": (
        changed(Kind.SCHEDULES, "keeper", ("crons", "0 6 * * *", None)),
        ("WorkersCronTrigger", "keeper", {"schedules": [{"cron": "0 7 * * *"}]}),
    ),
    "storage class as it is": (
        changed(Kind.R2_BUCKET, "files", ("storage_class", "Standard", "InfrequentAccess")),
        ("R2Bucket", "files", {"storageClass": "InfrequentAccess"}),
    ),
}


@pytest.mark.parametrize(("finding", "change"), TOLD.values(), ids=TOLD)
def test_the_state_is_told_what_a_refresh_cannot_see(finding: Finding, change: tuple[str, str, dict[str, Any]]) -> None:
    before = copy.deepcopy(EXPORTED)

    told = tell_truth(EXPORTED, [finding], {"keeper": ["0 7 * * *"]})

    assert told == outputs_of(EXPORTED, change)
    assert before == EXPORTED


@pytest.mark.parametrize(
    "finding",
    [
        changed(Kind.KV_NAMESPACE, "NOTES", ("name", "NOTES", "ATTIC")),
        changed(Kind.SUBDOMAIN, "keeper", ("enabled", "on", "off")),
        changed(Kind.WORKER, "newcomer", ("state", "managed by this stack", "not in the stack's state")),
        Finding(change="missing", kind=Kind.WORKER, key="keeper", name="pr-7-keeper"),
    ],
    ids=lambda finding: f"{finding.kind} {finding.change}",
)
def test_what_a_refresh_sees_needs_no_telling(finding: Finding) -> None:
    assert tell_truth(EXPORTED, [finding], {}) == EXPORTED


def test_what_is_about_to_be_deleted_is_not_told_anything() -> None:
    doomed = copy.deepcopy(EXPORTED)
    doomed["deployment"]["resources"][1]["delete"] = True

    assert tell_truth(doomed, [changed(Kind.WORKER, "keeper", ("content", "a", "b"))], {}) == doomed


def test_the_state_is_pointed_at_what_somebody_made_instead() -> None:
    findings = [
        changed(Kind.KV_NAMESPACE, "NOTES", ("id", "kv-1", "kv-2"), lost=True),
        changed(Kind.D1_DATABASE, "router", ("id", "d1-1", "d1-2"), lost=True),
        changed(Kind.R2_BUCKET, "files", ("creation_date", "2026-01-01", "2026-11-22"), lost=True),
        changed(Kind.WORKER, "keeper", ("content", "a", "b")),
    ]

    pointed = point_at(EXPORTED, replaced(findings))

    expected = outputs_of(
        EXPORTED,
        ("WorkersKvNamespace", "NOTES", {"id": "kv-2"}),
        ("D1Database", "router", {"id": "d1-2", "uuid": "d1-2"}),
        ("R2Bucket", "files", {"creationDate": "2026-11-22"}),
    )
    for each in expected["deployment"]["resources"]:
        each |= {"id": each["outputs"]["id"]} if "id" in each.get("outputs", {}) else {}
    assert pointed == expected
