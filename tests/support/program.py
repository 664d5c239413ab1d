"""The program's steps on a small manifest, with Pulumi's own mocks: what it declares is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi

from orchestrator.bundle.admin_page import Assets
from orchestrator.bundle.modules import Module
from orchestrator.desired.derive import derive
from orchestrator.infra.platform import declare
from orchestrator.infra.settings import read_settings, require_secrets
from orchestrator.manifest import parse
from orchestrator.stack.state import State

MARK = "0" * 32
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
ROUTER_BINDINGS = [
    {"type": "secret_text", "name": "API_TOKEN", "text": TOKEN},
    {"type": "assets", "name": "ASSETS"},
    {"type": "service", "name": "CLERK", "service": "clerk"},
    {"type": "d1", "name": "DB", "databaseId": "id-of-router"},
    {"type": "kv_namespace", "name": "REGISTRY", "namespaceId": "id-of-REGISTRY"},
    {"type": "plain_text", "name": "STAGE", "text": "dev"},
    {"type": "secret_text", "name": "WEBHOOK_SECRET", "text": WEBHOOK_SECRET},
    {"type": "plain_text", "name": "PUBLIC_URL", "text": "https://router.example.workers.dev"},
    {"type": "plain_text", "name": "ORCHESTRATOR_MARK", "text": MARK},
    {"type": "plain_text", "name": "BUILD_ID", "text": "ab" * 6},
]


class Recorder(pulumi.runtime.Mocks):
    """Answers each creation with its inputs and an id, and refuses any call: the program reads nothing."""

    def __init__(self) -> None:
        self.declared: list[tuple[str, str, dict[str, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.declared.append((args.typ.rpartition(":")[2], args.name, args.inputs))
        return f"id-of-{args.name}", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(f"the program called {args.token}")


def configure(**changes: str | None) -> None:
    """The stack's configuration; None takes a key out."""
    config = {key: value for key, value in {**CONFIG, **changes}.items() if value is not None}
    pulumi.runtime.set_all_config(
        {f"project:{key}": value for key, value in config.items()},
        [f"project:{key}" for key in ("apiToken", "webhookSecret", "secrets")],
    )


def await_program(program: Callable[[], object]) -> None:
    """Run it with the mocks that are set; what it leaves to do is awaited."""
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]


def run_program(
    manifest: str = MANIFEST, state: State | None = None, page: Assets | None = None, /, **changes: str | None
) -> tuple[Recorder, dict[str, Any]]:
    """Run the program's steps on `manifest`; what it declared, and the stack's outputs. `page`: the admin page."""
    recorder, outputs = Recorder(), dict[str, Any]()
    pulumi.runtime.set_mocks(recorder, project="project", stack="dev")
    configure(**changes)

    def program() -> pulumi.Output[None]:
        settings = read_settings()
        desired = derive(
            parse(manifest, "autopilots.yaml"),
            name_prefix=settings.name_prefix,
            stage=settings.stack,
            custom_domains=settings.custom_domains,
        )
        require_secrets(settings, desired)
        modules = {worker.key: Module(path=f".build/{worker.key}.js", sha256="ab" * 32) for worker in desired.workers}
        modules[desired.router] = replace(modules[desired.router], assets=page)
        return pulumi.Output.all(**declare(desired, modules, settings, mark=MARK, state=state)).apply(outputs.update)

    await_program(program)
    return recorder, outputs
