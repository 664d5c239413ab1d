"""The routing Worker and what it forwards to, in one workerd, each with a socket of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.bundle.modules import bundle, module_sizes, router_data
from orchestrator.desired.workers import ROUTER_FLAGS
from orchestrator.routing.table import RoutingTable
from tests.support.project import ROOT
from tests.support.workerd import Running, running_workerd

TOKEN = "token-of-the-benchmark-0123456789abcdef"  # noqa: S105 - of a router that lives as long as the benchmark
AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}
BUILD = Path(".build/bench")
PLAN = "/autopilot/plan"
SETTINGS = {
    "API_TOKEN": TOKEN,
    "WEBHOOK_SECRET": "whsec_dGhlIHNlY3JldCBvZiB0aGUgYmVuY2htYXJr",
    "STAGE": "bench",
    "BUILD_ID": "bench",
}


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """`running` has the addresses; `router_bytes` is the size of the router's script after gzip."""

    running: Running
    router_bytes: int


@contextmanager
def fleet(
    table: RoutingTable, autopilots: Mapping[str, Mapping[str, str]], *, forwarder_to: str = ""
) -> Iterator[Fleet]:
    """Run the router with `table`, and `autopilots` by name with their variables; `forwarder_to` names the one that a
    Worker of ten lines and two made with Hono forward to, if they are to be there. What they log is in
    .build/bench/workers.log."""
    sources = {"router": "router/src/index.ts", "autopilot": "bench/workers/autopilot.ts"}
    others = {"forwarder": "forwarder", "hono": "hono_bare", "hono-duties": "hono_duties"} if forwarder_to else {}
    sources |= {name: f"bench/workers/{source}.ts" for name, source in others.items()}
    data = router_data(table, root=ROOT)
    modules = bundle(sources=sources, contents={}, data=data, root=ROOT, build=BUILD)
    bound = {str(route.binding): route.worker for route in table.autopilots}
    storage = {"d1Databases": {"DB": "records"}, "kvNamespaces": {"REGISTRY": "copy"}}
    router = {"serviceBindings": bound, "bindings": SETTINGS, "compatibilityFlags": list(ROUTER_FLAGS), **storage}
    workers = [worker("router", modules["router"].path, **router)]
    workers += [worker(name, modules["autopilot"].path, bindings=given) for name, given in autopilots.items()]
    for name in others:
        to = {"AUTOPILOT": forwarder_to}
        workers.append(worker(name, modules[name].path, serviceBindings=to, bindings=SETTINGS))
    with (ROOT / BUILD / "workers.log").open("w") as log, running_workerd(workers, log=log) as running:
        yield Fleet(running=running, router_bytes=module_sizes(modules, root=ROOT)["router"].compressed)


def worker(name: str, path: str, **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "modules": True,
        "scriptPath": path,
        "compatibilityDate": "2026-07-01",
        "unsafeDirectSockets": [{"host": "127.0.0.1", "port": 0}],
        **options,
    }
