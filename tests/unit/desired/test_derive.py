"""What a manifest implies: names, owners, bindings; and that the order of the file means nothing."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.desired.derive import Desired, derive
from orchestrator.desired.resources import (
    AiBinding,
    AssetsBinding,
    D1Binding,
    D1Database,
    KvBinding,
    KvNamespace,
    R2Binding,
    R2Bucket,
    SecretBinding,
    ServiceBinding,
    TextBinding,
    Worker,
)
from orchestrator.errors import SettingsError
from orchestrator.manifest import load, parse
from orchestrator.manifest.source import read
from orchestrator.names import binding_name
from tests.support.project import ROOT

SHIPPED_DATA = read((ROOT / "autopilots.yaml").read_text(), "autopilots.yaml").data
SHIPPED = derive(load(ROOT / "autopilots.yaml"))
WORKERS = {"efh-agent", "efh-ai-stylist", "efh-autopilot-orchestrator", "efh-page-deployer", "efh-payout-batch"}
EXAMPLE = """
orchestrator: {worker: router}
autopilots:
  - name: writer
    worker: writer
    capabilities: [text.write]
    needs:
      kvNamespaces: [DRAFTS]
      r2Buckets: [{name: my-texts, location: weur, jurisdiction: eu, storageClass: InfrequentAccess}]
      d1Databases: [{name: sales, jurisdiction: eu, binding: BOOKS}]
      workers:
        - name: writer
          source: writer/index.ts
          crons: ["0 2 * * *", "0 1 * * *"]
          secrets: [KEY, {name: MAIL_KEY, optional: true}]
          vars: {SENDER: me@example.com}
          ai: true
  - name: reader
    endpoint: https://reader.example.com/
    capabilities: [text.read]
    needs: {kvNamespaces: [DRAFTS], workers: [{name: 3-cron, content: 'export default {}'}]}
tasks:
  write: {capability: text.write}
"""


def derived(text: str = EXAMPLE, **arguments: Any) -> Desired:
    return derive(parse(text), **arguments)


def worker(desired: Desired, key: str) -> Worker:
    return next(each for each in desired.workers if each.key == key)


def test_everything_that_the_example_implies() -> None:
    desired = derived(name_prefix="pr-7-", stage="pr-7")

    assert desired.kv_namespaces == (
        KvNamespace(key="DRAFTS", title="pr-7-DRAFTS", owners=("reader", "writer")),
        KvNamespace(key="REGISTRY", title="pr-7-REGISTRY", owners=("orchestrator",)),
    )
    assert desired.r2_buckets == (
        R2Bucket(
            key="my-texts",
            name="pr-7-my-texts",
            location="weur",
            jurisdiction="eu",
            storage_class="InfrequentAccess",
            owners=("writer",),
        ),
    )
    assert desired.d1_databases == (
        D1Database(key="router", name="pr-7-router", owners=("orchestrator",)),
        D1Database(key="sales", name="pr-7-sales", jurisdiction="eu", owners=("writer",)),
    )
    assert desired.records == desired.d1_databases[0]
    assert desired.router == "router"
    assert desired.workers == (
        Worker(
            key="3-cron",
            name="pr-7-3-cron",
            owner="reader",
            content="export default {}",
            bindings=(
                TextBinding(name="AUTOPILOTS", text="reader"),
                KvBinding(name="DRAFTS", namespace="DRAFTS"),
                TextBinding(name="STAGE", text="pr-7"),
                SecretBinding(name="WEBHOOK_SECRET", secret="WEBHOOK_SECRET", autopilots=("reader",)),
            ),
        ),
        Worker(
            key="router",
            name="pr-7-router",
            owner="orchestrator",
            source="router/src/index.ts",
            bindings=(
                SecretBinding(name="ALERT_URL", secret="ALERT_URL", optional=True),
                SecretBinding(name="API_TOKEN", secret="API_TOKEN"),
                AssetsBinding(),
                SecretBinding(name="CLOUDFLARE_ANALYTICS_TOKEN", secret="CLOUDFLARE_ANALYTICS_TOKEN", optional=True),
                SecretBinding(name="CLOUDFLARE_API_TOKEN", secret="CLOUDFLARE_API_TOKEN", optional=True),
                D1Binding(name="DB", database="router"),
                SecretBinding(name="HEAL", secret="HEAL", optional=True),
                TextBinding(name="NAME_PREFIX", text="pr-7-"),
                KvBinding(name="REGISTRY", namespace="REGISTRY"),
                TextBinding(name="STAGE", text="pr-7"),
                SecretBinding(name="WEBHOOK_SECRET", secret="WEBHOOK_SECRET"),
                ServiceBinding(name="WRITER", worker="writer"),
            ),
            crons=("*/15 * * * *",),
            public=True,
            compatibility_flags=("enable_request_signal", "global_fetch_strictly_public"),
        ),
        Worker(
            key="writer",
            name="pr-7-writer",
            owner="writer",
            source="writer/index.ts",
            bindings=(
                AiBinding(),
                TextBinding(name="AUTOPILOTS", text="writer"),
                D1Binding(name="BOOKS", database="sales"),
                KvBinding(name="DRAFTS", namespace="DRAFTS"),
                SecretBinding(name="KEY", secret="KEY"),
                SecretBinding(name="MAIL_KEY", secret="MAIL_KEY", optional=True),
                R2Binding(name="MY_TEXTS", bucket="my-texts"),
                TextBinding(name="SENDER", text="me@example.com"),
                TextBinding(name="STAGE", text="pr-7"),
                SecretBinding(name="WEBHOOK_SECRET", secret="WEBHOOK_SECRET", autopilots=("writer",)),
            ),
            crons=("0 1 * * *", "0 2 * * *"),
        ),
    )


def test_the_prefix_is_in_no_key_no_route_and_one_binding_that_tells_the_router() -> None:
    plain, prefixed = derived(), derived(name_prefix="pr-7-")
    told = TextBinding(name="NAME_PREFIX", text="pr-7-")

    assert [each.key for each in plain.workers] == [each.key for each in prefixed.workers]
    assert [set(each.bindings) for each in prefixed.workers] == [
        {*each.bindings, told} if each.key == plain.router else set(each.bindings) for each in plain.workers
    ]
    assert plain.routes == prefixed.routes


def test_a_worker_that_several_autopilots_declare_is_one_and_sees_what_each_needs() -> None:
    desired = derived(
        """
orchestrator: {worker: router}
autopilots:
  - {name: b, worker: w, capabilities: [a.b], needs: {kvNamespaces: [TWO], workers: [{name: w, source: w.ts}]}}
  - {name: a, worker: w, capabilities: [a.b], needs: {kvNamespaces: [ONE], workers: [{name: w, source: w.ts}]}}
"""
    )

    shared = worker(desired, "w")
    assert len(desired.workers) == 2
    assert shared.owner == "a"
    assert [each.name for each in shared.bindings] == ["AUTOPILOTS", "ONE", "STAGE", "TWO", "WEBHOOK_SECRET"]
    assert sum(isinstance(each, ServiceBinding) for each in worker(desired, "router").bindings) == 1


@given(st.randoms(use_true_random=False))
@settings(max_examples=8, database=None, deadline=None)
def test_reordering_the_file_changes_nothing(randomness: random.Random) -> None:
    shuffled = derive(parse(json.dumps(_shuffled(SHIPPED_DATA, randomness))))

    assert shuffled == SHIPPED
    assert shuffled.routes.to_json() == SHIPPED.routes.to_json()


def _shuffled(value: Any, randomness: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        randomness.shuffle(keys)
        return {key: _shuffled(value[key], randomness) for key in keys}
    if isinstance(value, list):
        items = [_shuffled(item, randomness) for item in value]
        randomness.shuffle(items)
        return items
    return value


def test_the_shipped_file_implies_the_platform() -> None:
    """And whatever somebody has added to it."""
    assert {each.title for each in SHIPPED.kv_namespaces} >= {"AI_EMPLOYEE_LOGS", "REGISTRY"}
    assert {each.name for each in SHIPPED.r2_buckets} >= {"efh-assets", "efh-images", "efh-pages", "efh-private"}
    databases = {"efh-ai", "efh-autopilot-orchestrator", "efh-crm", "efh-payouts"}
    assert {each.name for each in SHIPPED.d1_databases} >= databases
    assert {each.name for each in SHIPPED.workers} >= WORKERS


def test_the_platform_needs_no_secret_of_others_and_two_of_the_five_cron_triggers() -> None:
    ours = [each for each in SHIPPED.workers if each.name in WORKERS]
    secrets = [each for one in ours for each in one.bindings if isinstance(each, SecretBinding)]
    assert {each.name for each in secrets if not each.optional} == {"API_TOKEN", "WEBHOOK_SECRET"}
    assert sum(len(each.crons) for each in ours) == 2


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("efh-private", "EFH_PRIVATE"),
        ("AI_EMPLOYEE_LOGS", "AI_EMPLOYEE_LOGS"),
        ("3d models.v2", "_3D_MODELS_V2"),
        ("stra\u00dfe", "STRA_E"),
    ],
)
def test_binding_names(name: str, bound: str) -> None:
    assert binding_name(name) == bound


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("PR-7-", "namePrefix `PR-7-` is not valid"),
        ("-", "namePrefix `-` is not valid"),
        ("pr_7", "namePrefix `pr_7` is not valid"),
        ("pr-7-\n", "is not valid"),
        ("a" * 60 + "-", "which is not valid: 1 to 63 lower-case letters"),
    ],
)
def test_a_prefix_that_makes_bad_names_is_refused(prefix: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        derived(name_prefix=prefix)


def test_what_a_prefix_makes_too_long_is_told_all_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        derived(name_prefix="p" * 57 + "-")
    assert "the Worker" in caught.value.message
    assert "the bucket" in caught.value.message


def test_a_worker_has_the_compatibility_settings_of_the_file() -> None:
    text = EXAMPLE.replace(
        "ai: true", "compatibilityDate: 2026-11-01\n          compatibilityFlags: [nodejs_compat, a_b]"
    )
    worker = {worker.key: worker for worker in derived(text).workers}["writer"]
    assert (worker.compatibility_date, worker.compatibility_flags) == ("2026-11-01", ("a_b", "nodejs_compat"))


def test_the_database_keeps_its_name_where_the_routing_worker_gets_another_one() -> None:
    text = EXAMPLE.replace("{worker: router}", "{worker: gate, database: router}")
    assert text != EXAMPLE
    assert derived(text).d1_databases == derived().d1_databases


def test_a_chosen_name_is_bound_for_who_chose_it_and_the_thing_is_one() -> None:
    desired = derived(
        """
orchestrator: {worker: router, kvNamespaces: [{title: efh-registry, binding: REGISTRY}]}
autopilots:
  - name: one
    worker: one
    capabilities: [a.b]
    needs:
      kvNamespaces: [{title: one-cache, binding: CACHE}]
      r2Buckets: [{name: efh-files, binding: FILES}]
      workers: [{name: one, content: x}]
  - name: two
    worker: two
    capabilities: [a.c]
    needs: {r2Buckets: [efh-files], workers: [{name: two, content: x}]}
"""
    )
    bound = {worker.key: set(worker.bindings) for worker in desired.workers}

    assert {KvBinding(name="CACHE", namespace="one-cache"), R2Binding(name="FILES", bucket="efh-files")} < bound["one"]
    assert R2Binding(name="EFH_FILES", bucket="efh-files") in bound["two"]
    assert KvBinding(name="REGISTRY", namespace="efh-registry") in bound["router"]
    assert [bucket.name for bucket in desired.r2_buckets] == ["efh-files"]
