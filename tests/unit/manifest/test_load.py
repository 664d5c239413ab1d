"""What a right manifest is read as: shorthands, defaults, scalars; and files that cannot be read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestrator.errors import ManifestError
from orchestrator.manifest import BucketNeed, KvNamespaceNeed, Manifest, SecretNeed, load, parse
from tests.support.project import ROOT

SMALLEST = "orchestrator: {worker: router}\nautopilots: []\n"


def autopilot(needs: str = "{}", more: str = "") -> str:
    return (
        "orchestrator: {worker: router}\n"
        "autopilots:\n"
        f"  - {{name: a, endpoint: 'https://a.example.com', capabilities: [a.b], needs: {needs}{more}}}\n"
    )


def test_the_smallest_manifest_has_the_defaults() -> None:
    manifest = parse(SMALLEST)

    assert manifest.orchestrator.cron == "*/15 * * * *"
    assert manifest.orchestrator.kv_namespaces == (KvNamespaceNeed(title="REGISTRY"),)
    assert manifest.orchestrator.allowed_hosts == ()
    assert manifest.tasks == {}


def test_an_autopilot_and_a_task_have_the_defaults() -> None:
    manifest = parse(autopilot() + "tasks: {do: {capability: a.b}}")

    (only,), task = manifest.autopilots, manifest.tasks["do"]
    assert (only.priority, only.weight, only.worker, only.needs.workers) == (0, 1, None, ())
    assert (task.once, task.idempotent, task.timeout, task.description) == (False, False, 25, "")


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("{kvNamespaces: [LOGS]}", "{kvNamespaces: [{title: LOGS}]}"),
        ("{r2Buckets: [pages]}", "{r2Buckets: [{name: pages, jurisdiction: default, storageClass: Standard}]}"),
        (
            "{workers: [{name: w, source: w.ts, secrets: [KEY]}]}",
            "{workers: [{name: w, source: w.ts, secrets: [{name: KEY, optional: false}]}]}",
        ),
    ],
)
def test_a_shorthand_means_the_full_form(short: str, full: str) -> None:
    assert parse(autopilot(short)) == parse(autopilot(full))


def test_every_key_is_read() -> None:
    manifest = parse(
        """
orchestrator:
  worker: router
  cron: "0 9 * * MON-FRI"
  kvNamespaces: [REGISTRY, {title: more}]
  allowedHosts: ["*.example.com"]
autopilots:
  - name: a
    endpoint: https://a.example.com/run
    worker: w
    capabilities: [a.b, a.c]
    priority: 2
    weight: 3
    needs:
      kvNamespaces: [LOGS]
      r2Buckets: [{name: pages, location: weur, jurisdiction: eu, storageClass: InfrequentAccess}]
      workers:
        - name: w
          content: export default {}
          crons: ["0 0 L * *"]
          secrets: [{name: KEY, optional: true}]
          vars: {FROM: me@example.com}
          ai: true
tasks:
  do: {capability: a.b, description: Do it, once: true, timeout: 300}
  again: {capability: a.c, idempotent: true}
"""
    )

    (only,) = manifest.autopilots
    (worker,) = only.needs.workers
    assert manifest.orchestrator.cron == "0 9 * * MON-FRI"
    assert (only.endpoint, only.worker, only.priority, only.weight) == ("https://a.example.com/run", "w", 2, 3)
    assert only.needs.r2_buckets == (
        BucketNeed.model_validate(
            {"name": "pages", "location": "weur", "jurisdiction": "eu", "storageClass": "InfrequentAccess"}
        ),
    )
    assert worker.content == "export default {}"
    assert (worker.crons, worker.vars, worker.ai) == (("0 0 L * *",), {"FROM": "me@example.com"}, True)
    assert worker.secrets == (SecretNeed(name="KEY", optional=True),)
    assert (manifest.tasks["do"].once, manifest.tasks["do"].timeout) == (True, 300)
    assert manifest.tasks["again"].idempotent


@pytest.mark.parametrize(
    "written", ["no", "on", "Yes", "y", "12:30", "190:20:30", "2026-01-01", "1_000", "0b1", "0X1", "=", "<<", "'5'"]
)
def test_what_editors_read_as_text_is_text(written: str) -> None:
    manifest = parse(autopilot(f"{{workers: [{{name: w, source: w.ts, vars: {{V: {written}}}}}]}}"))

    assert manifest.autopilots[0].needs.workers[0].vars["V"] == written.strip("'")


def test_several_autopilots_may_need_the_same_things() -> None:
    text = """
orchestrator: {worker: router}
autopilots:
  - name: a
    worker: shared
    capabilities: [a.b]
    needs: &needs
      kvNamespaces: [LOGS]
      r2Buckets: [pages]
      workers: [{name: shared, source: s.ts, crons: ["0 1 * * *", "0 2 * * *"], secrets: [B, A]}]
  - name: b
    worker: shared
    capabilities: [a.b]
    needs:
      kvNamespaces: [LOGS]
      r2Buckets: [{name: pages}]
      workers:
        - {name: shared, source: s.ts, crons: ["0 2 * * *", "0 1 * * *"], secrets: [A, {name: B}], vars: {}}
"""

    assert len(parse(text).autopilots) == 2


@pytest.mark.parametrize(
    "text", ["\ufeff" + SMALLEST, SMALLEST.replace("\n", "\r\n"), f"%YAML 1.2\n---\n{SMALLEST}...\n"]
)
def test_a_byte_order_mark_line_ends_of_windows_and_a_yaml_header_are_fine(text: str) -> None:
    assert parse(text) == parse(SMALLEST)


def test_the_shipped_file_has_the_four_autopilots_and_ten_tasks_of_the_platform() -> None:
    """And whatever somebody has added to it."""
    manifest = load(ROOT / "autopilots.yaml")
    ours = {"ai-employee", "ai-stylist", "page-deployer", "payout-batch"}
    tasks = {
        "generate_page": ("web.pages.generate", "ai-stylist"),
        "deploy_page": ("web.pages.deploy", "page-deployer"),
        "generate_asset": ("web.asset.generate", "ai-stylist"),
        "process_email": ("email.process", "ai-employee"),
        "create_lead": ("crm.lead.create", "ai-employee"),
        "send_followup": ("email.send", "ai-employee"),
        "make_checkout": ("payment.checkout.create", "ai-employee"),
        "enroll_student": ("lms.enrollment.create", "ai-employee"),
        "run_payout_batch": ("payouts.batch.run", "payout-batch"),
        "pay_affiliate_now": ("payouts.transfer.single", "payout-batch"),
    }
    assert {each.name for each in manifest.autopilots} >= ours
    assert tasks.items() <= capabilities_of_tasks(manifest).items()
    assert {name for name in tasks if manifest.tasks[name].once} == {"run_payout_batch", "pay_affiliate_now"}


def capabilities_of_tasks(manifest: Manifest) -> dict[str, tuple[str, str]]:
    able = {capability: each.name for each in manifest.autopilots for capability in each.capabilities}
    return {name: (task.capability, able[task.capability]) for name, task in manifest.tasks.items()}


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as error:
        load(tmp_path / "autopilots.yaml")

    (issue,) = error.value.issues
    assert (issue.code, issue.message) == ("unreadable-file", "cannot read the file: No such file or directory")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="Is a directory"):
        load(tmp_path)


def test_a_file_in_another_encoding_says_where(tmp_path: Path) -> None:
    path = tmp_path / "autopilots.yaml"
    path.write_bytes("orchestrator:\n  worker: caf\u00e9\n".encode("latin-1"))

    with pytest.raises(ManifestError) as error:
        load(path)

    (issue,) = error.value.issues
    assert (issue.line, issue.column, issue.message) == (2, 14, "the file is not UTF-8 here")


def test_a_compatibility_date_may_be_today_and_not_to_come() -> None:
    """Cloudflare refuses the upload otherwise, half way of an update."""
    text = autopilot("{workers: [{name: w, source: w.ts, compatibilityDate: 2026-11-27}]}")
    assert parse(text, today=date(2026, 11, 27)) == parse(text)

    with pytest.raises(ManifestError) as error:
        parse(text, today=date(2026, 11, 26))

    (issue,) = error.value.issues
    assert (issue.line, issue.column, issue.code) == (
        3,
        text.splitlines()[2].index("2026") + 1,
        "compatibility-date-to-come",
    )
    assert "today is 2026-11-26 (UTC)" in issue.hint


def test_a_file_is_read_on_the_day_that_it_is(tmp_path: Path) -> None:
    file = tmp_path / "autopilots.yaml"
    file.write_text(autopilot("{workers: [{name: w, source: w.ts, compatibilityDate: 9999-01-01}]}"))

    with pytest.raises(ManifestError, match="to come"):
        load(file)
