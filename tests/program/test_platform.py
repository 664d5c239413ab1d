"""The whole declared resource graph, as one equality: what the Pulumi program asks for, given a small `Desired`."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from orchestrator.bundle.admin_page import HEADERS, Assets
from orchestrator.dispatch.signature import secret_of
from orchestrator.errors import SettingsError
from orchestrator.kinds import Kind
from orchestrator.stack.state import State, StateResource
from tests.support.program import ACCOUNT, MANIFEST, MARK, ROUTER_BINDINGS, WEBHOOK_SECRET, Recorder, run_program


@pytest.fixture(autouse=True)
def cloudflare_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")


def script(name: str, bindings: list[dict[str, Any]], flags: list[str]) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT,
        "scriptName": name,
        "mainModule": f"{name.removeprefix('pr-7-')}.js",
        "contentFile": f".build/{name.removeprefix('pr-7-')}.js",
        "contentSha256": "ab" * 32,
        "compatibilityDate": "2026-07-01",
        "compatibilityFlags": flags,
        "observability": {"enabled": True},
        "logpush": False,
        # Bindings that hold a secret are secret as a whole: this is how Pulumi marks such a value on the wire.
        "bindings": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": bindings},
    }


CLERK_BINDINGS: list[dict[str, Any]] = [
    {"type": "plain_text", "name": "AUTOPILOTS", "text": "clerk"},
    {"type": "r2_bucket", "name": "CLERK_FILES", "bucketName": "clerk-files", "jurisdiction": "eu"},
    {"type": "secret_text", "name": "KEY", "text": "k3y"},
    {"type": "kv_namespace", "name": "LEADS", "namespaceId": "id-of-LEADS"},
    {"type": "plain_text", "name": "STAGE", "text": "dev"},
    {"type": "secret_text", "name": "WEBHOOK_SECRET", "text": secret_of(WEBHOOK_SECRET, "clerk")},
    {"type": "plain_text", "name": "ORCHESTRATOR_MARK", "text": MARK},
]


def test_declares_exactly_what_the_manifest_implies() -> None:
    recorder, outputs = run_program()
    expected: list[tuple[str, str, dict[str, Any]]] = [
        ("Mark", "mark", {"mark": MARK}),
        ("Storage", "storage", {}),
        ("WorkersKvNamespace", "LEADS", {"accountId": ACCOUNT, "title": "LEADS"}),
        ("WorkersKvNamespace", "REGISTRY", {"accountId": ACCOUNT, "title": "REGISTRY"}),
        (
            "R2Bucket",
            "clerk-files",
            {"accountId": ACCOUNT, "name": "clerk-files", "jurisdiction": "eu", "storageClass": "Standard"},
        ),
        ("D1Database", "router", {"accountId": ACCOUNT, "name": "router", "readReplication": {"mode": "disabled"}}),
        ("WorkerService", "clerk", {}),
        ("WorkersScript", "clerk", script("clerk", CLERK_BINDINGS, [])),
        ("WorkersScriptSubdomain", "clerk", subdomain("clerk", enabled=False)),
        ("WorkersCronTrigger", "clerk", crons("clerk", "0 6 * * *")),
        ("WorkerService", "router", {}),
        (
            "WorkersScript",
            "router",
            script("router", ROUTER_BINDINGS, ["enable_request_signal", "global_fetch_strictly_public"]),
        ),
        ("WorkersScriptSubdomain", "router", subdomain("router")),
        ("WorkersCronTrigger", "router", crons("router", "*/15 * * * *")),
    ]
    assert sorted(recorder.declared, key=kind_and_name) == sorted(expected, key=kind_and_name)
    assert outputs == {
        "orchestratorUrl": "https://router.example.workers.dev",
        "workerUrls": {
            "router": "https://router.example.workers.dev",
        },
        "kvNamespaces": {"LEADS": "id-of-LEADS", "REGISTRY": "id-of-REGISTRY"},
        "r2Buckets": {"clerk-files": "clerk-files"},
        "d1Databases": {"router": "id-of-router"},
        "d1Database": "id-of-router",
    }


def kind_and_name(declared: tuple[str, str, dict[str, Any]]) -> tuple[str, str]:
    return declared[:2]


def subdomain(name: str, *, enabled: bool = True) -> dict[str, Any]:
    return {"accountId": ACCOUNT, "scriptName": name, "enabled": enabled, "previewsEnabled": False}


def crons(name: str, *expressions: str) -> dict[str, Any]:
    return {"accountId": ACCOUNT, "scriptName": name, "schedules": [{"cron": each} for each in expressions]}


LATER = MANIFEST.replace("{capability: crm.lead.create}", "{capability: crm.lead.create, async: true}")
SAYS_ALL = MANIFEST.replace(
    "          crons: [",
    """          public: true
          observability: {enabled: true, headSamplingRate: 0.1}
          placement: smart
          limits: {cpuMs: 50}
          tailConsumers: [auditor]
          logpush: true
          domains: [clerk.example.com]
          crons: [""",
).replace("tasks:", "        - {name: auditor, content: x}\ntasks:")
SETTINGS = ("observability", "placement", "limits", "tailConsumers", "logpush")


def settings_of(recorder: Recorder, worker: str) -> dict[str, Any]:
    inputs = next(i for kind, name, i in recorder.declared if (kind, name) == ("WorkersScript", worker))
    return {key: inputs[key] for key in SETTINGS if key in inputs}


def test_what_the_file_says_of_a_worker_is_declared() -> None:
    recorder, outputs = run_program(SAYS_ALL, namePrefix="pr-7-")

    assert settings_of(recorder, "clerk") == {
        "observability": {"enabled": True, "headSamplingRate": 0.1},
        "placement": {"mode": "smart"},
        "limits": {"cpuMs": 50},
        "tailConsumers": [{"service": "pr-7-auditor"}],
        "logpush": True,
    }
    assert ("WorkersScriptSubdomain", "clerk", subdomain("pr-7-clerk")) in recorder.declared
    domain = {"accountId": ACCOUNT, "hostname": "clerk.example.com", "service": "pr-7-clerk"}
    assert ("WorkersCustomDomain", "clerk.example.com", domain) in recorder.declared
    assert outputs["workerUrls"].keys() == {"clerk", "router"}


def test_a_stack_beside_another_one_can_do_without_the_custom_domains() -> None:
    recorder, _ = run_program(SAYS_ALL, customDomains="false")

    assert not any(kind == "WorkersCustomDomain" for kind, *_ in recorder.declared)


def test_what_leaves_the_file_is_told_to_end_where_the_provider_would_keep_it() -> None:
    kept = {"placement": {"mode": "smart"}, "tailConsumers": [{"service": "auditor"}]}
    known = StateResource(urn="", kind=Kind.WORKER, name="clerk", id="clerk", inputs={}, outputs=kept)

    recorder, _ = run_program(MANIFEST, State(resources=(known,)))

    assert settings_of(recorder, "clerk") == {
        "observability": {"enabled": True},
        "placement": {},
        "tailConsumers": [],
        "logpush": False,
    }


def test_a_prefix_names_everything_in_the_account_and_no_binding() -> None:
    recorder, _ = run_program(namePrefix="pr-7-")
    named = {
        inputs.get("title") or inputs.get("name") or inputs.get("scriptName") for _, _, inputs in recorder.declared
    }
    assert named - {None} == {"pr-7-LEADS", "pr-7-REGISTRY", "pr-7-clerk-files", "pr-7-router", "pr-7-clerk"}
    bindings = next(i["bindings"]["value"] for t, n, i in recorder.declared if (t, n) == ("WorkersScript", "router"))
    names = [binding["name"] for binding in ROUTER_BINDINGS]
    assert {binding["name"] for binding in bindings} == {*names, "NAME_PREFIX"}
    assert {"type": "plain_text", "name": "NAME_PREFIX", "text": "pr-7-"} in bindings


@pytest.mark.parametrize(("keep_data", "retained"), [("true", True), ("false", False)])
def test_only_a_stage_that_owns_its_data_may_delete_it(keep_data: str, retained: bool) -> None:
    seen: dict[str, bool | None] = {}

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_.startswith("cloudflare:"):
            seen[args.type_.rpartition(":")[2]] = args.opts.retain_on_delete

    pulumi.runtime.set_mocks(Recorder(), project="project", stack="dev")
    pulumi.runtime.register_stack_transformation(look)
    run_program(LATER, keepData=keep_data)
    held = {"WorkersKvNamespace", "R2Bucket", "D1Database", "Queue"}
    assert {kind for kind, retain in seen.items() if retain} == (held if retained else set())
    assert held < seen.keys()


def test_a_new_stack_is_told_everything_that_is_missing_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    with pytest.raises(SettingsError) as failure:
        run_program(accountId=None, apiToken=None, webhookSecret=None, plan="gold", keepData="perhaps")
    lines = str(failure.value).splitlines()
    assert lines[0] == "the stack dev is not ready:"
    assert [line.split()[1] for line in lines[1:]] == [
        "accountId",
        "apiToken",
        "webhookSecret",
        "the",
        "plan",
        "keepData",
    ]
    assert all("pulumi config set" in line for line in lines[1:])


def test_a_missing_secret_of_a_worker_is_named_with_the_command_that_sets_it() -> None:
    with pytest.raises(SettingsError, match=r"secrets\.KEY is not set \(Worker clerk\): pulumi config set --secret"):
        run_program(secrets=None)


def test_a_task_that_is_done_later_has_queues_a_consumer_and_producers() -> None:
    recorder, _ = run_program(LATER, namePrefix="pr-7-")

    declared = {(kind, name): inputs for kind, name, inputs in recorder.declared}
    settings = {"deliveryDelay": 0, "deliveryPaused": False}
    for key in ("efh-tasks", "efh-tasks-dead"):
        assert declared["Queue", key] == {"accountId": ACCOUNT, "queueName": f"pr-7-{key}", "settings": settings}
    assert declared["QueueConsumer", "efh-tasks"] == {
        "accountId": ACCOUNT,
        "type": "worker",
        "scriptName": "pr-7-router",
        "deadLetterQueue": "pr-7-efh-tasks-dead",
        "settings": {"batchSize": 10, "maxRetries": 100, "maxWaitTimeMs": 1000, "retryDelay": 10},
    }  # its queueId is known only when the queue is there
    bound = declared["WorkersScript", "router"]["bindings"]["value"]
    assert {each["name"]: each["queueName"] for each in bound if each["type"] == "queue"} == {
        "TASK_QUEUE": "pr-7-efh-tasks",
        "DEAD_LETTER_QUEUE": "pr-7-efh-tasks-dead",
    }


def test_the_routing_worker_alone_serves_the_admin_page() -> None:
    recorder, _ = run_program(MANIFEST, None, Assets(directory=".build/admin", sha256="cd" * 32))

    scripts = {name: inputs.get("assets") for kind, name, inputs in recorder.declared if kind == "WorkersScript"}
    config = {"headers": HEADERS, "htmlHandling": "auto-trailing-slash", "notFoundHandling": "none"}
    assert scripts == {"clerk": None, "router": {"directory": ".build/admin", "config": config}}
