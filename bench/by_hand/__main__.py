"""The same resources as `bench.preview`'s manifest implies, as one would write them by hand."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

ACCOUNT = os.environ["CLOUDFLARE_ACCOUNT_ID"]
WORKERS = int(os.environ["WORKERS"])
BUILD = Path("../.build")
ROUTER = "efh-autopilot-orchestrator"
SECRET = pulumi.Output.secret("whsec_dGhlIHNlY3JldCBvZiB0aGUgYmVuY2htYXJr")


def binding(kind: str, name: str, **values: Any) -> cloudflare.WorkersScriptBindingArgs:
    return cloudflare.WorkersScriptBindingArgs(type=kind, name=name, **values)


def worker(
    name: str, bindings: list[cloudflare.WorkersScriptBindingArgs], crons: list[str]
) -> cloudflare.WorkersScript:
    module = BUILD / f"{name}.js"
    script = cloudflare.WorkersScript(
        name,
        account_id=ACCOUNT,
        script_name=name,
        main_module=module.name,
        content_file=str(module),
        content_sha256=hashlib.sha256(module.read_bytes()).hexdigest(),
        compatibility_date="2026-07-01",
        bindings=[
            *bindings,
            binding("plain_text", "STAGE", text="local"),
            binding("plain_text", "PUBLIC_URL", text=f"https://{name}.example.com"),
            binding("secret_text", "WEBHOOK_SECRET", text=SECRET),
        ],
        observability={"enabled": True},
    )
    cloudflare.WorkersScriptSubdomain(
        name, account_id=ACCOUNT, script_name=script.script_name, enabled=True, previews_enabled=False
    )
    cloudflare.WorkersCronTrigger(
        name, account_id=ACCOUNT, script_name=script.script_name, schedules=[{"cron": cron} for cron in crons]
    )
    return script


registry = cloudflare.WorkersKvNamespace("REGISTRY", account_id=ACCOUNT, title="REGISTRY")
database = cloudflare.D1Database(ROUTER, account_id=ACCOUNT, name=ROUTER, read_replication={"mode": "disabled"})
workers = {f"efh-{number}": worker(f"efh-{number}", [], []) for number in range(WORKERS)}
worker(
    ROUTER,
    [
        *(binding("service", name.upper().replace("-", "_"), service=workers[name].script_name) for name in workers),
        binding("kv_namespace", "REGISTRY", namespace_id=registry.id),
        binding("d1", "DB", database_id=database.id),
        binding("secret_text", "API_TOKEN", text=SECRET),
        binding("plain_text", "BUILD_ID", text="bench"),
    ],
    ["*/15 * * * *"],
)
