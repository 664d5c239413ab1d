"""The routing table: what a manifest compiles to, and its JSON. The decision has a corpus, in tests/twins."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from orchestrator.manifest import parse
from orchestrator.routing.compile import compile_routes
from orchestrator.routing.table import Resources, Route, RoutingTable, TaskRule

MANIFEST: dict[str, Any] = {
    "orchestrator": {"worker": "efh-orchestrator", "allowedHosts": ["*.example.com", "api.example.com"]},
    "autopilots": [
        {
            "name": "stylist",
            "worker": "efh-ai-stylist",
            "capabilities": ["web.pages.generate", "web.asset.generate"],
            "priority": 5,
            "weight": 20,
            "needs": {
                "kvNamespaces": ["STYLES"],
                "r2Buckets": ["efh-images", "efh-assets"],
                "workers": [{"name": "efh-ai-stylist", "content": "export default {}"}],
            },
        },
        {"name": "deployer", "endpoint": "https://api.example.com/run", "capabilities": ["web.pages.deploy"]},
    ],
    "tasks": {
        "generate_page": {"capability": "web.pages.generate", "description": "A page", "timeout": 60},
        "deploy_page": {"capability": "web.pages.deploy", "idempotent": True},
        "pay": {"capability": "web.asset.generate", "once": True},
    },
}


def compiled(manifest: dict[str, Any]) -> RoutingTable:
    return compile_routes(parse(yaml.safe_dump(manifest, sort_keys=False)))


def test_a_manifest_compiles_to_its_autopilots_and_tasks() -> None:
    table = compiled(MANIFEST)

    assert table == RoutingTable(
        autopilots=(
            Route(name="deployer", capabilities=("web.pages.deploy",), endpoint="https://api.example.com/run"),
            Route(
                name="stylist",
                capabilities=("web.asset.generate", "web.pages.generate"),
                priority=5,
                weight=20,
                worker="efh-ai-stylist",
                binding="EFH_AI_STYLIST",
                needs=Resources(
                    kv_namespaces=("STYLES",),
                    r2_buckets=("efh-assets", "efh-images"),
                    workers=("efh-ai-stylist",),
                ),
            ),
        ),
        tasks={
            "deploy_page": TaskRule(capability="web.pages.deploy", idempotent=True),
            "generate_page": TaskRule(capability="web.pages.generate", description="A page", timeout_ms=60_000),
            "pay": TaskRule(capability="web.asset.generate", once=True),
        },
        allowed_hosts=("*.example.com", "api.example.com"),
        declared=Resources(
            kv_namespaces=("REGISTRY", "STYLES"),
            r2_buckets=("efh-assets", "efh-images"),
            workers=("efh-ai-stylist", "efh-orchestrator"),
        ),
    )


def test_its_json_has_the_keys_that_the_worker_reads() -> None:
    table = json.loads(compiled(MANIFEST).to_json())

    assert table["autopilots"][0] == {
        "name": "deployer",
        "capabilities": ["web.pages.deploy"],
        "priority": 0,
        "weight": 1,
        "endpoint": "https://api.example.com/run",
        "worker": None,
        "binding": None,
        "needs": {"kvNamespaces": [], "r2Buckets": [], "d1Databases": [], "workers": []},
    }
    assert table["autopilots"][1]["needs"] == {
        "kvNamespaces": ["STYLES"],
        "r2Buckets": ["efh-assets", "efh-images"],
        "d1Databases": [],
        "workers": ["efh-ai-stylist"],
    }
    assert table["tasks"]["generate_page"] == {
        "capability": "web.pages.generate",
        "description": "A page",
        "once": False,
        "idempotent": False,
        "stream": False,
        "timeoutMs": 60_000,
    }
    assert table["allowedHosts"] == ["*.example.com", "api.example.com"]
    assert table["declared"] == {
        "kvNamespaces": ["REGISTRY", "STYLES"],
        "r2Buckets": ["efh-assets", "efh-images"],
        "d1Databases": [],
        "workers": ["efh-ai-stylist", "efh-orchestrator"],
    }


@pytest.mark.parametrize(("cron", "minutes"), [("*/15 * * * *", 15), ("7,50 * * * *", 43), ("0 6 * * *", 24 * 60)])
def test_it_says_how_long_the_cron_pauses_at_most(cron: str, minutes: int) -> None:
    table = compiled({**MANIFEST, "orchestrator": {"worker": "efh-orchestrator", "cron": cron}})

    assert table.cron_period_ms == minutes * 60_000
    assert json.loads(table.to_json())["cronPeriodMs"] == minutes * 60_000


def test_json_and_back_is_the_same_table() -> None:
    table = compiled(MANIFEST)

    assert RoutingTable.from_json(table.to_json()) == table


def test_the_order_of_the_file_does_not_show() -> None:
    reordered = {
        "tasks": dict(reversed(MANIFEST["tasks"].items())),
        "autopilots": [
            {**autopilot, "capabilities": autopilot["capabilities"][::-1]} for autopilot in MANIFEST["autopilots"][::-1]
        ],
        "orchestrator": {
            **MANIFEST["orchestrator"],
            "allowedHosts": MANIFEST["orchestrator"]["allowedHosts"][::-1],
        },
    }

    assert compiled(reordered).to_json() == compiled(MANIFEST).to_json()
