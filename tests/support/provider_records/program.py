# ruff: noqa
# fmt: off
# mypy: disable-error-code="call-overload"
"""The program behind trace.jsonl: each kind of resource that we declare, once or twice."""
import hashlib, os, pulumi, pulumi_cloudflare as cf
STEP = int(os.environ.get("STEP", "0"))
account = "0" * 31 + "1"
sha = hashlib.sha256(open("worker.js", "rb").read()).hexdigest()
kv = cf.WorkersKvNamespace("registry", account_id=account, title="REGISTRY" if STEP < 2 else "REGISTRY2")
r2 = cf.R2Bucket("pages", account_id=account, name="efh-pages", storage_class="Standard" if STEP < 2 else "InfrequentAccess")
r2eu = cf.R2Bucket("private", account_id=account, name="efh-private", location="weur", **({"jurisdiction": "eu"} if STEP < 4 else {}))
d1 = cf.D1Database("journal", account_id=account, name="efh-journal", read_replication={"mode": "disabled" if STEP < 2 else "auto"})
common = dict(account_id=account, main_module="worker.js", content_file="worker.js", content_sha256=sha, compatibility_date="2026-01-01", observability={"enabled": True})
agent = cf.WorkersScript("agent", script_name="efh-agent", bindings=[
    {"type": "kv_namespace", "name": "LOGS", "namespace_id": kv.id}, {"type": "r2_bucket", "name": "EFH_PRIVATE", "bucket_name": r2eu.name, "jurisdiction": "eu"},
    {"type": "ai", "name": "AI"}], **common)
router = cf.WorkersScript("router", script_name="efh-autopilot-orchestrator", compatibility_flags=["global_fetch_strictly_public"], bindings=[
    {"type": "kv_namespace", "name": "REGISTRY", "namespace_id": kv.id}, {"type": "r2_bucket", "name": "EFH_PAGES", "bucket_name": r2.name},
    {"type": "d1", "name": "DB", "database_id": d1.id}, {"type": "service", "name": "EFH_AGENT", "service": agent.script_name},
    {"type": "secret_text", "name": "API_TOKEN", "text": pulumi.Output.secret("s3cret" if STEP < 2 else "s3cret2")},
    {"type": "plain_text", "name": "STAGE", "text": "local"}, {"type": "assets", "name": "ASSETS"}],
    assets={"directory": "dist", "config": {"not_found_handling": "single-page-application", "run_worker_first": True}}, **common)
cf.WorkersScriptSubdomain("router", account_id=account, script_name=router.script_name, enabled=STEP < 2, previews_enabled=False)
if STEP < 3:
    cf.WorkersCronTrigger("router", account_id=account, script_name=router.script_name, schedules=[{"cron": "*/15 * * * *"}] if STEP < 2 else [{"cron": "*/15 * * * *"}, {"cron": "0 3 * * *"}])
queue = cf.Queue("tasks", account_id=account, queue_name="efh-tasks")
dead = cf.Queue("dead", account_id=account, queue_name="efh-tasks-dead")
cf.QueueConsumer("tasks", account_id=account, queue_id=queue.queue_id, type="worker", script_name=router.script_name, dead_letter_queue=dead.queue_name,
    settings={"batch_size": 10, "max_retries": 3 if STEP < 2 else 5, "max_wait_time_ms": 1000, "retry_delay": 30})
pulumi.export("kv", kv.id)
