"""The Workers of these tests: the routing Worker as it is deployed, in several configurations, over a table of its own;
a test autopilot; and a Worker that runs the corpora. One workerd for all of them, told apart by host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.bundle.admin_page import DOCUMENTS, write_documents
from orchestrator.bundle.modules import bundle, router_data, router_documents
from orchestrator.catalog import Entry, load_catalog
from orchestrator.desired.workers import ROUTER_FLAGS
from orchestrator.dispatch.signature import secret_of
from orchestrator.names import binding_name
from orchestrator.routing.table import Resources, Route, RoutingTable, TaskRule
from tests.support.project import ROOT
from tests.support.workerd import Running, running_workerd, workerd

SHORT_TOKENS = "correct horse battery staple"
SHOP_TOKEN = "token-of-the-shop-0123456789abcdef"
TOKEN, OLD_TOKEN = "token-of-the-tests-0123456789abcdef", "token-before-the-rotation-0123456789abcdef"
AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0cw=="
OLD_SECRET = "whsec_dGhlIHNlY3JldCBiZWZvcmUgaXQgd2FzIHJvdGF0ZWQ="
PARTNER = "partner.example.com"

TABLE = RoutingTable(
    autopilots=(
        Route(name="closed", capabilities=("closed.run",), endpoint="http://127.0.0.1:1/"),
        Route(
            name="echo",
            capabilities=("echo.run", "echo.other", "echo.pay", "echo.checked"),
            worker="efh-echo",
            binding="EFH_ECHO",
        ),
        Route(name="faulty", capabilities=("faulty.run",), endpoint=f"https://{PARTNER}/faulty"),
        Route(name="flaky", capabilities=("flaky.run",), endpoint=f"https://{PARTNER}/flaky"),
        Route(name="foreign", capabilities=("foreign.run",), endpoint="https://elsewhere.example.org/"),
        Route(name="gone", capabilities=("gone.run",), worker="efh-gone", binding="EFH_GONE"),
        Route(name="partner", capabilities=("partner.run",), endpoint=f"https://{PARTNER}/hook?from=efh"),
        Route(name="private", capabilities=("private.run",), endpoint="https://169.254.169.254/latest"),
        Route(name="shaky", capabilities=("shared.run",), priority=1, endpoint="http://127.0.0.1:1/"),
        Route(name="spare", capabilities=("shared.run",), worker="efh-echo", binding="EFH_ECHO"),
    ),
    tasks={
        "echo": TaskRule(capability="echo.run", description="Answer what was sent"),
        "echo_soon": TaskRule(capability="echo.run", timeout_ms=300),
        "echo_soon_again": TaskRule(capability="echo.run", timeout_ms=300, idempotent=True),
        "echo_again": TaskRule(capability="echo.run", timeout_ms=5_000, idempotent=True),
        "ask_partner_again": TaskRule(capability="partner.run", timeout_ms=5_000, idempotent=True),
        "echo_stream": TaskRule(capability="echo.run", stream=True, idempotent=True),
        "echo_stream_soon": TaskRule(capability="echo.run", stream=True, timeout_ms=600),
        "partner_stream": TaskRule(capability="partner.run", stream=True),
        "ask_partner": TaskRule(capability="partner.run"),
        "pay": TaskRule(capability="echo.pay", once=True),
        "check": TaskRule(capability="echo.checked"),
        "check_once": TaskRule(capability="echo.checked", once=True),
        "pay_odd": TaskRule(capability="odd.pay", once=True),
    },
    allowed_origins=("http://localhost:5173", "https://admin.example.com"),
    allowed_hosts=(PARTNER, "169.254.169.254", "127.0.0.1", "router.example.net"),
    declared=Resources(kv_namespaces=("LOGS", "REGISTRY"), r2_buckets=("efh-private",), workers=("efh-echo",)),
)

CHECKED = Entry(
    name="echo.checked",
    version="1.2.0",
    title="Echo what fits",
    description="",
    meta={
        "type": "object",
        "required": ["to"],
        "properties": {
            "to": {"type": "string", "format": "email", "maxLength": 20},
            "parts": {"type": "array", "maxItems": 2, "items": {"type": "object", "required": ["a/b"]}},
        },
    },
    result={"type": "object", "required": ["calls"], "properties": {"calls": {"type": "integer", "maximum": 1}}},
)
"""Its entry in the catalogue: what the test autopilot answers to a second call with the same `key` does not fit."""

_SECRETS = {route.name: [secret_of(root, route.name) for root in (OLD_SECRET, SECRET)] for route in TABLE.autopilots}
_CONFIGURED = {"API_TOKEN": TOKEN, "WEBHOOK_SECRET": SECRET, "STAGE": "prod", "BUILD_ID": "build-7"}
_ROUTERS: dict[str, dict[str, str]] = {
    "router": _CONFIGURED,
    "local": _CONFIGURED | {"STAGE": "local"},
    "rotating": _CONFIGURED | {"API_TOKEN": f"{OLD_TOKEN} {TOKEN}", "WEBHOOK_SECRET": f"{OLD_SECRET} {SECRET}"},
    "long-tokens": _CONFIGURED | {"API_TOKEN": f"{'t' * 514} {'t' * 515}"},
    "tokenless": {name: value for name, value in _CONFIGURED.items() if name != "API_TOKEN"},
    "blank": _CONFIGURED | {"API_TOKEN": "  "},
    "unsigned": {name: value for name, value in _CONFIGURED.items() if name != "WEBHOOK_SECRET"},
    "missigned": _CONFIGURED | {"WEBHOOK_SECRET": "hunter2"},
    "one-byte-signed": _CONFIGURED | {"WEBHOOK_SECRET": "whsec_AA=="},
    "half-signed": _CONFIGURED | {"WEBHOOK_SECRET": f"{SECRET} whsec_AA=="},
    "short-tokens": _CONFIGURED | {"API_TOKEN": SHORT_TOKENS},
    "elsewhere": _CONFIGURED,
    "copy": _CONFIGURED,
    "any-request": _CONFIGURED,
    "fresh": _CONFIGURED,
    "fresh-too": _CONFIGURED,
    "journalled": _CONFIGURED | {"API_TOKEN": f"{TOKEN} shop:{SHOP_TOKEN}"},
    "counted": _CONFIGURED,
    "unrecorded": _CONFIGURED,
    "broken": _CONFIGURED | {"DB": "no database", "REGISTRY": "no namespace"},
}
PROBED = frozenset({"any-request", "journalled"})
"""Those whose scheduled run a test may start: no test expects that nothing is known of their autopilots yet."""

# Which records and which copy each has: `elsewhere` is another isolate on those of `router`; `copy` has only its copy.
_STORAGE: dict[str, tuple[str, str]] = {
    "router": ("records", "copy"),
    "elsewhere": ("records", "copy"),
    "copy": ("no-records", "copy"),
    "any-request": ("any-records", "any-copy"),
    "fresh": ("fresh-records", "fresh-copy"),
    "fresh-too": ("fresh-records", "fresh-copy"),
    "local": ("local-records", "local-copy"),
    "journalled": ("journal-records", "journal-copy"),
    "counted": ("counted-records", "counted-copy"),
}


def _storage(name: str) -> dict[str, dict[str, str]]:
    if name not in _STORAGE:
        return {}
    records, copy = _STORAGE[name]
    return {"d1Databases": {"DB": records}, "kvNamespaces": {"REGISTRY": copy}}


def _catalog() -> dict[str, Any]:
    return {name: entry.document() for name, entry in (load_catalog(ROOT) | {CHECKED.name: CHECKED}).items()}


BUILD = Path(".build/router-tests")


def documents() -> dict[str, Any]:
    """What the router hands out as it is, as the binding to its static assets."""
    directory = ROOT / BUILD / "assets"
    write_documents(router_documents(ROOT), directory / DOCUMENTS)
    return {"disk": {"path": str(directory), "writable": False}}


def built() -> dict[str, str]:
    """The modules' paths; made beside those of `make up`, so that neither disturbs the other."""
    modules = bundle(
        sources={
            "router": "router/src/index.ts",
            "autopilot": "tests/support/autopilot_worker.ts",
            "corpus": "tests/support/corpus_worker.ts",
            "records": "tests/support/records_worker.ts",
            "counted": "tests/support/counted_worker.ts",
        },
        contents={},
        data=router_data(TABLE, root=ROOT) | {"catalog": json.dumps(_catalog())},
        root=ROOT,
        build=BUILD,
    )
    return {name: module.path for name, module in modules.items()}


@contextmanager
def running() -> Iterator[str]:
    """Run them all; yields the address at which they are reached, each by its host `<name>.example.net`."""
    paths, assets = built(), documents()
    autopilot = _worker("efh-echo", paths["autopilot"], bindings={"SECRETS": json.dumps(_SECRETS)})
    autopilot["routes"] = ["efh-echo.localhost/*", f"{PARTNER}/*"]
    routers = [
        _worker(
            name,
            paths.get(name, paths["router"]),
            bindings=bindings,
            **_storage(name),
            serviceBindings={binding_name("efh-echo"): "efh-echo"} | ({"ASSETS": assets} if name != "broken" else {}),
            compatibilityFlags=list(ROUTER_FLAGS),
            # What leaves for the internet arrives at the test autopilot, except in the local stack.
            **({} if name == "local" else {"outboundService": "efh-echo"}),
        )
        for name, bindings in _ROUTERS.items()
    ]
    corpus = _worker(
        "corpus",
        paths["corpus"],
        kvNamespaces={"REGISTRY": "copy"},
        d1Databases={"JOURNAL": "journal-records"},
    )
    with workerd([corpus, autopilot, *routers]) as url:
        yield url


@contextmanager
def direct() -> Iterator[Running]:
    """One router, `journalled`, with a socket of its own: it sees at once that a caller has gone, which miniflare's own
    Worker in between does not pass on before something is written."""
    paths = built()
    autopilot = _worker("efh-echo", paths["autopilot"], bindings={"SECRETS": json.dumps(_SECRETS)})
    router = _worker(
        "journalled",
        paths["router"],
        bindings=_ROUTERS["journalled"],
        **_storage("journalled"),
        serviceBindings={binding_name("efh-echo"): "efh-echo"},
        compatibilityFlags=list(ROUTER_FLAGS),
        outboundService="efh-echo",
        unsafeDirectSockets=[{"host": "127.0.0.1", "port": 0}],
    )
    with running_workerd([autopilot, router]) as running:
        yield running


@contextmanager
def isolates(count: int) -> Iterator[str]:
    """Several routers, `isolate-0` and so on, that have one database; `records` answers what is in it."""
    paths = built()
    storage = {"d1Databases": {"DB": "shared-records"}, "kvNamespaces": {"REGISTRY": "shared-copy"}}
    autopilot = _worker("efh-echo", paths["autopilot"], bindings={"SECRETS": json.dumps(_SECRETS)})
    bound = {"serviceBindings": {binding_name("efh-echo"): "efh-echo"}, "outboundService": "efh-echo"}
    routers = [
        _worker(f"isolate-{number}", paths["router"], bindings=_CONFIGURED, **storage, **bound)
        for number in range(count)
    ]
    with workerd([autopilot, _worker("records", paths["records"], **storage), *routers]) as url:
        yield url


def _worker(name: str, path: str, **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "modules": True,
        "scriptPath": path,
        "compatibilityDate": "2026-07-01",
        "routes": [f"{name}.example.net/*", f"{name}.localhost/*"],
        **options,
    }
