"""The whole declared resource graph, as one equality: what the Pulumi program asks for, given a small `Desired`."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from orchestrator.bundle import Module
from orchestrator.desired.derive import derive
from orchestrator.errors import SettingsError
from orchestrator.infra.platform import declare
from orchestrator.infra.settings import read_settings, require_secrets
from orchestrator.manifest import parse

ACCOUNT = "0123456789abcdef0123456789abcdef"
MANIFEST = """
orchestrator: {worker: router, cron: "*/15 * * * *", kvNamespaces: [REGISTRY]}
autopilots:
  - name: clerk
    worker: clerk
    capabilities: [crm.lead.create]
    needs:
      kvNamespaces: [LEADS]
      r2Buckets: [{name: clerk-files, jurisdiction: eu}]
      workers:
        - name: clerk
          content: "export default {}"
          crons: ["0 6 * * *"]
          secrets: [KEY, {name: MORE, optional: true}]
tasks:
  create_lead: {capability: crm.lead.create}
"""
TOKEN = "t0ken" * 8
WEBHOOK_SECRET = "whsec_" + "A" * 32
CONFIG = {
    "accountId": ACCOUNT,
    "apiToken": TOKEN,
    "webhookSecret": WEBHOOK_SECRET,
    "workersUrl": "https://{worker}.example.workers.dev",
    "secrets": json.dumps({"KEY": "k3y"}),
}


class Recorder(pulumi.runtime.Mocks):
    """Answers each creation with its inputs and an id, and refuses any call: the program reads nothing."""

    def __init__(self) -> None:
        self.declared: list[tuple[str, str, dict[str, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.declared.append((args.typ.rpartition(":")[2], args.name, args.inputs))
        return f"id-of-{args.name}", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(f"the program called {args.token}")


@pytest.fixture(autouse=True)
def cloudflare_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")


def configure(**changes: str | None) -> None:
    """The stack's configuration; None takes a key out."""
    config = {key: value for key, value in {**CONFIG, **changes}.items() if value is not None}
    pulumi.runtime.set_all_config(
        {f"project:{key}": value for key, value in config.items()},
        [f"project:{key}" for key in ("apiToken", "webhookSecret", "secrets")],
    )


def run_program(**changes: str | None) -> tuple[Recorder, dict[str, Any]]:
    """Run the program's steps on MANIFEST; what it declared, and the stack's outputs."""
    recorder, outputs = Recorder(), dict[str, Any]()
    pulumi.runtime.set_mocks(recorder, project="project", stack="dev")
    configure(**changes)

    @pulumi.runtime.test
    def program() -> pulumi.Output[None]:
        settings = read_settings()
        desired = derive(parse(MANIFEST, "autopilots.yaml"), name_prefix=settings.name_prefix, stage=settings.stack)
        require_secrets(settings, desired)
        modules = {worker.key: Module(path=f".build/{worker.key}.js", sha256="ab" * 32) for worker in desired.workers}
        return pulumi.Output.all(**declare(desired, modules, settings)).apply(outputs.update)

    program()
    return recorder, outputs


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
        # Bindings that hold a secret are secret as a whole: this is how Pulumi marks such a value on the wire.
        "bindings": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": bindings},
    }


CLERK_BINDINGS: list[dict[str, Any]] = [
    {"type": "r2_bucket", "name": "CLERK_FILES", "bucketName": "clerk-files", "jurisdiction": "eu"},
    {"type": "secret_text", "name": "KEY", "text": "k3y"},
    {"type": "kv_namespace", "name": "LEADS", "namespaceId": "id-of-LEADS"},
    {"type": "plain_text", "name": "STAGE", "text": "dev"},
    {"type": "secret_text", "name": "WEBHOOK_SECRET", "text": WEBHOOK_SECRET},
    {"type": "plain_text", "name": "PUBLIC_URL", "text": "https://clerk.example.workers.dev"},
]
ROUTER_BINDINGS = [
    {"type": "secret_text", "name": "API_TOKEN", "text": TOKEN},
    {"type": "service", "name": "CLERK", "service": "clerk"},
    {"type": "d1", "name": "DB", "databaseId": "id-of-router"},
    {"type": "kv_namespace", "name": "REGISTRY", "namespaceId": "id-of-REGISTRY"},
    {"type": "plain_text", "name": "STAGE", "text": "dev"},
    {"type": "secret_text", "name": "WEBHOOK_SECRET", "text": WEBHOOK_SECRET},
    {"type": "plain_text", "name": "PUBLIC_URL", "text": "https://router.example.workers.dev"},
    {"type": "plain_text", "name": "BUILD_ID", "text": "ab" * 6},
]


def test_declares_exactly_what_the_manifest_implies() -> None:
    recorder, outputs = run_program()
    expected = [
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
        ("WorkersScriptSubdomain", "clerk", subdomain("clerk")),
        ("WorkersCronTrigger", "clerk", crons("clerk", "0 6 * * *")),
        ("WorkerService", "router", {}),
        ("WorkersScript", "router", script("router", ROUTER_BINDINGS, ["global_fetch_strictly_public"])),
        ("WorkersScriptSubdomain", "router", subdomain("router")),
        ("WorkersCronTrigger", "router", crons("router", "*/15 * * * *")),
    ]
    assert sorted(recorder.declared, key=kind_and_name) == sorted(expected, key=kind_and_name)
    assert outputs == {
        "orchestratorUrl": "https://router.example.workers.dev",
        "workerUrls": {
            "clerk": "https://clerk.example.workers.dev",
            "router": "https://router.example.workers.dev",
        },
        "kvNamespaces": {"LEADS": "id-of-LEADS", "REGISTRY": "id-of-REGISTRY"},
        "r2Buckets": {"clerk-files": "clerk-files"},
        "d1Database": "id-of-router",
    }


def kind_and_name(declared: tuple[str, str, dict[str, Any]]) -> tuple[str, str]:
    return declared[:2]


def subdomain(name: str) -> dict[str, Any]:
    return {"accountId": ACCOUNT, "scriptName": name, "enabled": True, "previewsEnabled": False}


def crons(name: str, *expressions: str) -> dict[str, Any]:
    return {"accountId": ACCOUNT, "scriptName": name, "schedules": [{"cron": each} for each in expressions]}


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

    def look(args: pulumi.ResourceTransformArgs) -> None:
        if args.type_.startswith("cloudflare:"):
            seen[args.type_.rpartition(":")[2]] = args.opts.retain_on_delete

    pulumi.runtime.set_mocks(Recorder(), project="project", stack="dev")
    pulumi.runtime.register_stack_transformation(look)
    run_program(keepData=keep_data)
    held = {"WorkersKvNamespace", "R2Bucket", "D1Database"}
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
