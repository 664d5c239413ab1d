"""What counts as drift, on values: the cases that no call to a local account can make, and the order of findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.desired.bindings import bound_to, worker_urls
from orchestrator.desired.derive import Desired, derive
from orchestrator.desired.resources import TextBinding
from orchestrator.drift.compare import find_drift
from orchestrator.drift.findings import Drift, Finding
from orchestrator.drift.live import Bucket, Database, Live, LiveWorker, Namespace, Version
from orchestrator.kinds import Kind
from orchestrator.manifest import parse
from orchestrator.stack.state import State, StateResource

MANIFEST = """
orchestrator: {worker: router}
autopilots:
  - name: keeper
    worker: keeper
    capabilities: [file.keep]
    needs:
      kvNamespaces: [NOTES]
      r2Buckets: [files]
      workers:
        - name: keeper
          content: "export default {}"
          public: true
          secrets: [{name: KEY, optional: true}]
          vars: {MODE: a}
"""
SAYS_ALL = (
    MANIFEST
    + """
          observability: {headSamplingRate: 0.1}
          placement: smart
          limits: {cpuMs: 50}
          tailConsumers: [logger]
          logpush: true
        - {name: logger, content: "export default {}"}
"""
)
ROUTER_SHA, KEEPER_SHA = "1" * 64, "2" * 64
MODULES = {"router": ROUTER_SHA, "keeper": KEEPER_SHA}
URL = "https://{worker}.example.com"
ON = {"enabled": True}
SECRETS = ("API_TOKEN", "WEBHOOK_SECRET")


def desired(prefix: str = "", text: str = MANIFEST) -> Desired:
    return derive(parse(text, "autopilots.yaml"), name_prefix=prefix, stage="prod")


def bindings(wanted: Desired, *secrets: str) -> dict[str, Any]:
    return bound_to(
        wanted, secrets=secrets, urls=worker_urls(wanted, URL), build_id=ROUTER_SHA[:12], router_texts={}, mark=None
    )


def resource(kind: Kind, key: str, id: str, **outputs: str) -> StateResource:
    return StateResource(urn=f"urn::{kind}::{key}", kind=kind, name=key, id=id, inputs={}, outputs=outputs)


STATE = State(
    resources=(
        resource(Kind.KV_NAMESPACE, "REGISTRY", "kv-1"),
        resource(Kind.KV_NAMESPACE, "NOTES", "kv-2"),
        resource(Kind.R2_BUCKET, "files", "files", name="files", creationDate="2026-11-22T10:00:00.000Z"),
        resource(Kind.D1_DATABASE, "router", "d1-1"),
        resource(Kind.WORKER, "router", "router", scriptName="router"),
        resource(Kind.WORKER, "keeper", "keeper", scriptName="keeper"),
    )
)
KEEPER = LiveWorker(
    name="keeper",
    version=Version(
        content_sha256=KEEPER_SHA,
        bindings=(
            {"name": "NOTES", "type": "kv_namespace", "namespace_id": "kv-2"},
            {"name": "FILES", "type": "r2_bucket", "bucket_name": "files"},
            {"name": "MODE", "type": "plain_text", "text": "a"},
            {"name": "STAGE", "type": "plain_text", "text": "prod"},
            {"name": "AUTOPILOTS", "type": "plain_text", "text": "keeper"},
            {"name": "PUBLIC_URL", "type": "plain_text", "text": "https://keeper.example.com"},
            {"name": "WEBHOOK_SECRET", "type": "secret_text"},
        ),
        compatibility_date="2026-07-01",
        compatibility_flags=(),
    ),
    observability=ON,
    subdomain=(True, False),
    schedules=(),
)
ROUTER = LiveWorker(
    name="router",
    version=Version(
        content_sha256=ROUTER_SHA,
        bindings=(
            {"name": "REGISTRY", "type": "kv_namespace", "namespace_id": "kv-1"},
            {"name": "ASSETS", "type": "assets"},
            {"name": "DB", "type": "d1", "id": "d1-1"},
            {"name": "KEEPER", "type": "service", "service": "keeper", "environment": "production"},
            {"name": "API_TOKEN", "type": "secret_text"},
            {"name": "WEBHOOK_SECRET", "type": "secret_text"},
            *(
                {"name": each.name, "type": "plain_text", "text": each.text}
                for each in bindings(desired(), *SECRETS)["router"]
                if isinstance(each, TextBinding)
            ),
        ),
        compatibility_date="2026-07-01",
        compatibility_flags=("enable_request_signal", "global_fetch_strictly_public"),
    ),
    observability=ON,
    subdomain=(True, False),
    schedules=("*/15  * * * *",),  # spaces do not count
)
LIVE = Live(
    kv_namespaces=(Namespace(id="kv-1", title="REGISTRY"), Namespace(id="kv-2", title="NOTES")),
    r2_buckets=(Bucket(name="files", jurisdiction="default", created_on="2026-11-22T10:00:00.123456Z"),),
    d1_databases=(Database(id="d1-1", name="router", read_replication="disabled"),),
    workers={"router": ROUTER, "keeper": KEEPER},
    worker_names=frozenset({"router", "keeper"}),
)


def compare(live: Live = LIVE, state: State = STATE, *secrets: str) -> tuple[Finding, ...]:
    wanted = desired()
    return find_drift(wanted, live, bound=bindings(wanted, *(secrets or SECRETS)), modules=MODULES, state=state)


def told(findings: tuple[Finding, ...]) -> list[str]:
    """Each difference as one line."""
    return [
        f"{finding.change} {finding.kind} {finding.name}"
        + "".join(f"; {each.path}: {each.desired} -> {each.live}" for each in finding.differences)
        + (" LOST" if finding.lost else "")
        for finding in findings
    ]


def keeper(**changes: Any) -> Live:
    return replace(LIVE, workers={**LIVE.workers, "keeper": replace(KEEPER, **changes)})


def with_bindings(*changed: dict[str, str]) -> Live:
    names = {each["name"] for each in changed}
    kept = [each for each in KEEPER.version.bindings if each["name"] not in names]
    return keeper(version=replace(KEEPER.version, bindings=(*kept, *changed)))


def without(*names: str) -> State:
    return State(resources=tuple(each for each in STATE.resources if each.name not in names))


def test_what_is_as_declared_is_clean() -> None:
    assert compare() == ()


CASES: dict[str, tuple[Live, State, list[str]]] = {
    "the whole account is empty and nothing was ever made: missing, nothing lost": (
        Live(),
        State(),
        [
            "missing kvNamespace NOTES",
            "missing kvNamespace REGISTRY",
            "missing r2Bucket files",
            "missing d1Database router",
            "missing worker keeper",
            "missing worker router",
        ],
    ),
    "all is there and the state knows none of it: adopted or refused, never silently taken": (
        LIVE,
        State(),
        [
            f"changed {what}; state: managed by this stack -> not in the stack's state"
            for what in (
                "kvNamespace NOTES",
                "kvNamespace REGISTRY",
                "r2Bucket files",
                "d1Database router",
                "worker keeper",
                "worker router",
            )
        ],
    ),
    "what the state knew beyond the file and is gone: the state still has to forget it": (
        LIVE,
        State(
            resources=(
                *STATE.resources,
                resource(Kind.KV_NAMESPACE, "OLD", "kv-9"),
                resource(Kind.R2_BUCKET, "old", "old", name="old"),
                resource(Kind.WORKER, "old", "old", scriptName="old"),
            )
        ),
        [
            f"left-behind {what}; state: None -> in the stack's state, gone from the account"
            for what in ("kvNamespace OLD", "r2Bucket old", "worker old")
        ],
    ),
    "a bucket recreated": (
        replace(LIVE, r2_buckets=(replace(LIVE.r2_buckets[0], created_on="2026-11-22T11:00:00Z"),)),
        STATE,
        ["changed r2Bucket files; creation_date: 2026-11-22T10:00:00.000Z -> 2026-11-22T11:00:00Z LOST"],
    ),
    "a bucket of which the list says no time": (
        replace(LIVE, r2_buckets=(replace(LIVE.r2_buckets[0], created_on=None),)),
        STATE,
        [],
    ),
    "observability with its defaults spelled out": (
        keeper(observability={**ON, "head_sampling_rate": 1.0, "logs.enabled": True, "logs.persist": True}),
        STATE,
        [],
    ),
    "observability that does not say whether it is on": (
        keeper(observability={}),
        STATE,
        ["changed worker keeper; observability.enabled: on -> off"],
    ),
    "logs that are sampled by themselves": (
        keeper(observability={**ON, "logs.head_sampling_rate": 0.5}),
        STATE,
        ["changed worker keeper; observability.logs.head_sampling_rate: 1 -> 0.5"],
    ),
    "a limit that nobody declared": (
        keeper(version=replace(KEEPER.version, limits={"cpu_ms": 50, "subrequests": 10})),
        STATE,
        ["changed worker keeper; limits.cpu_ms: None -> 50; limits.subrequests: None -> 10"],
    ),
    "a binding of a kind that is never declared": (
        with_bindings({"name": "JOBS", "type": "queue", "queue_name": "jobs"}),
        STATE,
        ["changed worker keeper; bindings.JOBS: None -> queue"],
    ),
    "an undeclared variable's text is not told": (
        with_bindings({"name": "KEY", "type": "plain_text", "text": "s3cret"}),
        STATE,
        ["changed worker keeper; bindings.KEY: None -> plain_text"],
    ),
    "a declared variable's text is": (
        with_bindings({"name": "MODE", "type": "plain_text", "text": "b"}),
        STATE,
        ["changed worker keeper; bindings.MODE: plain_text a -> plain_text b"],
    ),
    "a bucket's binding into another jurisdiction": (
        with_bindings({"name": "FILES", "type": "r2_bucket", "bucket_name": "files", "jurisdiction": "eu"}),
        STATE,
        ["changed worker keeper; bindings.FILES: r2_bucket files -> r2_bucket files (eu)"],
    ),
    "a service binding to another entrypoint": (
        replace(
            LIVE,
            workers={
                **LIVE.workers,
                "router": replace(
                    ROUTER,
                    version=replace(
                        ROUTER.version,
                        bindings=(
                            *(each for each in ROUTER.version.bindings if each["name"] != "KEEPER"),
                            {"name": "KEEPER", "type": "service", "service": "keeper", "entrypoint": "Admin"},
                        ),
                    ),
                ),
            },
        ),
        STATE,
        ["changed worker router; bindings.KEEPER: service keeper -> service keeper#Admin"],
    ),
    "schedules that were not asked for": (keeper(schedules=None), STATE, []),
}


@pytest.mark.parametrize(("live", "state", "expected"), CASES.values(), ids=CASES)
def test_what_is_found(live: Live, state: State, expected: list[str]) -> None:
    assert told(compare(live, state)) == expected


AS_DECLARED = {
    "observability": {**ON, "head_sampling_rate": 0.1, "logs.head_sampling_rate": 0.1},
    "logpush": True,
    "tail_consumers": ("logger",),
    "version": replace(KEEPER.version, placement="smart", limits={"cpu_ms": 50}),
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"observability": ON}, ["observability.head_sampling_rate: 0.1 -> 1"]),
        ({"logpush": False}, ["logpush: on -> off"]),
        ({"tail_consumers": ()}, ["tail_consumers: logger -> None"]),
        ({"version": KEEPER.version}, ["placement: smart -> None", "limits.cpu_ms: 50 -> None"]),
        ({"subdomain": (False, False)}, ["enabled: on -> off"]),
    ],
)
def test_what_the_file_says_of_a_worker_is_what_it_is_held_against(
    changed: dict[str, Any], expected: list[str]
) -> None:
    wanted = desired(text=SAYS_ALL)
    live = keeper(**AS_DECLARED | changed)

    findings = find_drift(
        wanted, live, bound=bindings(wanted, *SECRETS), modules={**MODULES, "logger": ""}, state=STATE
    )

    of_keeper = [each for each in findings if each.name == "keeper"]
    assert [
        f"{each.path}: {each.desired} -> {each.live}" for found in of_keeper for each in found.differences
    ] == expected


def test_a_lost_namespace_is_one_finding_though_a_worker_is_bound_to_it() -> None:
    live = replace(LIVE, kv_namespaces=(LIVE.kv_namespaces[0], Namespace(id="kv-3", title="NOTES")))

    assert told(compare(live)) == ["changed kvNamespace NOTES; id: kv-2 -> kv-3 LOST"]


def test_an_optional_secret_is_expected_when_the_stack_has_it() -> None:
    assert told(compare(LIVE, STATE, *SECRETS, "KEY")) == ["changed worker keeper; bindings.KEY: secret_text -> None"]


def test_another_prefix_is_another_bucket_and_the_old_one_is_left_behind_not_lost() -> None:
    wanted = desired("pr-7-")
    found = find_drift(wanted, LIVE, bound=bindings(wanted, *SECRETS), modules=MODULES, state=STATE)

    assert [line for line in told(found) if "r2Bucket" in line] == [
        "left-behind r2Bucket files",
        "missing r2Bucket pr-7-files",
    ]


def test_what_nobody_declared_comes_last_and_is_no_drift() -> None:
    live = replace(
        LIVE,
        kv_namespaces=(*LIVE.kv_namespaces, Namespace(id="kv-9", title="HERS")),
        workers={**LIVE.workers, "router": replace(ROUTER, schedules=())},
        worker_names=frozenset({*LIVE.worker_names, "hers"}),
    )
    drift = Drift(findings=compare(live))

    assert told(drift.findings) == [
        "changed schedules router; crons: */15 * * * * -> None",
        "undeclared kvNamespace HERS",
        "undeclared worker hers",
    ]
    assert [each.kind for each in drift.drifted] == ["schedules"]
    assert not drift.clean
    assert Drift(findings=drift.findings[1:]).clean
